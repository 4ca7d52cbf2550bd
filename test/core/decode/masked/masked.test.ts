import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../../../src/base/errors.js";
import { type DecodeEvent, decode } from "../../../../src/core/decode/loop.js";
import { type GroupsOf, type MaskedGroup, theseGroups } from "../../../../src/core/decode/masked/group.js";
import { masked, randomRanks } from "../../../../src/core/decode/masked/masked.js";
import { passesOf, SCHEDULES } from "../../../../src/core/decode/masked/schedules.js";
import {
  maskedGroup,
  maskedSettings,
  standingBefore,
  titokSettings,
} from "../../../../src/core/decode/masked/settings.js";
import { keeping } from "../../../../src/core/decode/keeping.js";
import { nextToken } from "../../../../src/core/decode/next-token.js";
import { sampler } from "../../../../src/core/decode/sampler.js";
import type { Forward, Step, Strategy } from "../../../../src/core/decode/step.js";
import { strategyOf } from "../../../../src/core/orders.js";
import { scaleAt, titokGuidance } from "../../../../src/core/sampling/guidance.js";
import { f32 } from "../../../../src/engine/tensor.js";
import { tableModel } from "../../table-model.js";
import { BITS, bitModel, joint } from "./world.js";

const counted = (count: number): number[] => [...Array(count).keys()];

/** Positions that do not know each other, of four ids. */
const cells = (items: number): Forward => tableModel(items, () => [0, 1, 0.5, -1]);

async function run(model: Forward, strategy: Strategy, seed = 3, firstItem = 0) {
  const steps: Step[] = [];
  const watched: Forward = { items: model.items, forward: (step) => (steps.push(step), model.forward(step)) };
  const passes: Extract<DecodeEvent, { readonly type: "tokens-accept" }>[] = [];
  let lines: readonly (readonly number[])[] = [];
  for await (const event of decode(watched, strategy, sampler({ seed, firstItem }))) {
    if (event.type === "decode-end") lines = event.values;
    else passes.push(event);
  }
  return { steps, passes, lines };
}

describe("passes", () => {
  test("leave what the schedules of the papers leave", () => {
    const left = (name: keyof typeof SCHEDULES) => passesOf(12, 8, SCHEDULES[name]).map(({ masked }) => masked);
    expect(left("arccos")).toEqual([11, 10, 9, 8, 6, 5, 3, 0]); // floor(12·acos(k/8)/(π/2)): TiTok
    expect(left("cosine")).toEqual([11, 10, 9, 8, 6, 4, 2, 0]); // floor(12·cos(π/2·k/8)): MaskGIT
    expect(left("linear")).toEqual([10, 9, 7, 6, 4, 3, 1, 0]);
  });

  test("gain something each, so that few positions take few passes, whose progress is that of all", () => {
    expect(passesOf(3, 8, SCHEDULES.linear)).toEqual([
      { index: 0, progress: 0, masked: 2 },
      { index: 1, progress: 1 / 7, masked: 1 },
      { index: 7, progress: 1, masked: 0 },
    ]);
    expect(passesOf(1, 4, SCHEDULES.cosine)).toEqual([{ index: 3, progress: 1, masked: 0 }]);
    expect(passesOf(5, 1, SCHEDULES.cosine)).toEqual([{ index: 0, progress: 0, masked: 0 }]);
  });
});

describe("guidance", () => {
  test("grows by TiTok's rule with the passes, from off", () => {
    const standing = standingBefore(12, titokSettings(8, 4));
    expect(standing).toEqual([0, 1, 2, 3, 4, 6, 7, 9]);
    const scales = standing.map((drawn) => scaleAt(titokGuidance(4.5, standing, 12), 5, drawn));
    expect(scales).toEqual(counted(8).map((k) => 1 + (4.5 * k) / 8));
  });
});

describe("around what is given", () => {
  const objective = { kind: "masked", positions: BITS } as const;
  const quiet = { kind: "masked", confidenceNoise: { from: 0, to: 0 } } as const;
  const oneByOne = { kind: "masked", order: "random", passes: BITS, schedule: "linear" } as const;
  const given = (items: number, keep: readonly number[], ids = [1, 0, 1]) => ({ ids: Array(items).fill(ids), keep });

  test("the first pass sees it, and passes open what is left", async () => {
    const strategy = keeping(strategyOf(2, objective, { ...quiet, passes: 2 }), given(2, [1, 0, 0]));
    const { steps, passes, lines } = await run(bitModel(2), strategy);
    expect(steps.map(({ feed }) => feed.length)).toEqual([1, 2]);
    expect(steps[0]).toMatchObject({ feed: [0], values: [[1], [1]], fill: [1, 2] });
    expect(passes[0]!.accepted[0]!.positions[0]).toBe(0);
    for (const line of lines) expect([line[0], line.length]).toEqual([1, BITS]);
  });

  test("bits are drawn from their distribution under it", async () => {
    const ITEMS = 4000;
    const { lines } = await run(
      bitModel(ITEMS),
      keeping(strategyOf(ITEMS, objective, oneByOne), given(ITEMS, [0, 0, 1])),
    );
    const whole = [0, 1, 2, 3].reduce((sum, n) => sum + joint([n & 1, n >> 1, 1]), 0);
    for (const first of [0, 1])
      for (const second of [0, 1]) {
        const share = lines.filter((line) => line[0] === first && line[1] === second).length / ITEMS;
        expect(Math.abs(share - joint([first, second, 1]) / whole)).toBeLessThan(0.03); // four standard deviations
      }
  });

  test("an item is the same in a batch and alone; everything given is refused", async () => {
    const keep = [0, 1, 0];
    const both = await run(bitModel(2), keeping(strategyOf(2, objective, oneByOne), given(2, keep)));
    const second = strategyOf(1, objective, oneByOne, { firstItem: 1 });
    const alone = await run(bitModel(1), keeping(second, given(1, keep)), 3, 1);
    expect(alone.lines[0]).toEqual(both.lines[1]);
    expect(() => keeping(strategyOf(1, objective, oneByOne), given(1, [1, 1, 1]))).toThrow(ArgumentError);
  });
});

describe("in an order of chance", () => {
  const by = (items: number, passes: number, firstItem = 0) =>
    strategyOf(
      items,
      { kind: "masked", positions: 9 },
      { kind: "masked", order: "random", passes },
      { seed: 5, firstItem },
    );

  test("each position is drawn once, by the coins of every other strategy, however many passes there are", async () => {
    const plain = await run(cells(2), nextToken(2, 9));
    for (const passes of [1, 4, 9]) expect((await run(cells(2), by(2, passes))).lines).toEqual(plain.lines);
    const { steps } = await run(cells(1), by(1, 4));
    expect(steps.flatMap(({ fill }) => fill).sort()).toEqual(counted(9));
    expect(steps.map(({ feed }) => feed.length)).toEqual([0, 1, 3, 6]);
  });

  test("orders differ from item to item and go with its number", async () => {
    const order = async (items: number, firstItem: number, item: number) => {
      const { passes } = await run(cells(items), by(items, 9, firstItem));
      return passes.flatMap(({ accepted }) => accepted[item]!.positions);
    };
    expect(await order(2, 0, 1)).toEqual(await order(1, 1, 0));
    expect(await order(2, 0, 1)).not.toEqual(await order(2, 0, 0));
  });

  test("a pass says what an item does not have of what it feeds", async () => {
    const { steps, passes } = await run(cells(2), by(2, 3));
    const standing = [new Set<number>(), new Set<number>()];
    steps.forEach(({ feed, absent }, pass) => {
      for (const item of [0, 1])
        expect(feed.filter((_, i) => !absent![item]![i])).toEqual([...standing[item]!].sort((a, b) => a - b));
      passes[pass]!.accepted.forEach(({ positions }, item) => positions.forEach((p) => standing[item]!.add(p)));
    });
    expect(steps[1]!.absent!.flatMap((flags) => [...flags])).toContain(1);
  });
});

describe("by confidence", () => {
  test("guesses are all that was drawn and not kept", async () => {
    const { passes } = await run(
      cells(1),
      strategyOf(1, { kind: "masked", positions: 9 }, { kind: "masked", passes: 3 }),
    );
    expect(passes.length).toBe(3);
    const standing = new Set<number>();
    for (const { accepted, guesses } of passes) {
      for (const position of accepted[0]!.positions) standing.add(position);
      expect([...standing, ...guesses[0]!.positions].sort()).toEqual(counted(9));
    }
  });

  test("what is drawn again has other coins, and a temperature that falls to 0 ends in the most probable", async () => {
    const one = maskedGroup([0, 1], maskedSettings({ passes: 2, temperature: { from: 1, to: 0 } }));
    let changed = 0;
    for (let seed = 0; seed < 40; seed++) {
      const { passes } = await run(cells(1), masked(1, 2, theseGroups([one])), seed);
      const guess = passes[0]!.guesses[0]!.values[0];
      const final = passes[1]!.accepted[0]!.values[0];
      expect(final).toBe(1);
      if (guess !== final) changed++;
    }
    expect(changed).toBeGreaterThan(10); // the most probable has 0.43
    const warm = maskedGroup([0, 1], maskedSettings({ passes: 2 }));
    const again = await Promise.all(counted(40).map((seed) => run(cells(1), masked(1, 2, theseGroups([warm])), seed)));
    const same = again.filter(({ passes }) => passes[0]!.guesses[0]!.values[0] === passes[1]!.accepted[0]!.values[0]);
    expect(same.length).toBeGreaterThan(5);
    expect(same.length).toBeLessThan(30);
  });
});

describe("groups", () => {
  /** Level by level: each 1 among the last values opens two positions below it. */
  const levels: GroupsOf = (n, _, values) => {
    const counts = [2];
    let at = 0;
    for (let level = 0; level < n; level++) {
      const bits = values.slice(at, at + counts[level]!);
      at += bits.length;
      counts.push(2 * bits.filter((bit) => bit === 1).length);
    }
    if (n === 3 || counts[n] === 0) return null;
    return maskedGroup(
      counted(counts[n]!).map((i) => at + i),
      maskedSettings({ passes: 2, order: "random" }),
    );
  };

  test("may follow from what was drawn, so that items have different lengths", async () => {
    const { lines, passes } = await run(cells(6), masked(6, 14, levels, randomRanks(1)));
    expect(new Set(lines.map(({ length }) => length)).size).toBeGreaterThan(1);
    for (const [item, line] of lines.entries()) {
      const first = line.slice(0, 2).filter((id) => id === 1).length;
      const second = line.slice(2, 2 + 2 * first).filter((id) => id === 1).length;
      expect(line.length).toBe(2 + 2 * first + 2 * second);
      expect(passes.flatMap(({ accepted }) => accepted[item]!.positions).length).toBe(line.length);
    }
  });

  test("that are revised become final as a whole, and only what stands is drawn anew", async () => {
    const asked: number[] = [];
    const group: MaskedGroup = {
      ...{ positions: counted(8), passes: 4, schedule: SCHEDULES.linear, temperature: { from: 1, to: 1 } },
      confidence: null,
      revision: {
        after: 0.5,
        doubtful({ positions, value, k, staysMasked }, draws) {
          asked.push(positions.filter((position) => value(position) === null).length);
          expect(positions.filter(staysMasked)).toEqual([]); // of the last pass, the only one beyond the half
          return positions.filter((position) => draws.logit(0, k(position), value(position) ?? 0) < 1);
        },
      },
    };
    const { passes, steps, lines } = await run(
      cells(1),
      masked(1, 8, theseGroups([group]), (_, p) => p),
    );
    expect(asked).toEqual([2]);
    expect(passes.map(({ accepted }) => accepted[0]!.positions.length)).toEqual([0, 0, 0, 8]);
    expect(passes[2]!.guesses[0]!.positions).toEqual(counted(6));
    expect(steps.map(({ fill }) => fill.length)).toEqual([2, 2, 2, 8]);
    const stood = passes[2]!.guesses[0]!.values;
    stood.forEach((id, position) => {
      if (id === 1) expect(lines[0]![position]).toBe(1); // logit 1: left alone
    });
    expect(lines[0]!.slice(0, 6)).not.toEqual(stood);
  });
});

describe("refuses", () => {
  const refusal = (options: object) => () =>
    strategyOf(1, { kind: "masked", positions: 4 }, { kind: "masked", ...options });
  test("settings out of range, with their names", () => {
    expect(refusal({ passes: 0 })).toThrow("decoding.passes");
    expect(refusal({ schedule: "cosin" })).toThrow("cosine");
    expect(refusal({ order: "entropy" })).toThrow("random");
    expect(refusal({ temperature: { from: -1, to: 0 } })).toThrow("decoding.temperature.from");
    expect(refusal({ confidenceNoise: { from: 1 } })).toThrow("decoding.confidenceNoise.to");
    expect(refusal({ noise: 1 })).toThrow("decoding.noise");
  });

  test("orders of other models", () => {
    expect(() => strategyOf(1, { kind: "masked", positions: 4 }, "next-token")).toThrow("masked");
  });
});

test("logits of what cannot be are never drawn", async () => {
  const model: Forward = {
    items: 1,
    forward: async ({ fill }) => ({
      conditional: f32(
        [1, fill.length, 3],
        fill.flatMap(() => [Number.NEGATIVE_INFINITY, 0, 0]),
      ),
      unconditional: null,
    }),
  };
  const { lines } = await run(model, strategyOf(1, { kind: "masked", positions: 30 }));
  expect(lines[0]).not.toContain(0);
});
