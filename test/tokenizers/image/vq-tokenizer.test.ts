import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArgumentError, WeightsError } from "../../../src/base/errors.js";
import { nameOf } from "../../../src/engine/feeds.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import { type FloatTensor, f32, i32, sizeOf, type Tensor } from "../../../src/engine/tensor.js";
import type { Checkpoint } from "../../../src/engine/weights/checkpoint.js";
import { memoryCheckpoint } from "../../../src/engine/weights/stored.js";
import type { VqConfig } from "../../../src/tokenizers/image/vq-config.js";
import { type ImageTokenizer, openVqTokenizer, vqPrograms } from "../../../src/tokenizers/image/vq-tokenizer.js";
import { openWeights, readCase, readTensors } from "../../golden/case.js";
import type { Comparison } from "../../golden/compare.js";
import { configOf, llamagenVq } from "../../golden/systems/llamagen-vq.js";
import { conformCodec } from "../conform-codec.js";

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
const RGB = fixture("llamagen/vq-ds8"); //  tokens of 8x8 pixels, 100 codes
const RGBA = fixture("rgba-vq"); //         tokens of 4x4 pixels, 37 codes

const engine = referenceEngine();

describe.each([RGB, RGBA])("golden case %s", (folder) => {
  it("is met by every tensor that it lists", async () => {
    const golden = await readCase(folder);
    const comparisons: Comparison[] = [];
    for await (const comparison of llamagenVq(folder, golden, engine)) comparisons.push(comparison);
    expect(comparisons.filter(({ pass }) => !pass)).toEqual([]);
    const stored = [...(await readTensors(folder)).keys()].filter((name) => name !== "image");
    expect(comparisons.map(({ name }) => name).sort()).toEqual(stored.sort());
  });
});

conformCodec("a tokenizer of grids", [-1, 1], async () => {
  const weights = await openWeights(RGBA);
  const codec = await openVqTokenizer(engine, configOf(await readCase(RGBA)), weights);
  return { codec, weights, media: (await readTensors(RGBA)).get("image") as FloatTensor };
});

describe("a tokenizer", () => {
  let weights: Checkpoint;
  let tokenizer: ImageTokenizer;
  let image: FloatTensor; // [2, 4, 12, 20]
  beforeAll(async () => {
    weights = await openWeights(RGBA);
    tokenizer = await openVqTokenizer(engine, configOf(await readCase(RGBA)), weights);
    image = (await readTensors(RGBA)).get("image") as FloatTensor;
  });
  afterAll(async () => {
    await tokenizer.close();
    await weights.close();
  });

  it("says what it is", () => {
    expect(tokenizer).toMatchObject({ vocabularySize: 37, channels: 4, downsample: 4 });
  });

  it("takes any size of grid", async () => {
    expect((await tokenizer.encode(image)).shape).toEqual([2, 3, 5]);
    const row = await tokenizer.decode(i32([1, 1, 7], [0, 1, 2, 3, 36, 5, 6]));
    expect(row.shape).toEqual([1, 4, 4, 28]);
  });

  it("is a function of the picture: another one has other ids", async () => {
    const flipped = { shape: image.shape, data: image.data.map((value) => -value) };
    expect((await tokenizer.encode(flipped)).data).not.toEqual((await tokenizer.encode(image)).data);
  });

  it("previews the known cells and blanks the others", async () => {
    const ids = i32([1, 2, 3], [5, 9, 1, 30, -1, -1]);
    const pixels = await tokenizer.preview(ids);
    const complete = await tokenizer.decode(i32([1, 2, 3], [5, 9, 1, 30, 9, 1]));
    const at = (from: FloatTensor, c: number, y: number, x: number) => from.data[(c * 8 + y) * 12 + x];
    for (const c of [0, 1, 2, 3]) {
      expect(at(pixels, c, 7, 4)).toBe(-1);
      expect(at(pixels, c, 3, 11)).toBe(at(complete, c, 3, 11));
      expect(at(pixels, c, 7, 3)).toBe(at(complete, c, 7, 3));
    }
    expect(await tokenizer.preview(i32([1, 1, 2], [5, 9]))).toEqual(await tokenizer.decode(i32([1, 1, 2], [5, 9])));
  });

  it.each([
    ["sides that are no multiple", f32([1, 4, 4, 6], new Float32Array(96)), /multiples of 4/],
    ["other channels", f32([1, 3, 4, 4], new Float32Array(48)), /\[B, 4, Y, X\]/],
  ])("refuses pixels with %s", async (_, pixels, message) => {
    await expect(tokenizer.encode(pixels)).rejects.toThrow(ArgumentError);
    await expect(tokenizer.encode(pixels)).rejects.toThrow(message);
  });

  it.each([
    ["without a grid", i32([1, 2], [3, 4]), /\[B, h, w\]/],
    ["of an empty grid", i32([1, 0, 2], []), /\[B, h, w\]/],
  ])("refuses ids %s", async (_, ids: Tensor, message) => {
    await expect(tokenizer.decode(ids)).rejects.toThrow(ArgumentError);
    await expect(tokenizer.decode(ids)).rejects.toThrow(message);
  });

  it("previews no ids below UNKNOWN", async () => {
    await expect(tokenizer.preview(i32([1, 1, 2], [3, -2]))).rejects.toThrow(ArgumentError);
  });
});

it("cuts large batches into runs and joins them in order", async () => {
  await using weights = await openWeights(RGBA);
  const sizes: number[] = [];
  const watched: typeof engine = {
    ...engine,
    compile: async (graph, checkpoint) => {
      const program = await engine.compile(graph, checkpoint);
      // Stands in for the network: an id that tells the item, of pictures too large to compute here.
      const run: typeof program.run = async ({ pixels }) => {
        const [B, , Y, X] = pixels!.shape as [number, number, number, number];
        sizes.push(B);
        const ids = Array.from({ length: B }, (_, i) => pixels!.data[i * 4 * Y * X]! * 10);
        return { ids: i32([B, 1, 1], ids) };
      };
      return Object.assign(program, { run });
    },
  };
  await using tokenizer = await openVqTokenizer(watched, configOf(await readCase(RGBA)), weights);
  const pixels = f32([5, 4, 128, 256], new Float32Array(5 * 4 * 128 * 256));
  for (let i = 0; i < 5; i++) pixels.data[i * 4 * 128 * 256] = i / 10;
  expect([...(await tokenizer.encode(pixels)).data]).toEqual([0, 1, 2, 3, 4]);
  expect(sizes).toEqual([2, 2, 1]);
});

it("previews by its small decoder where it has one", async () => {
  await using weights = await openWeights(RGBA);
  const config: VqConfig = { ...configOf(await readCase(RGBA)), preview: { width: 2, blocks: 1 } };
  await expect(openVqTokenizer(engine, config, weights)).rejects.toThrow(/missing +preview\.conv_in\.weight/);
  // Its weights are zeros but for the last bias: channel c of every pixel is c / 4, whatever the ids are.
  const stored = await readTensors(RGBA, "weights.safetensors");
  const shapes = Object.values(vqPrograms(config)).flatMap((graph) => graph.weights);
  const tensors = shapes.map(({ source, shape }) => {
    const name = nameOf(source);
    const zeros = f32(shape as number[], new Float32Array(sizeOf(shape as number[])));
    if (name === "preview.conv_out.bias") zeros.data.forEach((_, i, bias) => (bias[i] = Math.floor(i / 16) / 4));
    return [name, (stored.get(name) as Tensor | undefined) ?? zeros] as const;
  });
  await using both = memoryCheckpoint("both", new Map(tensors));
  await using tokenizer = await openVqTokenizer(engine, config, both);
  const { shape, data } = await tokenizer.preview(i32([1, 1, 2], [3, -1]));
  expect(shape).toEqual([1, 4, 4, 8]);
  const known = (y: number, x: number) => [0, 1, 2, 3].map((c) => data[(c * 4 + y) * 8 + x]);
  expect(known(2, 3)).toEqual([0, 0.25, 0.5, 0.75]);
  expect(known(2, 4)).toEqual([-1, -1, -1, -1]);
});

it("refuses a checkpoint of another configuration, naming all that is wrong", async () => {
  await using weights = await openWeights(RGBA);
  const config = configOf(await readCase(RGBA));
  const opening = openVqTokenizer(engine, { ...config, vocab: 38, resBlocks: 2 }, weights);
  await expect(opening).rejects.toThrow(WeightsError);
  await expect(opening).rejects.toThrow(/misshapen +quantize\.embedding\.weight/);
  await expect(opening).rejects.toThrow(/missing +encoder\.conv_blocks\.0\.res\.1\.norm1\.weight/);
});

it("has fixtures whose codebook rows are not of unit length, as the files of old", async () => {
  await using weights = await openWeights(RGB);
  const rows = await weights.floats("quantize.embedding.weight");
  const norm = Math.hypot(...rows.subarray(0, 8));
  expect(Math.abs(norm - 1)).toBeGreaterThan(0.05);
});
