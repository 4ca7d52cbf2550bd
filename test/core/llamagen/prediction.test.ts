/** Models that are trained for other orders than raster: their sessions, and who may decode them how. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, UnknownNameError, WeightsError } from "../../../src/base/errors.js";
import type { Condition } from "../../../src/core/condition.js";
import {
  derive,
  objectiveOf,
  type PredictionConfig,
  parseTransformerConfig,
  type TransformerConfig,
} from "../../../src/core/llamagen/config.js";
import { decode } from "../../../src/core/decode/loop.js";
import { diagonals } from "../../../src/core/grid.js";
import { nextNeighbor } from "../../../src/core/decode/next-neighbor.js";
import { nextToken } from "../../../src/core/decode/next-token.js";
import { type DecodingName, ordersOf, strategyOf } from "../../../src/core/orders.js";
import { regionGroups } from "../../../src/core/grid.js";
import { sampler } from "../../../src/core/decode/sampler.js";
import type { Step, Strategy } from "../../../src/core/decode/step.js";
import { narGuidance } from "../../../src/core/sampling/guidance.js";
import { LLAMAGEN, type Transformer } from "../../../src/core/llamagen/architecture.js";
import { openModel } from "../../../src/core/model.js";
import { openSession } from "../../../src/core/session.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import { memoryCheckpoint } from "../../../src/engine/weights/stored.js";
import { conformSession } from "../conform-session.js";
import { pick, randomWeights, TINY } from "../tiny-transformer.js";

const CAPTION = TINY.caption;
const CLASS = TINY.class;

const trainedFor = (base: TransformerConfig, prediction: PredictionConfig, change: object = {}) =>
  parseTransformerConfig({ ...base, prediction, ...change });

const {
  positionEncoding: _,
  conditionRotation: __,
  ropeBase: ___,
  ...unplaced
} = CLASS.config as Record<string, unknown>;

/** A model of each kind, with its positions in the groups that are drawn together. */
const MODELS = {
  picture: {
    config: trainedFor(CAPTION.config, { kind: "next-neighbor" }),
    condition: CAPTION.condition,
    groups: diagonals([3, 3]),
  },
  "padded picture": {
    config: trainedFor(TINY.features.config, { kind: "next-neighbor" }, { grid: 2 }),
    condition: TINY.features.condition,
    groups: diagonals([2, 2]),
  },
  video: {
    config: parseTransformerConfig({
      ...unplaced,
      ...{ prediction: { kind: "next-neighbor-video", frames: 2, rows: 2 }, positionEncoding: "learned" },
    }),
    condition: CLASS.condition,
    groups: diagonals([2, 2, 3]),
  },
  regions: {
    config: trainedFor(CLASS.config, { kind: "regions", regions: 4 }, { grid: 4 }),
    condition: CLASS.condition,
    groups: regionGroups(4, 4).flatMap((group, i) => (i === 0 ? group.map((position) => [position]) : [group])),
  },
} satisfies Record<string, { config: TransformerConfig; condition: Condition; groups: readonly (readonly number[])[] }>;
type Name = keyof typeof MODELS;
const NAMES = Object.keys(MODELS) as Name[];

const engine = referenceEngine();
const models = {} as Record<Name, Transformer>;
beforeAll(async () => {
  for (const name of NAMES)
    models[name] = await openModel(engine, LLAMAGEN, MODELS[name].config, randomWeights(MODELS[name].config));
});
afterAll(() => engine.close());

const open = (name: Name, { guided = false, condition = MODELS[name].condition as Condition } = {}) =>
  openSession(models[name], condition, { guided });

/** Decodes with the model's own order; answers the ids of each item. */
async function decoded(name: Name, items: readonly number[], options: { temperature: number; firstItem?: number }) {
  const { config, condition } = MODELS[name];
  await using session = await open(name, { guided: true, condition: pick(condition, items) });
  const { temperature, firstItem } = options;
  const guidance = narGuidance(2.5, 4);
  const coins = sampler({ seed: 5, sampling: { temperature }, guidance, firstItem });
  for await (const event of decode(session, strategyOf(items.length, objectiveOf(config)), coins))
    if (event.type === "decode-end") return event.values.map((line) => [...line]);
  return [];
}

/** All ids given in one pass, with ranks in place of passes. */
function forced(ids: readonly (readonly number[])[], groups: readonly (readonly number[])[]): Step {
  const feed = groups.flat(); // special slots stand behind the last of the first tokens only in the order of the sequence
  const sight = groups.flatMap((group, rank) => group.map(() => rank));
  const values = ids.map((line) => feed.map((position) => line[position]!));
  return { keep: 0, feed, values, sight, fill: feed.toSorted((a, b) => a - b) };
}

describe.each(NAMES)("the %s model", (name) => {
  const { config, condition, groups } = MODELS[name];
  const { positions } = derive(config);
  const V = config.vocabulary;
  const LINES = [0, 1, 2].map((item) => Array.from({ length: positions }, (_, p) => (7 * item + 5 * p * p + 3) % V));

  conformSession<number>(name, {
    open: (items, guided) => open(name, { guided, condition: pick(condition, items) }),
    ...{ lines: LINES, groups, whole: (lines) => forced(lines, groups) },
  });

  test("greedy decoding follows the teacher-forced argmax", async () => {
    const ids = await decoded(name, [0, 1, 2], { temperature: 0 });
    await using session = await open(name, { guided: true });
    const { conditional, unconditional } = await session.forward(forced(ids, groups));
    const { drawnBefore } = strategyOf(1, objectiveOf(config));
    ids.forEach((line, item) => {
      line.forEach((id, p) => {
        const at = (item * positions + p) * V;
        const guided = Array.from({ length: V }, (_, v) => {
          const [c, u] = [conditional.data[at + v]!, unconditional!.data[at + v]!];
          return drawnBefore(p) <= 4 ? u + (c - u) * 2.5 : c;
        });
        expect(guided.indexOf(Math.max(...guided)), `item ${item}, position ${p}`).toBe(id);
      });
    });
  });

  test("items do not depend on their batch", async () => {
    const together = await decoded(name, [0, 1, 2], { temperature: 1 });
    expect(new Set(together.map(String)).size).toBe(3);
    for (const item of [0, 1, 2])
      expect(await decoded(name, [item], { temperature: 1, firstItem: item })).toEqual([together[item]]);
  });
});

describe("orders that a model was not trained for", () => {
  const run = async (name: Name, strategy: Strategy) => {
    await using session = await open(name);
    for await (const _ of decode(session, strategy, sampler({ seed: 0 })));
  };

  test("are refused by name, with those it was trained for", () => {
    const message = (config: TransformerConfig, order: string) => {
      try {
        return strategyOf(1, objectiveOf(config), order as DecodingName).items;
      } catch (error) {
        expect(error).toBeInstanceOf(UnknownNameError);
        return (error as Error).message;
      }
    };
    expect(message(CLASS.config, "next-neighbor")).toMatch(/"next-token" model.*"next-neighbor"[^]*one of: next-token/);
    expect(message(MODELS.video.config, "next-token")).toMatch(/one of: next-neighbor/);
    expect(message(MODELS.regions.config, "toString")).toMatch(/one of: parallel-regions/);
    expect(strategyOf(3, objectiveOf(MODELS.picture.config), "next-neighbor")).toMatchObject({ items: 3, most: 9 });
    expect(NAMES.map((name) => ordersOf(objectiveOf(MODELS[name].config))[0])).toEqual([
      ...["next-neighbor", "next-neighbor", "next-neighbor", "parallel-regions"],
    ]);
  });

  test.each<[string, Name, () => Strategy]>([
    ["raster order with heads for neighbours", "picture", () => nextToken(3, 9)],
    ["raster order with regions", "regions", () => nextToken(3, 16)],
    ["diagonals with regions", "regions", () => nextNeighbor(3, [4, 4])],
    ["a larger grid", "picture", () => nextNeighbor(3, [4, 4])],
  ])("fail at the first pass that they cannot make: %s", async (_, name, strategy) => {
    const failure = await run(name, strategy()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ArgumentError);
    expect((failure as Error).message).toContain(`"${MODELS[name].config.prediction.kind}" model`);
  });

  test("so does a model of another order for diagonals", async () => {
    await using model = await openModel(engine, LLAMAGEN, CLASS.config, randomWeights(CLASS.config));
    await using session = await openSession(model, CLASS.condition, { guided: false });
    const run = decode(session, nextNeighbor(3, [3, 3]), sampler({ seed: 0 }));
    await expect(async () => {
      for await (const _ of run);
    }).rejects.toThrow(/"next-token" model predicts/);
  });
});

test("files: heads that are missing are named, caches that were saved are dropped", async () => {
  const { config } = MODELS.regions;
  const good = randomWeights(config);
  const tensors = await Promise.all(
    [...good.entries.values()].map(
      async ({ name, shape }) => [name, { shape, data: await good.floats(name) }] as const,
    ),
  );
  const cache = ["layers.1.attention.kv_cache.k_cache", { shape: [2], data: new Float32Array(2) }] as const;
  await using _ = await openModel(engine, LLAMAGEN, config, memoryCheckpoint("saved", [...tensors, cache]));
  const plain = randomWeights(CLASS.config);
  const failure = await openModel(engine, LLAMAGEN, trainedFor(CLASS.config, { kind: "next-neighbor" }), plain).catch(
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(WeightsError);
  const missing = (failure as WeightsError).faults.map((fault) => fault.split(/ +/)[1]);
  expect(missing).toEqual(
    expect.arrayContaining(["medusa_norm.weight", "medusa_output.weight", "layers.2.ffn_norm.weight"]),
  );
});
