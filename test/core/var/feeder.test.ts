import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, ClosedError, WeightsError } from "../../../src/base/errors.js";
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
function fill(from: number, to = from, items: readonly number[] = [0, 1, 2]): Step {
  const keep = STARTS[Math.max(0, from - 1)]!;
  const feed = run(keep, STARTS[to]!);
  const values = items.map((item) => feed.map((p) => LINES[item]![p]!));
  return { keep, feed, values, sight: "block", fill: run(STARTS[from]!, STARTS[to + 1]!) };
}

/** Logits [item][position] of passes one after the other. */
function rows(predictions: readonly Prediction[], half: "conditional" | "unconditional" = "conditional"): number[][][] {
  const out: number[][][] = [];
  for (const prediction of predictions) {
    const { shape, data } = prediction[half]!;
    const [B, R, V] = shape as [number, number, number];
    for (let row = 0; row < B * R; row++)
      (out[Math.floor(row / R)] ??= []).push([...data.subarray(row * V, (row + 1) * V)]);
  }
  return out;
}

function expectClose(actual: readonly (readonly number[][])[], expected: readonly (readonly number[][])[]): void {
  const [a, b] = [actual.flat(2), expected.flat(2)];
  expect(a.length).toBe(b.length);
  expect(a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0)).toBeLessThan(1e-5);
}

describe.each(kinds)("a session of a %s model", (kind) => {
  const { condition, none } = TINY_SCALES[kind];
  const open = (guided = false, of: Condition = condition) =>
    openSession(models[kind], { condition: of, paint: paintWaves }, { guided });
  const whole = async (guided = false, of?: Condition, items?: readonly number[]) => {
    await using session = await open(guided, of);
    return await session.forward(fill(0, 2, items));
  };

  test("a scale a pass is all scales in one pass", async () => {
    const expected = rows([await whole()]);
    expect(expected[0]!.length).toBe(POSITIONS);
    await using session = await open();
    expectClose(
      rows([await session.forward(fill(0)), await session.forward(fill(1)), await session.forward(fill(2))]),
      expected,
    );
    await using halves = await open();
    expectClose(rows([await halves.forward(fill(0, 1)), await halves.forward(fill(2))]), expected);
  });

  test("a batch of three is three runs", async () => {
    const together = rows([await whole(true)]);
    for (const item of [0, 1, 2])
      expectClose(rows([await whole(true, pick(condition, [item]), [item])]), [together[item]!]);
    expect(together[0]).not.toEqual(together[1]);
  });

  test("forgotten and fed again is the same", async () => {
    const expected = rows([await whole()]);
    const behind = (start: number) => expected.map((line) => line.slice(start));
    await using session = await open();
    await session.forward(fill(0, 2));
    expect(session.length).toBe(5);
    expectClose(rows([await session.forward(fill(2))]), behind(5));
    expectClose(rows([await session.forward(fill(1, 2))]), behind(1));
    session.truncate(1);
    expect(session.length).toBe(1);
    expectClose(rows([await session.forward(fill(2))]), behind(5));
    expectClose(rows([await session.forward(fill(0, 2))]), expected);
  });

  test("a fork continues its parent", async () => {
    const parents = [2, 2, 0];
    await using session = await open(true);
    await session.forward(fill(0, 1));
    await session.fork(parents);
    const forked = await session.forward(fill(2, 2, parents));
    const straight = await whole(true);
    for (const half of ["conditional", "unconditional"] as const) {
      const expected = rows([straight], half);
      expectClose(
        rows([forked], half),
        parents.map((parent) => expected[parent]!.slice(5)),
      );
    }
  });

  test("the unconditional half is the model without a condition", async () => {
    const guided = await whole(true);
    expectClose(rows([guided], "unconditional"), rows([await whole(false, none)]));
    expectClose(rows([guided]), rows([await whole()]));
    expect(rows([guided], "unconditional")).not.toEqual(rows([guided]));
  });

  test("where guidance ends, passes leave the unconditional half out and predict the same", async () => {
    const expected = rows([await whole(true)]).map((line) => line.slice(5));
    await using session = await openSession(models[kind], { condition, paint: paintWaves }, { guided: true });
    for (const scale of [0, 1]) expect((await session.forward(fill(scale))).unconditional).not.toBeNull();
    const last = await session.forward(fill(2), false);
    expect(last.unconditional).toBeNull();
    expectClose(rows([last]), expected);
    await expect(session.forward(fill(1), true)).rejects.toThrow("guidance has ended");
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
    return rows([await session.forward(fill(0, 2))]);
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
      const predictions: Prediction[] = [];
      for (const scale of [0, 1, 2]) predictions.push(await session.forward(fill(scale, scale, items), scale < 2)); // one row in the last
      return rows(predictions.map(({ conditional }) => ({ conditional, unconditional: null })));
    };
    expect(await passes([0])).toEqual([(await passes([0, 1, 2]))[0]]);
  },
);

test("the words of a caption matter, their order too", async () => {
  const logits = async (caption: readonly number[]) => {
    const condition: Condition = { kind: "caption", styles: [0], captions: [caption] };
    await using session = await openSession(models.caption, { condition, paint: paintWaves }, { guided: false });
    return rows([await session.forward(fill(0, 0, [0]))]);
  };
  expect(await logits([5, 6])).not.toEqual(await logits([5, 7]));
  expect(await logits([5, 6])).not.toEqual(await logits([6, 5]));
});

describe("refusals", () => {
  let session: Session<Cell>;
  beforeAll(async () => {
    const { condition } = TINY_SCALES.own;
    session = await openSession(models.own, { condition, paint: paintWaves }, { guided: false });
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
    ["keeping more than lies before", step({ keep: 1 })],
    ["causal sight", step({ sight: "causal" })],
    ["ids of fewer items", step({ values: [[1], [2]] })],
  ])("%s", async (_, wrong) => {
    await expect(session.forward(wrong)).rejects.toThrow(ArgumentError);
  });

  test("forks of items that are not there, and lengths inside a scale", async () => {
    await expect(session.fork([0, 1, 3])).rejects.toThrow(ArgumentError);
    expect(() => session.truncate(3)).toThrow(ArgumentError);
  });

  test("conditions of another kind", async () => {
    const { condition } = TINY_SCALES.caption;
    const opening = openSession(models.own, { condition, paint: paintWaves }, { guided: false });
    await expect(opening).rejects.toThrow(ArgumentError);
  });

  test("use after close", async () => {
    const { condition } = TINY_SCALES.own;
    const other = await openSession(models.own, { condition, paint: paintWaves }, { guided: false });
    await other.close();
    await expect(other.forward(fill(0))).rejects.toThrow(ClosedError);
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
