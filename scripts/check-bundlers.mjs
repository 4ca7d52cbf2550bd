// Bundles examples/bundlers/server.ts by esbuild and Vite, with the package left as it is and inlined, runs each bundle where the packed
// package is installed, and asks it for a picture. Ends with 1 where one fails or draws another picture than the others.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { askedPicture } from "./asked-picture.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tessera-bundlers-"));
const bin = (name) => join(root, "node_modules/.bin", name);

const esbuild = (...more) => [
  bin("esbuild"),
  ["server.ts", "--bundle", "--platform=node", "--format=esm", "--target=node20", "--log-level=warning", ...more],
];
const natives = ["--external:onnxruntime-node", "--external:sharp"];
// Packages of CommonJS inside of an ES module still call require.
const banner =
  "--banner:js=import { createRequire as requires } from 'node:module'; const require = requires(import.meta.url);";

const BUILDS = {
  "esbuild, packages external": (out) => esbuild("--packages=external", `--outfile=${out}/server.mjs`),
  "esbuild, all in one": (out) => esbuild(...natives, banner, `--outfile=${out}/server.mjs`),
  "vite ssr": (out) => [bin("vite"), ["build"], { OUT: out }],
  "vite ssr, noExternal": (out) => [bin("vite"), ["build"], { OUT: out, INLINED: "1" }],
};

function install() {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "tessera-sdk"), { recursive: true });
  const pack = ["pack", root, "--ignore-scripts", "--json", "--pack-destination", folder];
  const options = { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
  const [{ filename }] = JSON.parse(execFileSync("npm", pack, options));
  execFileSync("tar", ["xzf", join(folder, filename), "--strip-components=1", "-C", join(modules, "tessera-sdk")]);
  for (const name of [...Object.keys(dependencies), "vite"]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  for (const file of ["server.ts", "vite.config.js"]) cpSync(join(root, "examples/bundlers", file), join(folder, file));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "an-app", version: "9.9.9", type: "module" }));
}

/** The SHA-256 of the picture that a bundle answers, and the version of the package that it takes itself for. */
async function picture(file) {
  const { sha256, headers } = await askedPicture([file], { cwd: folder, ready: "listening" });
  return `${sha256.slice(0, 12)} ${headers.get("x-tessera")}`;
}

try {
  install();
  const pictures = new Set();
  for (const [name, build] of Object.entries(BUILDS)) {
    const out = join(folder, name.replaceAll(/\W+/g, "-"));
    const [program, words, env] = build(out);
    const { status, stderr } = spawnSync(program, words, {
      cwd: folder,
      env: { ...process.env, ...env },
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${name} does not build:\n${stderr}`);
    const file = ["server.mjs", "server.js"]
      .map((each) => join(out, each))
      .find((path) => spawnSync("test", ["-f", path]).status === 0);
    const found = await picture(file);
    console.log(`${name.padEnd(28)} ${found}`);
    pictures.add(found);
  }
  if (pictures.size !== 1) throw new Error("The pictures differ.");
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
