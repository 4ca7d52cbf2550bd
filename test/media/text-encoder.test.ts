/** Text encoders from folders: the reference library's vectors of texts, lengths, and what is missing or wrong. */
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import {
  ArgumentError,
  CheckpointError,
  InputError,
  type TesseraError,
  TokenizerError,
  UnknownNameError,
  WeightsError,
} from "../../src/base/errors.js";
import { openCheckpoint } from "../../src/engine/weights/open.js";
import { writeSafetensors } from "../../src/engine/weights/safetensors-write.js";
import { loadTextEncoder } from "../../src/media/text-encoder.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { changeJson } from "../support/tiny-text-model.js";

const FOLDERS = join(import.meta.dirname, "../fixtures/text-encoders/folders");

interface Expected {
  readonly texts: string[];
  readonly length: number;
  readonly ids: number[][];
  readonly mask: number[][];
  readonly features: number[];
  readonly penultimate?: number[];
  readonly projected?: number[];
}

const expectedOf = async (name: string) =>
  JSON.parse(await readFile(join(FOLDERS, name, "expected.json"), "utf8")) as Expected;

const distance = (a: ArrayLike<number>, b: readonly number[]) => {
  expect(a.length).toBe(b.length);
  return b.reduce((most, value, i) => Math.max(most, Math.abs(value - a[i]!)), 0);
};

const root = temporaryFolder();
let count = 0;
let folder = "";

/** A copy of a folder that a test may break. */
const copied = async (name: string) => {
  folder = join(root, `${name}-${count++}`);
  await cp(join(FOLDERS, name), folder, { recursive: true });
  return folder;
};

const load = (path = folder) => loadTextEncoder(path, { device: "reference" });

describe("the reference library's ids and vectors", () => {
  test("of T5, whose padding has no vectors", async () => {
    const { texts, length, ids, mask, features } = await expectedOf("t5");
    await using encoder = await load(join(FOLDERS, "t5"));
    expect(encoder).toMatchObject({ name: "t5", architecture: "t5", width: 12, contextLength: null, precision: "f32" });
    expect(Object.keys(encoder.sha256).sort()).toEqual(["config.json", "model.safetensors", "tokenizer.json"]);
    const found = await encoder.encode(texts, { length });
    expect([...found.ids.data]).toEqual(ids.flat());
    expect([...found.mask.data]).toEqual(mask.flat());
    expect(distance(found.features.data, features)).toBeLessThan(2e-5);
    expect([found.pooled, found.projected]).toEqual([null, null]);
    expect(found.warnings.map((warning) => "message" in warning && warning.message)).toEqual([
      'The prompt has 13 tokens and the model reads 11; from "ple." on it was left out.',
      expect.stringMatching(/^The prompt has 54 tokens and the model reads 11; from "e, with two windows/),
    ]);
  });

  test("of CLIP, which reads its whole length, padding included", async () => {
    const { texts, length, ids, mask, features, penultimate, projected } = await expectedOf("clip");
    await using encoder = await load(join(FOLDERS, "clip"));
    const found = await encoder.encode(texts);
    expect(found.features.shape).toEqual([texts.length, length, 12]);
    expect([...found.ids.data]).toEqual(ids.flat());
    expect([...found.mask.data]).toEqual(mask.flat());
    expect(distance(found.features.data, features)).toBeLessThan(2e-5);
    expect(distance(found.projected!.data, projected!)).toBeLessThan(2e-5);
    const inner = await encoder.encode(texts, { layer: "penultimate" });
    expect(distance(inner.features.data, penultimate!)).toBeLessThan(2e-5);
  });
});

test("a text of any length costs no more than 2,048 tokens", { timeout: 60_000 }, async () => {
  await using encoder = await loadTextEncoder(join(FOLDERS, "t5"), { device: "cpu", threads: 1 });
  const { features, warnings } = await encoder.encode("two cats ".repeat(10_000));
  expect(features.shape).toEqual([1, 2048, 12]);
  expect(warnings).toHaveLength(1);
});

test("a whole CLIP is read by its text half", async () => {
  const half = JSON.parse(await readFile(join(FOLDERS, "clip", "config.json"), "utf8")) as Record<string, unknown>;
  const { texts, projected } = await expectedOf("clip");
  await copied("clip");
  const { projection_dim, ...text } = half;
  const whole = { model_type: "clip", projection_dim, text_config: { ...text, hidden_size: 99 }, vision_config: {} };
  const said = { ...whole, text_config_dict: { hidden_size: 12 } }; // older files state it twice, and this one counts
  await writeFile(join(folder, "config.json"), JSON.stringify(said));
  const checkpoint = await openCheckpoint(join(folder, "model.safetensors"));
  const named = [...checkpoint.entries.values()].map(
    async ({ name, shape }) => [name, { shape, data: await checkpoint.floats(name) }] as const,
  );
  const tensors = new Map(await Promise.all(named));
  await checkpoint.close();
  for (const name of ["logit_scale", "visual_projection.weight", "vision_model.embeddings.class_embedding"])
    tensors.set(name, { shape: [1], data: new Float32Array(1) });
  await writeSafetensors(join(folder, "model.safetensors"), tensors);
  await using encoder = await load();
  expect(distance((await encoder.encode(texts)).projected!.data, projected!)).toBeLessThan(2e-5);
});

test("a text has the vectors that it has alone, in q8 and on threads, too", async () => {
  const { texts } = await expectedOf("t5");
  await using encoder = await loadTextEncoder(join(FOLDERS, "t5"), { device: "cpu", threads: 1, precision: "q8" });
  const together = await encoder.encode(texts);
  const [, T, C] = together.features.shape as [number, number, number];
  for (const [item, text] of texts.entries()) {
    const { features, ids } = await encoder.encode(text);
    expect(ids.shape[1]).toBe([...together.mask.data.slice(item * T, (item + 1) * T)].filter(Boolean).length);
    expect([...features.data]).toEqual([
      ...together.features.data.slice(item * T * C, item * T * C + features.data.length),
    ]);
  }
});

test("a SentencePiece file and torch's names of the table do as well, and the rest of a whole T5 is left alone", async () => {
  await copied("t5");
  const model = join(folder, "model.safetensors");
  const checkpoint = await openCheckpoint(model);
  const tensors = await Promise.all(
    [...checkpoint.entries.values()].map(async ({ name, shape }) => {
      const own = name === "shared.weight" ? "encoder.embed_tokens.weight" : name;
      return [own, { shape, data: await checkpoint.floats(name) }] as const;
    }),
  );
  await checkpoint.close();
  const more = [
    ...["decoder.block.0.layer.0.layer_norm.weight", "lm_head.weight"].map(
      (name) => [name, { shape: [1], data: new Float32Array(1) }] as const,
    ),
  ];
  await writeSafetensors(model, [...tensors, ...more]);
  await rm(join(folder, "tokenizer.json"));
  await cp(join(import.meta.dirname, "../fixtures/sentencepiece/plain.model"), join(folder, "spiece.model"));
  await using encoder = await load();
  const { ids } = await encoder.encode("a", { length: 9 });
  const [plain] = [[...encoder.tokenizer.encode("a")]];
  expect([...ids.data]).toEqual([...plain, 1, ...Array<number>(8 - plain.length).fill(0)]);
});

describe("what is missing or wrong is said by name", () => {
  beforeEach(() => copied("clip"));

  test.each<[string, () => Promise<unknown>, new (...args: never[]) => TesseraError, RegExp]>([
    ["no folder", () => rm(folder, { recursive: true }), InputError, /config\.json/],
    ["no weights", () => rm(join(folder, "model.safetensors")), InputError, /none of model\.safetensors/],
    ["no tokenizer", () => rm(join(folder, "tokenizer.json")), TokenizerError, /tokenizer\.json/],
    ["config.json that is no JSON", () => writeFile(join(folder, "config.json"), "{"), InputError, /not JSON/],
    ["another network", () => changeJson(folder, "config.json", { model_type: "bert" }), UnknownNameError, /clip.*t5/],
    ["T5's weights missing", () => changeJson(folder, "config.json", { model_type: "t5" }), ArgumentError, /shared/],
    [
      "heads",
      () => changeJson(folder, "config.json", { num_attention_heads: 5 }),
      ArgumentError,
      /num_attention_heads/,
    ],
    ["an activation", () => changeJson(folder, "config.json", { hidden_act: "relu6" }), ArgumentError, /hidden_act/],
    ["a layer more", () => changeJson(folder, "config.json", { num_hidden_layers: 3 }), WeightsError, /layers\.2/],
    ["another's tokenizer", () => changeJson(folder, "config.json", { vocab_size: 600 }), CheckpointError, /tokens/],
    [
      "a tokenizer without begin and end",
      () => changeJson(folder, "tokenizer.json", { post_processor: null }),
      TokenizerError,
      /no begin and end/,
    ],
  ])("%s", async (_, change, kind, message) => {
    await change();
    const failure: unknown = await load().then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(kind);
    expect((failure as Error).message).toMatch(message);
  });

  test("arguments", async () => {
    await using encoder = await load();
    await expect(encoder.encode([])).rejects.toMatchObject({ argument: "texts" });
    await expect(encoder.encode([7 as never])).rejects.toMatchObject({ argument: "texts" });
    await expect(encoder.encode("a", { length: 15 })).rejects.toMatchObject({ argument: "length" });
    await expect(encoder.encode("a", { length: 1 })).rejects.toMatchObject({ argument: "length" });
    await expect(encoder.encode("a", { layer: "first" as never })).rejects.toMatchObject({ code: "unknown-name" });
    await expect(encoder.encode("a", { padding: 1 } as never)).rejects.toBeInstanceOf(ArgumentError);
    await expect(loadTextEncoder("" as never)).rejects.toMatchObject({ argument: "folder" });
  });
});
