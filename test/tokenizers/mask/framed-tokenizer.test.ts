/** Masks as a box and a shape, against the recipe that trains them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import type { Engine } from "../../../src/engine/engine.js";
import { openEngine } from "../../../src/engine/open.js";
import { type FloatTensor, f32, i32, type Tensor } from "../../../src/engine/tensor.js";
import type { Checkpoint } from "../../../src/engine/weights/checkpoint.js";
import { openCheckpoint } from "../../../src/engine/weights/open.js";
import { parseFramedConfig } from "../../../src/tokenizers/mask/framed-config.js";
import { type FramedTokenizer, openFramedTokenizer } from "../../../src/tokenizers/mask/framed-tokenizer.js";
import { readTensors } from "../../golden/case.js";
import { TINY_MASKS } from "../../support/tiny-mask-model.js";
import { conformCodec } from "../conform-codec.js";

const row = (
  JSON.parse(readFileSync(join(TINY_MASKS, "config.json"), "utf8")) as {
    readonly tokenizer: { readonly config: object };
  }
).tokenizer.config;
const openWeights = () => openCheckpoint(join(TINY_MASKS, "tokenizer.safetensors"));
let engine: Engine;
let weights: Checkpoint;
let tokenizer: FramedTokenizer;
let io: Awaited<ReturnType<typeof readTensors>>;
beforeAll(async () => {
  engine = await openEngine({ device: "cpu" });
  weights = await openWeights();
  tokenizer = await openFramedTokenizer(engine, parseFramedConfig(row), weights);
  io = await readTensors(TINY_MASKS);
});
afterAll(async () => {
  await tokenizer.close();
  await weights.close();
  await engine.close();
});

const masks = () => io.get("masks") as FloatTensor;
const ids = () => io.get("ids") as Tensor;
const prefix = (n: number) =>
  i32(
    [2, n],
    [0, 1].flatMap((item) => [...ids().data.subarray(item * 7, item * 7 + n)]),
  );
const expectClose = (actual: FloatTensor, expected: ArrayLike<number>) =>
  actual.data.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));

test("encodes as the recipe does", async () => {
  expect(await tokenizer.encode(masks())).toEqual(ids());
});

test.each([1, 2, 3, 5, 7].map((n, i) => [n, i] as const))(
  "decodes the first %i tokens as the recipe does",
  async (n, i) => {
    const size = 2 * 16 * 16;
    expectClose(await tokenizer.decode(prefix(n)), io.get("prefixes")!.data.subarray(i * size, (i + 1) * size));
  },
);

test("decodes softly as the recipe does; tokens behind the ids do not count", async () => {
  const logits = io.get("logits") as FloatTensor;
  expectClose(await tokenizer.decodeSoftly(ids(), logits), io.get("soft")!.data);
  const other = f32(
    logits.shape,
    logits.data.map((value, i) => (Math.floor(i / 64) % 7 < 4 ? value : -value)),
  );
  expect(await tokenizer.decodeSoftly(prefix(4), logits)).toEqual(await tokenizer.decodeSoftly(prefix(4), other));
  expect(await tokenizer.decodeSoftly(ids(), logits)).not.toEqual(await tokenizer.decodeSoftly(ids(), other));
});

describe("boxes", () => {
  test("lie on the grid of places and hold the mask", () => {
    expect(tokenizer.boxOf([10, 38])).toEqual([1 / 8, 2 / 8, 5 / 8, 7 / 8]);
    expect(tokenizer.boxOf([0, 63])).toEqual([0, 0, 1, 1]);
  });
  test("are one place long where corners come in the wrong order", () => {
    expect(tokenizer.boxOf([63, 0])).toEqual([7 / 8, 7 / 8, 1, 1]);
  });
  test("nothing is outside of them", async () => {
    const { data } = await tokenizer.decode(i32([1, 3], [10, 38, 5]));
    const [rows, columns] = [
      [2, 10],
      [4, 14],
    ] as const;
    data.forEach((p, i) => {
      const [y, x] = [Math.floor(i / 16), i % 16];
      const within = y >= rows[0] && y < rows[1] && x >= columns[0] && x < columns[1];
      expect(p > 0).toBe(within);
    });
  });
  test("an empty mask has the whole, and one corner alone a box of the usual size", async () => {
    const empty = await tokenizer.encode(f32([1, 16, 16], new Float32Array(256)));
    expect([...empty.data.subarray(0, 2)]).toEqual([0, 63]);
    const { data } = await tokenizer.decode(i32([1, 1], [0]));
    expect([data[0]! > 0, data[7 * 16 + 3]! > 0, data[8 * 16]! > 0, data[4]! > 0]).toEqual([true, true, false, false]);
  });
});

conformCodec("a tokenizer of boxes and shapes", [0, 1], async () => {
  const own = await openWeights();
  return { codec: await openFramedTokenizer(engine, parseFramedConfig(row), own), weights: own, media: masks() };
});

describe("refuses", () => {
  test.each([
    ["masks of another size", () => tokenizer.encode(f32([1, 8, 8], new Float32Array(64)))],
    ["no ids", () => tokenizer.decode(i32([1, 0], []))],
    ["more ids than tokens", () => tokenizer.decode(i32([1, 8], new Int32Array(8)))],
    ["an id beyond the vocabulary", () => tokenizer.decode(i32([1, 1], [64]))],
    [
      "logits of another shape",
      () => tokenizer.decodeSoftly(i32([1, 7], new Int32Array(7)), f32([1, 7, 8], new Float32Array(56))),
    ],
    [
      "logits that are not finite",
      () =>
        tokenizer.decodeSoftly(i32([1, 7], new Int32Array(7)), f32([1, 7, 64], new Float32Array(448).fill(Infinity))),
    ],
    ["one corner for a box", async () => tokenizer.boxOf([1])],
  ])("%s", async (_, work) => {
    await expect(work()).rejects.toThrow(ArgumentError);
  });

  test.each([
    [{ places: 5 }, /places/],
    [{ scales: [2, 1] }, /scales/],
    [{ scales: [1, 3] }, /encoder/],
    [{ frame: 64 }, /encoder/],
    [{ usual: [2, 1] }, /usual/],
    [{ encoder: [] }, /one object or more/],
    [{ decoder: [{ channels: 4, factor: 2 }] }, /decoder/],
    [{ extra: 1 }, /extra/],
  ])("a row with %j", (change, message) => {
    expect(() => parseFramedConfig({ ...row, ...change })).toThrow(message);
  });
});
