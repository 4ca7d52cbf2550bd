/** A program may be given to Node in every way that Node has. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

const { href } = new URL("../../../dist/engine/index.js", import.meta.url);
const PROGRAM = `
const { openEngine } = await import(${JSON.stringify(href)});
const engine = await openEngine({ device: "cpu" });
console.log(engine.device.name);
await engine.close();
`;

test.each([
  [["--input-type=module", "-e", PROGRAM], ""],
  [["--input-type", "module", "--eval", PROGRAM], ""],
  [["-e", `(async () => {${PROGRAM}})()`], ""],
  [["--input-type=module", "-"], PROGRAM],
])("%#", (words, input) => {
  const { stdout, stderr } = spawnSync(process.execPath, words, { input, encoding: "utf8" });
  expect({ stdout, stderr }).toEqual({ stdout: "onnx-cpu\n", stderr: "" });
});
