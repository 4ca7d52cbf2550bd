// Builds examples/bundlers/next by Next 15 in a folder of its own, into which the packed package and Next are installed from npm, and asks for a
// picture: by `next start`, and from the standalone build, moved to where nothing else is. Prints what it takes. Ends with 1 where a build or
// an answer fails, or the pictures are not those of Node alone.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { askedPicture } from "./asked-picture.mjs";

const NEXT = ["next@15", "react@19", "react-dom@19", "typescript@5", "@types/node@20", "@types/react@19"];
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tessera-next-"));
const app = join(folder, "app");
const ALONE = `
import { createHash } from "node:crypto";
import { generateImage } from "tessera-sdk";
const { images } = await generateImage({ prompt: "red apple", seed: 7 });
console.log(createHash("sha256").update(images[0].bytes).digest("hex"));
`;

/** What a program of npm prints, in the folder of the app. */
const run = (program, ...words) =>
  execFileSync(program, words, {
    ...{ cwd: app, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" },
  });
const megabytes = (path) => {
  const files = readdirSync(path, { recursive: true }).map((name) => statSync(join(path, name)));
  return Math.round(files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0) / 2 ** 20);
};

try {
  cpSync(join(root, "examples/bundlers/next"), app, { recursive: true });
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "an-app", version: "9.9.9", private: true }));
  const [{ filename }] = JSON.parse(
    run("npm", "pack", root, "--ignore-scripts", "--json", "--pack-destination", folder),
  );
  run("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", join(folder, filename), ...NEXT);
  run(process.execPath, join(app, "node_modules/next/dist/bin/next"), "build");
  const standalone = join(folder, "standalone");
  renameSync(join(app, ".next/standalone"), standalone);

  const pictures = new Map([["node alone", run(process.execPath, "--input-type=module", "-e", ALONE).trim()]]);
  const started = { cwd: app, ready: "Ready", env: { HOSTNAME: "127.0.0.1" } };
  const next = join(app, "node_modules/next/dist/bin/next");
  pictures.set("next start", (await askedPicture([next, "start", "-H", "127.0.0.1"], started)).sha256);
  rmSync(app, { recursive: true }); // so that a standalone build finds nothing there
  pictures.set("standalone", (await askedPicture(["server.js"], { ...started, cwd: standalone })).sha256);
  for (const [name, sha256] of pictures) console.log(`${name.padEnd(12)} ${sha256.slice(0, 12)}`);
  console.log(`the standalone build: ${megabytes(standalone)} MB`);
  if (new Set(pictures.values()).size !== 1) throw new Error("The pictures differ.");
} catch (error) {
  console.error(error.message, error.stdout ?? "", error.stderr ?? "");
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
