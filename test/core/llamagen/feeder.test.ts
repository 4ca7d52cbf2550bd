import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, UnknownNameError, WeightsError } from "../../../src/base/errors.js";
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
import { conformSession, expectClose, rowsOf } from "../conform-session.js";
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
function feed(first: number, last: number, lines = LINES): Step {
  const keep = Math.max(0, first);
  const positions = Array.from({ length: last - keep }, (_, i) => keep + i);
  return {
    keep,
    feed: positions,
    values: lines.map((line) => positions.map((p) => line[p]!)),
    sight: "causal",
    fill: [...(first < 0 ? [0] : []), ...positions.map((p) => p + 1)],
  };
}

const rows = (step: Step, prediction: Prediction) => rowsOf([[step.fill, prediction]]);

const kinds: Kind[] = ["class", "features", "caption"];

describe.each(kinds)("conditioned on %s", (kind) => {
  const { condition } = TINY[kind];
  const none: Partial<Record<Kind, Condition>> = {
    class: { kind: "class", classes: [null, null, null] },
    caption: { kind: "caption", styles: [null, null, null], captions: [[], [], []] },
  };
  conformSession<number>(kind, {
    open: (items, guided) => openSession(models[kind], pick(condition, items), { guided }),
    ...(none[kind] && { openUnconditional: () => openSession(models[kind], none[kind]!, { guided: false }) }),
    lines: LINES,
    groups: LINES[0]!.map((_, position) => [position]),
    whole: (lines) => feed(-1, 8, lines as number[][]),
  });

  test("decoded items do not depend on their batch", async () => {
    const run = async (items: readonly number[], firstItem: number) => {
      await using session = await openSession(models[kind], pick(condition, items), { guided: true });
      const options = { seed: 5, guidance: guidance(2.5, 6), sampling: { topK: 9 }, firstItem };
      for await (const event of decode(session, nextToken(items.length, 9), sampler(options)))
        if (event.type === "decode-end") return event.values.map((ids) => [...ids]);
      return [];
    };
    const together = await run([0, 1, 2], 0);
    for (const item of [0, 1, 2]) expect(await run([item], item)).toEqual([together[item]]);
  });
});

test("a tree of drafts predicts what each of its paths would, and the path that is kept goes on as if it had been alone", async () => {
  await using session = await openSession(models.class, TINY.class.condition, { guided: true });
  await session.forward(feed(-1, 2));
  // Behind positions 0 and 1: two ids at position 2, and behind each of them others at positions 3 and 4.
  const parents = [-1, -1, 0, 1, 3];
  const ids = [4, 9, 11, 17, 23];
  const tree: Step = {
    keep: 2,
    feed: [2, 2, 3, 3, 4],
    values: LINES.map(() => ids),
    sight: { parents },
    fill: [3, 3, 4, 4, 5],
    after: [0, 1, 2, 3, 4],
  };
  const branched = rowsOf([[parents.map((_, entry) => entry), await session.forward(tree)]]); // by entry
  const path = [1, 3, 4];
  const lines = LINES.map((line) => [...line.slice(0, 2), ...path.map((entry) => ids[entry]!), ...line.slice(5)]);
  await using alone = await openSession(models.class, TINY.class.condition, { guided: true });
  await alone.forward(feed(-1, 2, lines));
  const straight = rows(feed(2, 5, lines), await alone.forward(feed(2, 5, lines)));
  path.forEach((entry, depth) => {
    expectClose([branched[entry]!], [straight[3 + depth]!]);
  });

  const kept: Step = { ...feed(5, 8, lines), keep: [0, 1, ...path.map((entry) => 2 + entry)] };
  expectClose(rows(kept, await session.forward(kept)), rows(kept, await alone.forward(feed(5, 8, lines))));
  expect(session.length).toBe(8);
});

test("in a block all see each other, in whatever order they are fed", async () => {
  const block = async (positions: readonly number[], sight: "block" | "causal") => {
    await using session = await openSession(models.class, TINY.class.condition, { guided: false });
    await session.forward(feed(-1, 2));
    const values = LINES.map((line) => positions.map((p) => line[p]!));
    const step = { keep: 2, feed: positions, values, sight, fill: [3, 4, 5] };
    return [rows(step, await session.forward(step)), rows(feed(5, 8), await session.forward(feed(5, 8)))] as const;
  };
  const [inside, behind] = await block([2, 3, 4], "block");
  const [permuted, behindPermuted] = await block([4, 2, 3], "block");
  expectClose(permuted, inside);
  expectClose(behindPermuted, behind);
  const [causal] = await block([2, 3, 4], "causal");
  expect(causal[3]).not.toEqual(inside[3]); // position 2 now misses 3 and 4
});

test("padding of the prompt has no influence", async () => {
  const { condition } = TINY.features;
  if (condition.kind !== "features") throw new Error();
  const changed = condition.features.data.slice();
  changed[0] = 17; // slot 0 of item 0, hidden by its mask
  const other: Condition = { ...condition, features: { shape: condition.features.shape, data: changed } };
  const logits = async (of: Condition) => {
    await using session = await openSession(models.features, of, { guided: false });
    return rows(feed(-1, 8), await session.forward(feed(-1, 8)));
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
    ["ids outside the vocabulary", step({ values: [[1], [31], [2]] })],
    ["fewer ids than positions", step({ values: [[1], [], [2]] })],
    ["filling what nothing predicts", step({ fill: [7] })],
    ["filling position 0 behind others", step({ fill: [0] })],
  ])("%s", async (_, wrong) => {
    await expect(session.forward(wrong)).rejects.toThrow(ArgumentError);
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
