/** What the README shows, runs: every ```ts block as it stands, and every command that needs no file of somebody else. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "./support/temporary-folder.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, text]) => text!);

const entry = (part: string) => JSON.stringify(pathToFileURL(join(root, "dist", part, "index.js")).href);
const command = join(root, "dist/cli/main.js");
const folder = temporaryFolder();

/** The one file that a reader brings: a mask of the lower half. The picture that it goes with is of the first block. */
beforeAll(async () => {
  const white = Uint8Array.from({ length: 128 ** 2 }, (_, i) => (i >= 64 * 128 ? 255 : 0));
  await sharp(white, { raw: { width: 128, height: 128, channels: 1 } }).toFile(join(folder, "mask.png"));
});

function run(...args: readonly string[]): string {
  const child = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", timeout: 120_000 });
  expect(child.status, child.stderr).toBe(0);
  return child.stdout;
}

test.each(blocks("ts").map((code, i) => [i, code] as const))("block %i runs", { timeout: 120_000 }, (i, code) => {
  const file = join(folder, `block-${i}.mjs`);
  writeFileSync(
    file,
    code.replaceAll(/"tessera-sdk\/?(\w*)"/g, (_, part: string) => entry(part)),
  );
  run(file);
  expect(readdirSync(folder).some((name) => name.endsWith(".png") && name !== "mask.png")).toBe(true);
});

/** In order, since `verify` reads what `image` wrote. */
test("the commands run", { timeout: 300_000 }, () => {
  const lines = blocks("bash")
    .flatMap((text) => text.split("\n"))
    .map((line) => line.replace(/\s+#.*$/, ""))
    .filter((line) => line.startsWith("npx tessera ") && !/\.pt\b/.test(line));
  expect(lines.length).toBeGreaterThanOrEqual(4);
  for (const line of lines) {
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
    run(command, ...words.slice(2));
  }
});

test("the scripts that the README names exist", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const named = [...readme.matchAll(/npm (?:run )?(test|demo|bench|golden|check)\b/g)].map(([, name]) => name!);
  for (const name of named) expect(scripts).toHaveProperty(name);
});
