/** Importing the package loads no library that only some runs need: each of these costs more than a tenth of the whole. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** Prints which packages were loaded, as CommonJS or as modules. */
const LOADED = `
  import { register } from "node:module";
  import { MessageChannel } from "node:worker_threads";
  const { port1, port2 } = new MessageChannel();
  const urls = [];
  port1.on("message", (url) => urls.push(url)).unref();
  const hooks = "let port; export const initialize = (given) => { port = given; };" +
    "export const load = (url, context, next) => { port.postMessage(url); return next(url, context); };";
  register("data:text/javascript," + encodeURIComponent(hooks), { parentURL: import.meta.url, data: port2, transferList: [port2] });
  await import(process.argv[1]);
  await new Promise((done) => setTimeout(done, 100));
  const names = urls.flatMap((url) => url.match(/node_modules\\/((?:@[^/]+\\/)?[^/]+)/)?.[1] ?? []);
  console.log(JSON.stringify({ modules: urls.length, packages: [...new Set(names)] }));
`;

test("sharp, glTF-Transform, the engine of templates and the runtimes wait until they are needed", async () => {
  const entry = new URL("../dist/index.js", import.meta.url).href;
  const words = ["--input-type=module", "--no-warnings", "-e", LOADED, entry];
  const { stdout } = await promisify(execFile)(process.execPath, words, {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
  });
  const { modules, packages }: { modules: number; packages: readonly string[] } = JSON.parse(stdout);
  expect(modules).toBeGreaterThan(100);
  for (const name of ["sharp", "@gltf-transform/core", "@huggingface/jinja", "onnxruntime-node", "zod"])
    expect(packages).not.toContain(name);
});
