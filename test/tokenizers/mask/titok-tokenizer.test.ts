/** TiTok against the authors' own numbers, and its tokenizers of pictures and of masks as users call them. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { ArgumentError, WeightsError } from "../../../src/base/errors.js";
import { GraphBuilder } from "../../../src/engine/graph.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import { type FloatTensor, f32, i32, type Tensor } from "../../../src/engine/tensor.js";
import type { Checkpoint } from "../../../src/engine/weights/checkpoint.js";
import { type MaskTokenizer, openMaskTokenizer } from "../../../src/tokenizers/mask/mask-tokenizer.js";
import { TITOK_CONFIGS } from "../../../src/tokenizers/mask/titok-config.js";
import { type LineTokenizer, openTitokTokenizer } from "../../../src/tokenizers/mask/titok-tokenizer.js";
import { causalLatents } from "../../../src/tokenizers/mask/vision-tower.js";
import { openWeights, readCase, readTensors } from "../../golden/case.js";
import type { Comparison } from "../../golden/compare.js";
import { titok, titokConfig } from "../../golden/systems/titok.js";
import { conformCodec } from "../conform-codec.js";

const FOLDER = fileURLToPath(new URL("../../fixtures/titok/tokenizer-plain", import.meta.url)); // 16 x 16, 8 tokens, 64 codes
const engine = referenceEngine();

let weights: Checkpoint;
let pictures: LineTokenizer;
let masks: MaskTokenizer;
let image: FloatTensor; // [2, 3, 16, 16] in [0, 1]
let ids: Tensor;
beforeAll(async () => {
  weights = await openWeights(FOLDER);
  const config = titokConfig(await readCase(FOLDER));
  pictures = await openTitokTokenizer(engine, config, weights);
  masks = await openMaskTokenizer(engine, config, weights);
  const io = await readTensors(FOLDER);
  image = io.get("in.image") as FloatTensor;
  ids = io.get("out.ids") as Tensor;
});
afterAll(async () => {
  await pictures.close();
  await masks.close();
  await weights.close();
});

test("the golden case is met by every tensor that it lists", async () => {
  const golden = await readCase(FOLDER);
  const comparisons: Comparison[] = [];
  for await (const comparison of titok(FOLDER, golden, engine)) comparisons.push(comparison);
  expect(comparisons.filter(({ pass }) => !pass)).toEqual([]);
  const outputs = [...(await readTensors(FOLDER)).keys()].filter((name) => name.startsWith("out."));
  expect(comparisons.map(({ name }) => name).sort()).toEqual(outputs.sort());
});

test("a checkpoint of another size is refused", async () => {
  await expect(openTitokTokenizer(engine, TITOK_CONFIGS["titok-s-128"], weights)).rejects.toThrow(WeightsError);
});

test("latents see the picture and those before them, and the picture sees no latent", () => {
  const { source } = causalLatents(new GraphBuilder("test"), 2, 3);
  const { data } = (source as { tensor: FloatTensor }).tensor;
  const seen = Array.from({ length: 5 }, (_, i) =>
    Array.from(data.slice(5 * i, 5 * i + 5), (bias) => Number(bias === 0)).join(""),
  );
  expect(seen).toEqual(["11000", "11000", "11100", "11110", "11111"]);
});

conformCodec("a tokenizer of pictures", [-1, 1], async () => {
  const { shape, data } = (await readTensors(FOLDER)).get("in.image") as FloatTensor;
  const media = f32(
    shape as number[],
    data.map((value) => 2 * value - 1),
  );
  const own = await openWeights(FOLDER);
  return { codec: await openTitokTokenizer(engine, titokConfig(await readCase(FOLDER)), own), weights: own, media };
});

conformCodec("a tokenizer of masks", [0, 1], async () => {
  const halves = [8, 3].flatMap((edge) => Array.from({ length: 256 }, (_, i) => Number(i % 16 < edge)));
  const own = await openWeights(FOLDER);
  const codec = await openMaskTokenizer(engine, titokConfig(await readCase(FOLDER)), own);
  return { codec, weights: own, media: f32([2, 16, 16], halves) };
});

describe("a tokenizer of pictures", () => {
  it("takes and gives pixels in [-1, 1]", async () => {
    const pixels = f32(
      image.shape,
      image.data.map((value) => 2 * value - 1),
    );
    expect((await pictures.encode(pixels)).data).toEqual(ids.data);
    const expected = (await readTensors(FOLDER)).get("out.pixels")!.data;
    const { shape, data } = await pictures.decode(ids);
    expect(shape).toEqual([2, 3, 16, 16]);
    data.forEach((value, i) => expect(value).toBeCloseTo(2 * expected[i]! - 1, 4));
  });

  it.each([
    ["of another size", f32([1, 3, 8, 16], new Float32Array(384)), /16 x 16/],
    ["of four channels", f32([1, 4, 16, 16], new Float32Array(1024)), /\[B, 3, Y, X\]/],
  ])("refuses pixels %s", async (_, pixels, message) => {
    await expect(pictures.encode(pixels)).rejects.toThrow(ArgumentError);
    await expect(pictures.encode(pixels)).rejects.toThrow(message);
  });

  it.each([["that are a prefix", i32([1, 7], new Int32Array(7)), /\[B, 8\]/]])(
    "refuses ids %s",
    async (_, wrong, message) => {
      await expect(pictures.decode(wrong)).rejects.toThrow(ArgumentError);
      await expect(pictures.decode(wrong)).rejects.toThrow(message);
    },
  );
});

describe("a tokenizer of masks", () => {
  const half = f32(
    [1, 16, 16],
    Float32Array.from({ length: 256 }, (_, i) => (i % 16 < 8 ? 1 : 0)),
  );

  it("takes a mask for a grey picture and gives probabilities of any prefix", async () => {
    const found = await masks.encode(half);
    const grey = f32(
      [1, 3, 16, 16],
      [...half.data, ...half.data, ...half.data].map((value) => 2 * value - 1),
    );
    expect(found).toEqual(await pictures.encode(grey));
    const decoded: FloatTensor[] = [];
    for (let n = 1; n <= 8; n++) decoded.push(await masks.decode(i32([1, n], found.data.slice(0, n))));
    for (const { shape, data } of decoded) {
      expect(shape).toEqual([1, 16, 16]);
      expect(data.every((p) => p > 0 && p < 1)).toBe(true);
    }
    expect(decoded[0]!.data).not.toEqual(decoded[7]!.data);
  });

  it.each([
    ["empty", 0],
    ["full", 1],
  ])("encodes an %s mask", async (_, value) => {
    expect((await masks.encode(f32([1, 16, 16], new Float32Array(256).fill(value)))).shape).toEqual([1, 8]);
  });

  it("decodes mixtures, of which those behind the ids do not count", async () => {
    const logits = Float32Array.from({ length: 512 }, (_, i) => Math.sin(i));
    const other = Float32Array.from(logits, (value, i) => (i < 192 ? value : -value));
    const soft = (data: Float32Array, n = 8) =>
      masks.decodeSoftly(i32([1, n], new Int32Array(n)), f32([1, 8, 64], data));
    expect(await soft(logits, 3)).toEqual(await soft(other, 3));
    expect(await soft(logits)).not.toEqual(await soft(other));
  });

  it.each([["of another size", f32([1, 8, 8], new Float32Array(64)), /16, 16/]])(
    "refuses masks %s",
    async (_, wrong, message) => {
      await expect(masks.encode(wrong)).rejects.toThrow(ArgumentError);
      await expect(masks.encode(wrong)).rejects.toThrow(message);
    },
  );

  it.each([
    ["no ids", i32([1, 0], [])],
    ["more ids than tokens", i32([1, 9], new Int32Array(9))],
  ])("refuses %s", async (_, wrong) => {
    await expect(masks.decode(wrong)).rejects.toThrow(ArgumentError);
  });

  it.each([
    ["logits of another shape", f32([1, 7, 64], new Float32Array(448)), 7],
    ["logits that are not finite", f32([1, 8, 64], new Float32Array(512).fill(-Infinity)), 8],
    ["a prefix of nothing", f32([1, 8, 64], new Float32Array(512)), 0],
  ])("refuses %s", async (_, wrong, n) => {
    await expect(masks.decodeSoftly(i32([1, n], new Int32Array(n)), wrong)).rejects.toThrow(ArgumentError);
  });
});
