// What the package costs a user: node bench/install.mjs. Packs it, installs it into an empty project as the README says, draws a picture by the
// command, and prints the sizes and the seconds from the beginning of the install to the file. What npm's cache holds is not downloaded again.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tessera-install-"));
const project = join(folder, "project");
const modules = join(project, "node_modules");
const run = (program, ...words) =>
  execFileSync(program, words, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
/** Bytes of the files below a folder, in millions. */
const millions = (path) => {
  const files = readdirSync(path, { recursive: true }).map((name) => statSync(join(path, name)));
  return (files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0) / 1e6).toFixed(1);
};

try {
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "a-project", private: true }));
  const [packed] = JSON.parse(run("npm", "pack", root, "--ignore-scripts", "--json", "--pack-destination", folder));
  console.log(`tarball: ${(packed.size / 1e6).toFixed(1)} MB, ${packed.entryCount} files`);

  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
  run("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", join(folder, packed.filename));
  const installed = seconds();
  run("npx", "--no-install", "tessera", "image", "red apple", "--seed", "7", "-o", "apple.png");
  if (!existsSync(join(project, "apple.png"))) throw new Error("There is no picture.");
  const drawn = seconds();

  console.log(`node_modules: ${millions(modules)} MB`);
  for (const name of ["onnxruntime-node", "tessera-sdk", "@img"]) console.log(`  ${name}: ${millions(join(modules, name))} MB`);
  const others = join(modules, "onnxruntime-node/bin/napi-v6");
  const own = join(others, process.platform, process.arch);
  console.log(`  of onnxruntime-node, for other systems: ${(millions(others) - millions(own)).toFixed(1)} MB`);
  console.log(`installed after ${installed} s, the first picture after ${drawn} s`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
