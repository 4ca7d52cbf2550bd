// Compiles a consumer of the packed package with every check of libraries on, under each way of finding modules, in a folder that
// has the dependencies of the package but none of its optional peers. Ends with 1 and what the compiler says where one fails.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tessera-consumer-"));

const CONSUMER = `
import { generateImage, type ImageEvent, loadImageModel, streamImage, TesseraError, type Usage } from "tessera-sdk";
import { decode, jacobi, openModel, openSession, sampler, strategyOf } from "tessera-sdk/core";
import { type Engine, GraphBuilder, openCheckpoint, openEngine, opsOf } from "tessera-sdk/engine";
import { loadTextTokenizer, openVqTokenizer } from "tessera-sdk/tokenizers";

export async function draw(prompt: string): Promise<Usage> {
  const engine: Engine = await openEngine({ device: "cpu" });
  const model = await loadImageModel("tessera-icons", { engine });
  const { images, usage } = await generateImage({ model, prompt, n: 2 });
  const done: readonly string[] = await images[0]!.save("a.png", { manifest: true });
  for await (const event of streamImage({ model, prompt })) tell(event);
  console.log(done.length, opsOf(new GraphBuilder("g")), jacobi, decode, openModel, openSession, sampler, strategyOf);
  console.log(openCheckpoint, loadTextTokenizer, openVqTokenizer, TesseraError);
  return usage;
}
function tell(event: ImageEvent): void {
  if (event.type === "tokens-accept") console.log(event.done / event.total);
}
`;

/** Compiler options by how modules are found. */
const RESOLUTIONS = {
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  node16: { module: "node16", moduleResolution: "node16" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
  node10: { module: "esnext", moduleResolution: "node10", ignoreDeprecations: "6.0" },
};

try {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "tessera-sdk"), { recursive: true });
  const pack = ["pack", root, "--ignore-scripts", "--json", "--pack-destination", folder];
  const [{ filename }] = JSON.parse(
    execFileSync("npm", pack, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
  );
  execFileSync("tar", ["xzf", join(folder, filename), "--strip-components=1", "-C", join(modules, "tessera-sdk")]);
  for (const name of [...Object.keys(dependencies), "@types/node", "undici-types"]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(folder, "consumer.ts"), CONSUMER);
  for (const [name, resolution] of Object.entries(RESOLUTIONS)) {
    const compilerOptions = {
      ...{ target: "es2022", lib: ["es2023", "esnext.disposable"], types: ["node"], noEmit: true },
      ...{ strict: true, skipLibCheck: false },
      ...resolution,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    console.log(`${name.padEnd(10)} ${status === 0 ? "compiles" : "fails"}`);
    if (status !== 0) console.log(stdout);
    if (status !== 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
