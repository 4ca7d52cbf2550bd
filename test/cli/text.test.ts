/** `tessera text`, as users run it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.js";
import { commandIn } from "../support/tessera-command.js";
import { writeTinyTextModel } from "../support/tiny-text-model.js";

const folder = temporaryFolder();
const tessera = commandIn(folder);
const text = (...words: string[]) => tessera("text", "model", ...words, "--threads", "1", "--device", "cpu");
beforeAll(() => writeTinyTextModel(join(folder, "model")));

const CHOICE = ["--choice", "red", "--choice", "green", "--choice", "blue"];

test("prints the text while it is written, and how fast on standard error", async () => {
  const { code, stdout, stderr } = await text("hello", ...CHOICE, "--seed", "3");
  expect(stdout).toMatch(/^(red|green|blue)\n$/);
  expect(stderr).toMatch(/^model on onnx-cpu\n1 in [\d.]+ s, \d+ tokens \([\d.]+ per second\), \d+ passes, seed 3\n$/);
  expect(code).toBe(0);
  expect((await text("hello", ...CHOICE, "--seed", "3", "--quiet")).stdout).toBe(stdout);
});

test("several texts are numbered; --json is one object and nothing else", async () => {
  const words = ["hello", "--n", "3", "--seed", "4", "--max-tokens", "6"];
  const numbered = await text(...words, "--regex", "[a-z]{2}");
  expect(numbered.stdout).toMatch(/^(\[\d\] [a-z]{2}\n){3}$/);
  expect(numbered.stdout.match(/\[\d\]/g)!.sort()).toEqual(["[0]", "[1]", "[2]"]);
  const { stdout, stderr } = await text(...words, "--regex", "[a-z]{2}", "--json");
  expect(stderr).toBe("");
  const told = JSON.parse(stdout) as { texts: { text: string; index: number; finishReason: string }[] };
  expect(told).toMatchObject({ seed: 4, model: { name: "model" }, usage: { inputTokens: expect.any(Number) } });
  expect(told.texts.map(({ text, index }) => `[${index}] ${text}`).sort()).toEqual(
    numbered.stdout.trimEnd().split("\n").sort(),
  );
});

test("answers in a conversation, or goes on from the text as it is; guided, away from something else", async () => {
  const all = ["hello", "--max-tokens", "12", "--quiet", "--seed", "1"];
  const variants = [[], ["--raw"], ["--system", "be kind"], ["--guidance", "4", "--negative-prompt", "be kind"]];
  const outputs = await Promise.all(variants.map((words) => text(...all, ...words)));
  expect(outputs.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  expect(new Set(outputs.map(({ stdout }) => stdout)).size).toBe(4);
});

test("a schema is read from its file; every order writes the same text", async () => {
  await writeFile(join(folder, "schema.json"), JSON.stringify({ type: "array", items: { enum: [1, 2] }, maxItems: 3 }));
  const words = ["list", "--json-schema", "schema.json", "--max-tokens", "40", "--quiet"];
  const [plain, ...others] = await Promise.all(
    ["next-token", "jacobi", "prompt-lookup"].map((order) => text(...words, "--decoding", order)),
  );
  expect(JSON.parse(plain!.stdout)).toBeInstanceOf(Array);
  expect(others.map(({ stdout }) => stdout)).toEqual([plain!.stdout, plain!.stdout]);
});

test.each<readonly [string, readonly string[], RegExp]>([
  ["a folder that is not there", ["none", "hello"], /none/],
  ["an order of pictures", ["model", "hello", "--decoding", "next-scale"], /next-token, jacobi, prompt-lookup/],
  ["a negative prompt without guidance", ["model", "hello", "--negative-prompt", "x"], /guidance above 1/],
  ["a schema that is not there", ["model", "hello", "--json-schema", "none.json"], /none\.json.*not found/],
  ["a schema that is no JSON", ["model", "hello", "--json-schema", "model/model.safetensors"], /not JSON/],
])("%s ends with 2 and says why", async (_, words, message) => {
  const { code, stderr, stdout } = await tessera("text", ...words, "--device", "cpu");
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/\n +at /);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});
