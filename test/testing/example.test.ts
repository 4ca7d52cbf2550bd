/** examples/testing as a user runs it: goldens are written at first, and met under CI. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { installProject } from "../support/installed-project.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const folder = temporaryFolder();
beforeAll(() => installProject("examples/testing", folder));

function run(env: Readonly<Record<string, string>>): void {
  const { CI: _, ...outer } = process.env;
  const main = join(folder, "node_modules/vitest/vitest.mjs");
  const options = { cwd: folder, encoding: "utf8", env: { ...outer, ...env } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "run"], options);
  expect(status, stdout + stderr).toBe(0);
}

test("the example writes its goldens, and meets them under CI", { timeout: 300_000 }, () => {
  run({});
  expect(readdirSync(join(folder, "__tessera__/icons.test.ts")).sort()).toEqual([
    ...["a-red-apple-1.ids", "a-red-apple-1.ids.json", "a-red-apple-2.png", "a-red-apple-2.png.json"],
  ]);
  run({ CI: "true" });
});
