import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, WeightsError } from "../../../src/base/errors.js";
import type { Condition } from "../../../src/core/condition.js";
import { decode } from "../../../src/core/decode/loop.js";
import { type Cell, nextScale } from "../../../src/core/decode/next-scale.js";
import { sampler } from "../../../src/core/decode/sampler.js";
import type { Prediction, Step } from "../../../src/core/decode/step.js";
import { varGuidance } from "../../../src/core/sampling/guidance.js";
import { openModel } from "../../../src/core/model.js";
import { type ScaleTransformer, VAR } from "../../../src/core/var/architecture.js";
import { openSession, type Session } from "../../../src/core/session.js";
import { openOnnx } from "../../../src/engine/onnx/executor.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import { type FloatTensor, tensor } from "../../../src/engine/tensor.js";
import { memoryCheckpoint } from "../../../src/engine/weights/stored.js";
import { conformSession, expectClose, rowsOf } from "../conform-session.js";
import { paintWaves, POSITIONS, randomTensors, type ScaleKind, SIDES, TINY_SCALES } from "../tiny-scales.js";
import { pick } from "../tiny-transformer.js";

const engine = referenceEngine();
const models = {} as Record<ScaleKind, ScaleTransformer>;
const kinds = Object.keys(TINY_SCALES) as ScaleKind[];
beforeAll(async () => {
  for (const kind of kinds) {
    const { config } = TINY_SCALES[kind];
    models[kind] = await openModel(engine, VAR, config, memoryCheckpoint(kind, randomTensors(config)));
  }
});
afterAll(() => engine.close());

const STARTS = [0, 1, 5, 14];
const LINES = [0, 1, 2].map((item) => Array.from({ length: POSITIONS }, (_, p) => (7 * item + 5 * p * p + 3) % 31));
const run = (start: number, end: number) => Array.from({ length: end - start }, (_, i) => start + i);

/** A pass that fills scales from … to, each fed with the one before. */
function fill(from: number, to = from, lines: readonly (readonly Cell[])[] = LINES): Step<Cell> {
  const keep = STARTS[Math.max(0, from - 1)]!;
  const feed = run(keep, STARTS[to]!);
  const values = lines.map((line) => feed.map((p) => line[p]!));
  return { keep, feed, values, sight: "block", fill: run(STARTS[from]!, STARTS[to + 1]!) };
}

const rows = (step: Step<Cell>, prediction: Prediction) => rowsOf([[step.fill, prediction]]);

describe.each(kinds)("a %s model", (kind) => {
  const { condition, none } = TINY_SCALES[kind];
  const open = (guided: boolean, of: Condition) =>
    openSession(models[kind], { condition: of, paint: paintWaves }, { guided });

  conformSession<Cell>(kind, {
    open: (items, guided) => open(guided, pick(condition, items)),
    openUnconditional: () => open(false, none),
    lines: LINES,
    groups: SIDES.map((_, scale) => run(STARTS[scale]!, STARTS[scale + 1]!)),
    whole: (lines) => fill(0, 2, lines),
  });

  test("several scales in one pass are those scales one by one", async () => {
    await using single = await open(false, condition);
    await using halves = await open(false, condition);
    await single.forward(fill(0));
    const step = fill(0, 1);
    expectClose(rows(fill(1), await single.forward(fill(1))), rows(step, await halves.forward(step)));
    expectClose(rows(fill(2), await single.forward(fill(2))), rows(fill(2), await halves.forward(fill(2))));
  });

  test("decoded items do not depend on their batch", async () => {
    const decoded = async (items: readonly number[], firstItem: number) => {
      await using session = await open(true, pick(condition, items));
      const options = { seed: 5, guidance: varGuidance(1.5, [1, 5]), sampling: { topK: 9 }, firstItem };
      for await (const event of decode(session, nextScale(items.length, SIDES), sampler(options)))
        if (event.type === "decode-end") return event.values.map((ids) => [...ids]);
      return [];
    };
    const together = await decoded([0, 1, 2], 0);
    for (const item of [0, 1, 2]) expect(await decoded([item], item)).toEqual([together[item]]);
  });
});

test("one matrix for all layers and no offsets is the same matrix in each layer", async () => {
  const { config, condition } = TINY_SCALES.shared;
  const shared = randomTensors(config);
  const own = new Map(shared);
  for (const layer of [0, 1]) {
    const offset = shared.get(`blocks.${layer}.ada_gss`)!;
    shared.set(`blocks.${layer}.ada_gss`, tensor(offset.shape, new Float32Array(offset.data.length)));
    own.delete(`blocks.${layer}.ada_gss`);
    for (const part of ["weight", "bias"])
      own.set(`blocks.${layer}.ada_lin.1.${part}`, shared.get(`shared_ada_lin.1.${part}`)!);
  }
  for (const part of ["weight", "bias"]) own.delete(`shared_ada_lin.1.${part}`);
  const logits = async (of: typeof config, tensors: ReadonlyMap<string, FloatTensor>) => {
    await using model = await openModel(engine, VAR, of, memoryCheckpoint("tiny", tensors));
    await using session = await openSession(model, { condition, paint: paintWaves }, { guided: false });
    return rows(fill(0, 2), await session.forward(fill(0, 2)));
  };
  expectClose(await logits({ ...config, modulation: "own" }, own), await logits(config, shared));
});

test.each(["f32", "q8"] as const)(
  "on ONNX Runtime in %s a picture is the same to the bit alone and in a batch",
  async (precision) => {
    const { config, condition } = TINY_SCALES.caption;
    await using onnx = await openOnnx({ device: { name: "cpu", reason: "test" }, provider: "cpu", threads: 1 });
    const weights = memoryCheckpoint("tiny", randomTensors(config));
    await using model = await openModel(onnx, VAR, config, weights, { precision });
    const passes = async (items: readonly number[]) => {
      const start = { condition: pick(condition, items), paint: paintWaves };
      await using session = await openSession(model, start, { guided: true });
      const predictions: [readonly number[], Prediction][] = [];
      for (const scale of [0, 1, 2]) {
        const step = fill(
          scale,
          scale,
          items.map((item) => LINES[item]!),
        ); // guided but for the last: one row there
        predictions.push([step.fill, await session.forward(step, scale < 2)]);
      }
      return rowsOf(predictions);
    };
    expect(await passes([0])).toEqual((await passes([0, 1, 2])).map((row) => [row[0]]));
  },
);

test("the words of a caption matter, their order too", async () => {
  const logits = async (caption: readonly number[]) => {
    const condition: Condition = { kind: "caption", styles: [0], captions: [caption] };
    await using session = await openSession(models.caption, { condition, paint: paintWaves }, { guided: false });
    const step = fill(0, 0, [LINES[0]!]);
    return rows(step, await session.forward(step));
  };
  expect(await logits([5, 6])).not.toEqual(await logits([5, 7]));
  expect(await logits([5, 6])).not.toEqual(await logits([6, 5]));
});

describe("refusals", () => {
  let session: Session<Cell>;
  const start = { condition: TINY_SCALES.own.condition, paint: paintWaves };
  beforeAll(async () => {
    session = await openSession(models.own, start, { guided: false });
    await session.forward(fill(0));
  });
  const step = (change: Partial<Step<Cell>>): Step<Cell> => ({ ...fill(1), ...change });

  test.each([
    ["a part of a scale", step({ fill: [1, 2, 3] })],
    ["cells out of order", step({ fill: [2, 1, 3, 4] })],
    ["nothing", step({ fill: [] })],
    ["a scale beyond the last", step({ fill: run(14, 30) })],
    ["a scale that was not reached", fill(2)],
    ["a scale without the one before", step({ feed: [], values: [[], [], []] })],
    ["causal sight", step({ sight: "causal" })],
  ])("%s", async (_, wrong) => {
    await expect(session.forward(wrong)).rejects.toThrow(ArgumentError);
  });

  test("lengths inside a scale", async () => {
    await using other = await openSession(models.own, start, { guided: false });
    await other.forward(fill(0, 2));
    expect(() => other.truncate(3)).toThrow(ArgumentError);
    await expect(other.forward({ ...fill(2), keep: [0] })).rejects.toThrow("kept whole");
  });

  test("conditions of another kind", async () => {
    const { condition } = TINY_SCALES.caption;
    const opening = openSession(models.own, { condition, paint: paintWaves }, { guided: false });
    await expect(opening).rejects.toThrow(ArgumentError);
  });

  test("weights that do not fit; what the files hold besides and follows from the sides is dropped", async () => {
    const { config } = TINY_SCALES.own;
    const two = tensor([2], new Float32Array(2));
    const derived = ["lvl_1L", "attn_bias_for_masking", "blocks.1.attn.zero_k_bias"].map(
      (name) => [name, two] as const,
    );
    await using _ = await openModel(
      engine,
      VAR,
      config,
      memoryCheckpoint("more", [...randomTensors(config), ...derived]),
    );
    const wrong = memoryCheckpoint("wrong", [...[...randomTensors(config)].slice(1), ["left.over", two] as const]);
    const failure = await openModel(engine, VAR, config, wrong).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WeightsError);
    expect((failure as WeightsError).faults.length).toBe(2);
  });
});
