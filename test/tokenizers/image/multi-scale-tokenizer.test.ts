import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArgumentError, WeightsError } from "../../../src/base/errors.js";
import { uniform } from "../../../src/base/random.js";
import { nameOf } from "../../../src/engine/feeds.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import { type FloatTensor, f32, i32, sizeOf, type Tensor, tensor } from "../../../src/engine/tensor.js";
import type { Checkpoint } from "../../../src/engine/weights/checkpoint.js";
import { memoryCheckpoint } from "../../../src/engine/weights/stored.js";
import {
  deriveMultiScale,
  MULTI_SCALE_CONFIGS,
  type MultiScaleConfig,
  parseMultiScaleConfig,
} from "../../../src/tokenizers/image/multi-scale-config.js";
import {
  type MultiScaleTokenizer,
  multiScalePrograms,
  openMultiScaleTokenizer,
} from "../../../src/tokenizers/image/multi-scale-tokenizer.js";
import { readCase, readTensors } from "../../golden/case.js";
import { painted, vaeConfig } from "../../golden/systems/var-vae.js";
import { conformCodec, itemOf } from "../conform-codec.js";

const FOLDER = fileURLToPath(new URL("../../fixtures/var/transformer-own-adaln", import.meta.url));
const engine = referenceEngine();

/** RGBA, patches, one phi a scale, scales that are not square, a decoder of previews: all that the published file does not have. */
const OURS = parseMultiScaleConfig("config", {
  ...{ channels: 4, patch: 2, ch: 4, multipliers: [1, 2], resBlocks: 1, groups: 2, codeDim: 3, vocab: 11 },
  ...{ phi: { share: 0, ratio: 0.3 }, scales: [1, [1, 2], [2, 3]], preview: { width: 5, blocks: 2 } },
});

/** Shapes of all weights of the programs, by name. */
function shapesOf(config: MultiScaleConfig): Map<string, readonly number[]> {
  const weights = Object.values(multiScalePrograms(config)).flatMap((graph) => graph.weights);
  return new Map(weights.map(({ source, shape }) => [nameOf(source), shape as readonly number[]]));
}

function weightsOf(config: MultiScaleConfig): Checkpoint {
  return memoryCheckpoint(
    "random",
    [...shapesOf(config)].map(([name, shape], i) => {
      const at = (position: number) => uniform({ seed: i, item: 0, position, purpose: "noise" }) - 0.5;
      return [
        name,
        tensor(
          shape,
          Float32Array.from({ length: sizeOf(shape) }, (_, n) => at(n)),
        ),
      ];
    }),
  );
}

const waves = (...shape: number[]): FloatTensor =>
  tensor(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 1.7 + i * i * 0.01)),
  );
const vaeOf = async () => vaeConfig((await readCase(FOLDER)).config.vae as Record<string, unknown>);

conformCodec("a tokenizer of scales, as published", [-1, 1], async () => {
  const weights = await openVae();
  return { codec: await openMultiScaleTokenizer(engine, await vaeOf(), weights), weights, media: waves(2, 3, 8, 8) };
});

conformCodec("a tokenizer of scales, of our layout", [-1, 1], async () => {
  const weights = weightsOf(OURS);
  return { codec: await openMultiScaleTokenizer(engine, OURS, weights), weights, media: waves(2, 4, 8, 12) };
});

describe.each(["the reference's", "ours"])("a tokenizer of %s layout", (whose) => {
  let weights: Checkpoint;
  let tokenizer: MultiScaleTokenizer;
  let image: FloatTensor;
  beforeAll(async () => {
    const config = whose === "ours" ? OURS : await vaeOf();
    weights = whose === "ours" ? weightsOf(OURS) : await openVae();
    tokenizer = await openMultiScaleTokenizer(engine, config, weights);
    image = whose === "ours" ? waves(2, 4, 8, 12) : waves(2, 3, 8, 8);
  });
  afterAll(async () => {
    await tokenizer.close();
    await weights.close();
  });

  it("gives a line of ids, and pixels within [-1, 1]", async () => {
    const ids = await tokenizer.encode(image);
    expect(ids.shape).toEqual([2, tokenizer.positions]);
    expect((await tokenizer.decode(ids)).data.every((value) => Math.abs(value) <= 1)).toBe(true);
  });

  it("decodes what it paints; a scale painted again replaces itself", async () => {
    const ids = await tokenizer.encode(image);
    const { canvases } = await painted(tokenizer, ids);
    expect(await tokenizer.render(canvases.at(-1)!)).toEqual(await tokenizer.decode(ids));
    const before = canvases[0]!.data.slice();
    const again = ids.data.slice(1, 1 + sizeOf(tokenizer.scales[1]!));
    await tokenizer.paint(canvases[0]!, 1, [again, again]);
    expect(canvases[0]!.data).toEqual(before);
  });

  it("shows an unfinished canvas by its decoder of previews, or in full where it has none", async () => {
    const { canvases } = await painted(tokenizer, await tokenizer.encode(image));
    const [full, preview] = [await tokenizer.render(canvases[0]!), await tokenizer.preview(canvases[0]!)];
    expect(preview.shape).toEqual(image.shape);
    expect(preview.data.every((value) => Math.abs(value) <= 1)).toBe(true);
    if (whose === "ours") expect(preview).not.toEqual(full);
    else expect(preview).toEqual(full);
    for (const item of [0, 1])
      expect(await tokenizer.preview(itemOf(canvases[0]!, item))).toEqual(itemOf(preview, item));
    expect(await tokenizer.preview(canvases[1]!)).not.toEqual(preview);
  });

  it("takes mixtures of codes: all of one is that one, half and half lies between", async () => {
    const first = async (...cells: Parameters<MultiScaleTokenizer["paint"]>[2]) =>
      (await tokenizer.paint(null, 0, cells)).canvas.data;
    const [a, b] = [await first([3]), await first([7])];
    expect(await first([{ ids: [7, 3], probabilities: [0, 1] }])).toEqual(a);
    const half = await first([{ ids: [3, 7], probabilities: [0.5, 0.5] }]);
    half.forEach((value, i) => expect(value).toBeCloseTo((a[i]! + b[i]!) / 2, 5));
    expect(a).not.toEqual(b);
  });

  it("refuses what does not fit", async () => {
    const { channels, positions } = tokenizer;
    const [, , Y, X] = image.shape as [number, number, number, number];
    const pixels = (shape: number[]) => f32(shape, new Float32Array(sizeOf(shape)));
    for (const wrong of [
      tokenizer.encode(pixels([1, channels, Y, X + 4])),
      tokenizer.encode(pixels([1, 7 - channels, Y, X])),
      tokenizer.decode(i32([1, positions - 1], new Int32Array(positions - 1))),
      tokenizer.paint(null, tokenizer.scales.length, [[0]]),
      tokenizer.paint(null, 0, [[0, 0]]),
      tokenizer.paint(null, 0, [[-1]]),
      tokenizer.paint(null, 0, []),
      tokenizer.paint(pixels([1, 1, 1, 1]), 0, [[0]]),
      tokenizer.render(pixels([1, 1, 1, 1])),
      tokenizer.preview(pixels([1, 1, 1, 1])),
    ])
      await expect(wrong).rejects.toThrow(ArgumentError);
  });
});

it("refuses a checkpoint of another configuration", async () => {
  await using weights = weightsOf(OURS);
  await expect(openMultiScaleTokenizer(engine, { ...OURS, phi: { share: 4, ratio: 0.3 } }, weights)).rejects.toThrow(
    WeightsError,
  );
});

it("has the published numbers of ids, parameters and tensors", () => {
  expect(deriveMultiScale(MULTI_SCALE_CONFIGS["var-256"])).toMatchObject({
    positions: 680,
    downsample: 16,
    grid: [16, 16],
  });
  expect(deriveMultiScale(MULTI_SCALE_CONFIGS["var-512"]).positions).toBe(2240);
  const sizes = [...shapesOf(MULTI_SCALE_CONFIGS["var-256"]).values()].map(sizeOf);
  expect(sizes.length).toBe(323); // and the statistics
  expect(Math.round(sizes.reduce((a, b) => a + b) / 1e5) / 10).toBe(108.9);
});

describe("parseMultiScaleConfig", () => {
  const good = JSON.parse(JSON.stringify(OURS));
  it("gives back what it was given; sides stand for squares", () => {
    expect(parseMultiScaleConfig("config", good)).toEqual(OURS);
    expect(parseMultiScaleConfig("config", { ...good, scales: [1, 3] }).scales).toEqual([
      [1, 1],
      [3, 3],
    ]);
    const { preview: _, ...without } = good;
    expect(parseMultiScaleConfig("config", without).preview).toBeNull();
  });
  it.each([
    ["one scale", { scales: [4] }],
    [
      "scales that exceed the last",
      {
        scales: [
          [1, 4],
          [3, 3],
        ],
      },
    ],
    ["scales that are none", { scales: [1, "2"] }],
    ["groups that do not divide", { groups: 3 }],
    ["a ratio of 0", { phi: { share: 4, ratio: 0 } }],
    ["an unknown field of phi", { phi: { share: 4, ratio: 0.5, size: 3 } }],
    ["previews of no width", { preview: { width: 0, blocks: 1 } }],
    ["previews with an unknown field", { preview: { width: 8, blocks: 1, size: 3 } }],
    ["an unknown field", { zChannels: 8 }],
    ["other channels", { channels: 5 }],
  ])("refuses %s", (_, change) => {
    expect(() => parseMultiScaleConfig("config", { ...good, ...change })).toThrow(ArgumentError);
  });
});

async function openVae(): Promise<Checkpoint> {
  const tensors = await readTensors(FOLDER, "vae_weights.safetensors");
  return memoryCheckpoint("vae", tensors as unknown as Map<string, Tensor>);
}
