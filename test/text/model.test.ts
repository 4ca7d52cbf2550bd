/** Folders of text models: what is missing or wrong in them is said by name. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import {
  ArgumentError,
  InputError,
  TemplateError,
  TesseraError,
  TokenizerError,
  UnknownNameError,
  WeightsError,
} from "../../src/base/errors.js";
import { TEXT_MODEL_TYPES } from "../../src/models/text-config.js";
import { generateText } from "../../src/text/generate-text.js";
import { loadTextModel } from "../../src/text/model.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { changeJson, writeTinyTextModel } from "../support/tiny-text-model.js";

const root = temporaryFolder();
let count = 0;
let folder = "";
beforeEach(async () => {
  folder = await writeTinyTextModel(join(root, `model-${count++}`));
});

const load = () => loadTextModel(folder, { device: "reference" });

test("a folder says how its model is sampled and where its texts end", async () => {
  await changeJson(folder, "generation_config.json", {
    temperature: 0.7,
    top_k: 20,
    top_p: 0.8,
    eos_token_id: [0, 5],
    max_new_tokens: 7,
  });
  await using model = await load();
  expect(model.defaults).toEqual({
    guidance: 1,
    temperature: 0.7,
    topK: 20,
    topP: 0.8,
    minP: 0,
    repetitionPenalty: 1,
    maxOutputTokens: 7,
  });
  expect(model.ends).toEqual([0, 5]);
  expect(Object.keys(model.sha256).sort()).toEqual(["config.json", "model.safetensors", "tokenizer.json"]);
  const { texts } = await generateText({ model, prompt: "a" });
  expect(texts[0]!.ids.length).toBeLessThanOrEqual(7);
});

test("greedy where the folder says that nothing is drawn", async () => {
  await changeJson(folder, "generation_config.json", { do_sample: false });
  await using model = await load();
  expect(model.defaults.temperature).toBe(0);
});

test("a folder can be named instead of loaded", async () => {
  const { text } = await generateText({ model: folder, prompt: "a", maxOutputTokens: 3 });
  expect(text).toBeTypeOf("string");
});

describe("what is missing or wrong is said by name", () => {
  test.each<[string, (folder: string) => Promise<unknown>, new (...args: never[]) => TesseraError, RegExp]>([
    ["no folder", (f) => rm(f, { recursive: true }), InputError, /config\.json/],
    ["no weights", (f) => rm(join(f, "model.safetensors")), InputError, /model\.safetensors/],
    ["no tokenizer", (f) => rm(join(f, "tokenizer.json")), TokenizerError, /tokenizer\.json/],
    ["config.json that is no JSON", (f) => writeFile(join(f, "config.json"), "{"), InputError, /not JSON/],
    [
      "an unknown architecture",
      (f) => changeJson(f, "config.json", { model_type: "mamba" }),
      UnknownNameError,
      /mamba[\s\S]*qwen2/,
    ],
    [
      "a size that cannot be",
      (f) => changeJson(f, "config.json", { num_attention_heads: 0 }),
      ArgumentError,
      /num_attention_heads/,
    ],
    [
      "key heads that do not divide",
      (f) => changeJson(f, "config.json", { num_key_value_heads: 3 }),
      ArgumentError,
      /num_key_value_heads/,
    ],
    [
      "a stretching that is none",
      (f) => changeJson(f, "config.json", { rope_scaling: { rope_type: "spiral" } }),
      ArgumentError,
      /rope_type/,
    ],
    [
      "another model's sizes",
      (f) => changeJson(f, "config.json", { intermediate_size: 41 }),
      WeightsError,
      /misshapen/,
    ],
    [
      "more layers than the file has",
      (f) => changeJson(f, "config.json", { num_hidden_layers: 3 }),
      WeightsError,
      /missing/,
    ],
    [
      "another model's tokenizer",
      (f) => changeJson(f, "config.json", { vocab_size: 300 }),
      ArgumentError,
      /tokenizer\.json/,
    ],
    [
      "a template that is none",
      (f) => changeJson(f, "tokenizer_config.json", { chat_template: "{% if" }),
      TemplateError,
      /template/,
    ],
    [
      "a temperature that cannot be",
      (f) => changeJson(f, "generation_config.json", { temperature: -3 }),
      ArgumentError,
      /temperature/,
    ],
    [
      "a folder in place of a file",
      async (f) => {
        await rm(join(f, "config.json"));
        await mkdir(join(f, "config.json"));
      },
      InputError,
      /config\.json/,
    ],
  ])("%s", async (_, change, kind, words) => {
    await change(folder);
    const failure: unknown = await load().then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(kind);
    expect(String(failure)).toMatch(words);
  });

  test("a template that throws, in its own words", async () => {
    await changeJson(folder, "tokenizer_config.json", { chat_template: "{{ raise_exception('only twice') }}" });
    await using model = await load();
    await expect(generateText({ model, messages: [{ role: "user", content: "x" }] })).rejects.toThrow(/only twice/);
  });
});

test("all model types are known by name", () => {
  expect(TEXT_MODEL_TYPES).toEqual([
    "gemma",
    "gemma2",
    "gemma3_text",
    "gpt2",
    "llama",
    "mistral",
    "phi3",
    "qwen2",
    "qwen3",
  ]);
});
