import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, ClosedError, UnknownNameError, WeightsError } from "../../../src/base/errors.js";
import type { Condition } from "../../../src/core/condition.js";
import { decode } from "../../../src/core/decode/loop.js";
import { nextToken } from "../../../src/core/decode/next-token.js";
import { sampler } from "../../../src/core/decode/sampler.js";
import type { Prediction, Step } from "../../../src/core/decode/step.js";
import { guidance } from "../../../src/core/sampling/guidance.js";
import { LLAMAGEN, type Transformer } from "../../../src/core/llamagen/architecture.js";
import { openModel } from "../../../src/core/model.js";
import { openSession, type Session } from "../../../src/core/session.js";
import { decoderGraph } from "../../../src/core/llamagen/graph.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import { memoryCheckpoint } from "../../../src/engine/weights/stored.js";
import { type Kind, pick, randomWeights, TINY } from "../tiny-transformer.js";

const engine = referenceEngine();
const models = {} as Record<Kind, Transformer>;
beforeAll(async () => {
  for (const kind of Object.keys(TINY) as Kind[])
    models[kind] = await openModel(engine, LLAMAGEN, TINY[kind].config, randomWeights(TINY[kind].config));
});
afterAll(() => engine.close());

/** Given ids for all nine positions, another line for each item. */
const LINES = [0, 1, 2].map((item) => Array.from({ length: 9 }, (_, p) => (7 * item + 5 * p * p + 3) % 31));

/** A pass that feeds positions first … last-1 of LINES and asks for what comes after each; first -1: the condition, too. */
function feed(first: number, last: number, items: readonly number[] = [0, 1, 2]): Step {
  const keep = Math.max(0, first);
  const positions = Array.from({ length: last - keep }, (_, i) => keep + i);
  return {
    keep,
    feed: positions,
    values: items.map((item) => positions.map((p) => LINES[item]![p]!)),
    sight: "causal",
    fill: [...(first < 0 ? [0] : []), ...positions.map((p) => p + 1)],
  };
}

/** Rows [item][position] of several predictions in a row. */
function rows(predictions: readonly Prediction[], half: "conditional" | "unconditional" = "conditional"): number[][][] {
  const out: number[][][] = [];
  for (const prediction of predictions) {
    const { shape, data } = prediction[half]!;
    const [B, R, V] = shape as [number, number, number];
    for (let item = 0; item < B; item++)
      for (let r = 0; r < R; r++) {
        (out[item] ??= []).push([...data.subarray((item * R + r) * V, (item * R + r + 1) * V)]);
      }
  }
  return out;
}

/** The reference engine adds in one order whatever the batch, and in float64: equal up to the last bits of float32. */
function expectClose(actual: readonly (readonly number[][])[], expected: readonly (readonly number[][])[]): void {
  const [a, b] = [actual.flat(2), expected.flat(2)];
  expect(a.length).toBe(b.length);
  const error = a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
  expect(error).toBeLessThan(1e-5);
}

const kinds: Kind[] = ["class", "features", "caption"];

describe.each(kinds)("a session conditioned on %s", (kind) => {
  const { condition } = TINY[kind];
  const open = (guided = false, of: Condition = condition) => openSession(models[kind], of, { guided });
  const whole = async (guided = false, of?: Condition, items?: readonly number[]) => {
    await using session = await open(guided, of);
    return await session.forward(feed(-1, 8, items));
  };

  test("all at once, one by one, and in pieces are the same", async () => {
    const expected = rows([await whole()]);
    expect(expected[0]!.length).toBe(9);
    for (const cuts of [
      [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8],
      [-1, 3, 8],
      [-1, 0, 7, 8],
    ]) {
      await using session = await open();
      const predictions: Prediction[] = [];
      for (let i = 0; i + 1 < cuts.length; i++) predictions.push(await session.forward(feed(cuts[i]!, cuts[i + 1]!)));
      expectClose(rows(predictions), expected);
    }
  });

  test("a batch of three is three runs", async () => {
    const together = rows([await whole(true)]);
    for (const item of [0, 1, 2]) {
      const alone = await whole(true, pick(condition, [item]), [item]);
      expectClose(rows([alone]), [together[item]!]);
    }
    expect(together[0]).not.toEqual(together[1]);
  });

  test("forgotten and fed again is the same", async () => {
    const expected = rows([await whole()]);
    await using session = await open();
    await session.forward(feed(-1, 6));
    expectClose(
      rows([await session.forward(feed(2, 8))]),
      [0, 1, 2].map((item) => expected[item]!.slice(3)),
    );
    expect(session.length).toBe(8);
    session.truncate(3);
    expect(session.length).toBe(3);
    expectClose(
      rows([await session.forward(feed(3, 8))]),
      [0, 1, 2].map((item) => expected[item]!.slice(4)),
    );
    expectClose(rows([await session.forward(feed(-1, 8))]), expected); // from the condition on
  });

  test("a fork continues its parent", async () => {
    await using session = await open(true);
    await session.forward(feed(-1, 4));
    await session.fork([2, 2, 0]);
    const parents = [2, 2, 0];
    const forked = await session.forward(feed(4, 8, parents));
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
    const guided = rows([await whole(true)], "unconditional");
    if (kind === "class" || kind === "caption") {
      const none: Condition =
        kind === "class"
          ? { kind, classes: [null, null, null] }
          : { kind, styles: [null, null, null], captions: [[], [], []] };
      expectClose(guided, rows([await whole(false, none)]));
    }
    expect(guided).not.toEqual(rows([await whole(true)]));
    expectClose(rows([await whole(true)]), rows([await whole(false)]));
  });

  test("decoded items do not depend on their batch", async () => {
    const run = async (items: readonly number[], firstItem: number) => {
      await using session = await open(true, pick(condition, items));
      const options = { seed: 5, guidance: guidance(2.5, 6), sampling: { topK: 9 }, firstItem };
      for await (const event of decode(session, nextToken(items.length, 9), sampler(options)))
        if (event.type === "decode-end") return event.values.map((ids) => [...ids]);
      return [];
    };
    const together = await run([0, 1, 2], 0);
    for (const item of [0, 1, 2]) expect(await run([item], item)).toEqual([together[item]]);
  });
});

test("in a block all see each other, in whatever order they are fed", async () => {
  const block = async (positions: readonly number[], sight: "block" | "causal") => {
    await using session = await openSession(models.class, TINY.class.condition, { guided: false });
    await session.forward(feed(-1, 2));
    const ids = LINES.map((line) => positions.map((p) => line[p]!));
    const step = { keep: 2, feed: positions, values: ids, sight, fill: [3, 4, 5] };
    return [rows([await session.forward(step)]), rows([await session.forward(feed(5, 8))])] as const;
  };
  const [inside, behind] = await block([2, 3, 4], "block");
  const [permuted, behindPermuted] = await block([4, 2, 3], "block");
  expectClose(permuted, inside);
  expectClose(behindPermuted, behind);
  const [causal] = await block([2, 3, 4], "causal");
  expect(causal[0]![0]).not.toEqual(inside[0]![0]); // position 2 now misses 3 and 4
});

test("padding of the prompt has no influence", async () => {
  const { condition } = TINY.features;
  if (condition.kind !== "features") throw new Error();
  const changed = condition.features.data.slice();
  changed[0] = 17; // slot 0 of item 0, hidden by its mask
  const other: Condition = { ...condition, features: { shape: condition.features.shape, data: changed } };
  const logits = async (of: Condition) => {
    await using session = await openSession(models.features, of, { guided: false });
    return rows([await session.forward(feed(-1, 8))]);
  };
  expect(await logits(other)).toEqual(await logits(condition));
  changed[4 * 11] = 17; // slot 4, visible
  expect(await logits(other)).not.toEqual(await logits(condition));
});

describe("refusals", () => {
  let session: Session;
  beforeAll(async () => {
    session = await openSession(models.class, TINY.class.condition, { guided: false });
    await session.forward(feed(-1, 2));
  });
  const step = (change: Partial<Step>): Step => ({ ...feed(2, 3), ...change });

  test.each([
    ["keeping more than was fed", step({ keep: 3 })],
    ["ids outside the vocabulary", step({ values: [[1], [31], [2]] })],
    ["fewer ids than positions", step({ values: [[1], [], [2]] })],
    ["filling what nothing predicts", step({ fill: [7] })],
    ["filling position 0 behind others", step({ fill: [0] })],
  ])("%s", async (_, wrong) => {
    await expect(session.forward(wrong)).rejects.toThrow(ArgumentError);
  });

  test("forks of items that are not there", async () => {
    await expect(session.fork([0, 1])).rejects.toThrow(ArgumentError);
    await expect(session.fork([0, 1, 3])).rejects.toThrow(ArgumentError);
  });

  test.each<[string, Kind, Condition]>([
    ["another kind", "class", TINY.caption.condition],
    ["no items", "class", { kind: "class", classes: [] }],
    ["an unknown class", "class", { kind: "class", classes: [7] }],
    ["an unknown style", "caption", { kind: "caption", styles: [3], captions: [[]] }],
    ["an unknown word", "caption", { kind: "caption", styles: [0], captions: [[13]] }],
    ["a long caption", "caption", { kind: "caption", styles: [0], captions: [[1, 1, 1, 1, 1]] }],
    ["captions that are missing", "caption", { kind: "caption", styles: [0, 1], captions: [[1]] }],
    ["features of another size", "features", { ...pick(TINY.features.condition, [0]), mask: [] } as Condition],
  ])("conditions: %s", async (_, kind, condition) => {
    await expect(openSession(models[kind], condition, { guided: false })).rejects.toThrow(ArgumentError);
  });

  test("use after close", async () => {
    const other = await openSession(models.class, TINY.class.condition, { guided: false });
    await other.close();
    await expect(other.forward(feed(-1, 1))).rejects.toThrow(ClosedError);
  });

  test("weights that do not fit, all in one error; LlamaGen's stored rotary table is dropped", async () => {
    const { config } = TINY.class;
    const good = randomWeights(config);
    const tensors = await Promise.all(
      [...good.entries.values()].map(
        async ({ name, shape }) => [name, { shape, data: await good.floats(name) }] as const,
      ),
    );
    const extra = (name: string) => [name, { shape: [2], data: new Float32Array(2) }] as const;
    await using _ = await openModel(
      engine,
      LLAMAGEN,
      config,
      memoryCheckpoint("more", [...tensors, extra("freqs_cis")]),
    );
    const wrong = memoryCheckpoint("wrong", [...tensors.slice(1), extra("left.over")]);
    const failure = await openModel(engine, LLAMAGEN, config, wrong).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WeightsError);
    expect((failure as WeightsError).faults.length).toBe(2);
  });

  test("taps that do not exist", () => {
    expect(() => decoderGraph(TINY.class.config, ["layer2"])).toThrow(UnknownNameError);
  });
});
