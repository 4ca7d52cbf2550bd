// Compiles a consumer of the packed package with every check of libraries on, under each way of finding modules, in a folder that
// has the dependencies of the package but none of its optional peers; then one of the matchers, beside vitest, and runs its test.
// Ends with 1 and what was said where one fails.
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
import { runWorker, streamAssets, submitAssets } from "tessera-sdk/pipeline";
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
  console.log(runWorker, streamAssets, submitAssets);
  return usage;
}
function tell(event: ImageEvent): void {
  if (event.type === "tokens-accept") console.log(event.done / event.total);
}
`;

const MATCHERS = `
import { generateImage } from "tessera-sdk";
import "tessera-sdk/testing";
import { expect, test } from "vitest";

test("a picture is its golden", { timeout: 120_000 }, async () => {
  const { images } = await generateImage({ prompt: "red apple", seed: 7 });
  await expect(images[0]).toMatchImage({ name: "apple" });
  await expect(images[0]).toMatchTokens("apple");
});
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
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const done = (name, success, args) => {
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8", cwd: folder });
    console.log(`${name.padEnd(10)} ${status === 0 ? success : "fails"}`);
    if (status !== 0) console.log(stdout);
    if (status !== 0) process.exitCode = 1;
  };
  const compiled = (name, file, more) => {
    const compilerOptions = {
      ...{ target: "es2022", lib: ["es2023", "esnext.disposable"], types: ["node"], noEmit: true, strict: true },
      ...more,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [file] }));
    done(name, "compiles", [tsc, "-p", folder]);
  };
  for (const [name, resolution] of Object.entries(RESOLUTIONS))
    compiled(name, "consumer.ts", { ...resolution, skipLibCheck: false });
  symlinkSync(join(root, "node_modules/vitest"), join(modules, "vitest"));
  writeFileSync(join(folder, "matchers.test.ts"), MATCHERS);
  // The types of vitest itself do not pass every check.
  compiled("testing", "matchers.test.ts", { ...RESOLUTIONS.nodenext, skipLibCheck: true });
  const vitest = [join(root, "node_modules/vitest/vitest.mjs"), "run", "--root", folder];
  done("testing", "writes its goldens", [...vitest, "-u"]);
  done("testing", "matches them", vitest);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
