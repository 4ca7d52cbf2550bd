/** What CONTRIBUTING.md says of the tree is true: every path that it names exists, and its sizes hold. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const text = readFileSync(`${root}CONTRIBUTING.md`, "utf8");
const lines = (path: string) =>
  readFileSync(root + path, "utf8")
    .trimEnd()
    .split("\n").length;

test("the files and folders that it names exist", () => {
  const paths = [...text.matchAll(/`((?:src|test|training)\/[\w./-]+)`/g)].map(([, path]) => path!);
  expect(paths.length).toBeGreaterThan(20);
  for (const path of paths) expect(existsSync(root + path), path).toBe(true);
});

test("a strategy of groups fits in few lines, and an architecture in few files", () => {
  for (const strategy of ["next-token", "next-neighbor", "parallel-regions"])
    expect(lines(`src/core/decode/${strategy}.ts`), strategy).toBeLessThanOrEqual(60);
  for (const file of ["config", "graph", "architecture"])
    expect(existsSync(`${root}src/core/gpt2/${file}.ts`)).toBe(true);
});
