import { describe, expect, test } from "vitest";
import { ArgumentError, UnknownNameError } from "../../../../src/base/errors.js";
import { RULES, type RuleName } from "../../../../src/core/decode/jacobi/acceptance.js";
import { INITIALISERS } from "../../../../src/core/decode/jacobi/initialisers.js";
import {
  type JacobiOptions,
  type JacobiSettings,
  jacobi,
  speculative,
} from "../../../../src/core/decode/jacobi/jacobi.js";
import { markedLayout, rasterLayout, type TokenLayout } from "../../../../src/core/decode/layout.js";
import { type DecodeEvent, decode } from "../../../../src/core/decode/loop.js";
import { nextToken } from "../../../../src/core/decode/next-token.js";
import { type SamplerOptions, sampler } from "../../../../src/core/decode/sampler.js";
import type { Strategy } from "../../../../src/core/decode/step.js";
import { guidance } from "../../../../src/core/sampling/guidance.js";
import { chiSquarePooled, limitOf } from "../../chi-square.js";
import { markovLogits, type Table, tableModel } from "../../table-model.js";

const LAYOUT = rasterLayout(4, 3);

interface Ended {
  readonly ids: readonly (readonly number[])[];
  readonly events: readonly DecodeEvent[];
}

async function run(
  strategy: Strategy,
  options: Partial<SamplerOptions> = {},
  table = markovLogits,
  other?: Table,
): Promise<Ended> {
  const events: DecodeEvent[] = [];
  const model = tableModel(strategy.items, table, other);
  for await (const event of decode(model, strategy, sampler({ seed: 7, ...options }))) events.push(event);
  const last = events.at(-1)!;
  if (last.type !== "decode-end") throw new Error("a run ends with decode-end");
  return { ids: last.values.map((ids) => [...ids]), events };
}

const settings = (rule: RuleName, window: JacobiSettings["window"], initialiser: JacobiSettings["initialiser"]) =>
  ({ rule, window, initialiser }) as const;

describe("coupled", () => {
  test.each([1, 2, 5, 16, 32, { least: 2, most: 9 }])(
    "window %o: the ids of next-token, from any first guess",
    async (window) => {
      const expected = (await run(nextToken(5, 23))).ids;
      for (const initialiser of INITIALISERS) {
        const strategy = jacobi(5, 23, LAYOUT, { rule: "coupled", initialiser, window });
        expect((await run(strategy)).ids, initialiser).toEqual(expected);
      }
    },
  );

  test("also with guidance, filters and a repetition penalty", async () => {
    const flat: Table = (line) => [0.3 * line.length, 1, 0.5];
    const options = {
      sampling: { temperature: 0.8, topK: 2, topP: 0.9, repetitionPenalty: 1.3 },
      guidance: guidance(2.5, 9),
    };
    const expected = (await run(nextToken(3, 17), options, markovLogits, flat)).ids;
    expect((await run(jacobi(3, 17, LAYOUT, { window: 6 }), options, markovLogits, flat)).ids).toEqual(expected);
  });
});

describe("the distribution", () => {
  /** Probabilities of the sequences of `N` ids under what a sampler makes of the logits. */
  function enumerated(N: number, options: Partial<SamplerOptions>, table: Table, other?: Table): number[] {
    const coins = sampler({ seed: 0, ...options });
    const walk = (line: readonly number[], probability: number): number[] => {
      if (line.length === N) return [probability];
      const row = (rows: Table) => ({ shape: [1, 1, 3], data: Float32Array.from(rows(line, 0)) });
      const context = { layout: null, drawnBefore: (position: number) => position, history: () => line };
      const step = { keep: 0, feed: [], values: [[]], sight: "causal", fill: [line.length] } as const;
      const distribution = coins
        .draws(step, { conditional: row(table), unconditional: other ? row(other) : null }, context)
        .distribution(0, 0);
      return [0, 1, 2].flatMap((id) => {
        const at = distribution.ids.indexOf(id);
        return walk([...line, id], at < 0 ? 0 : probability * distribution.probabilities[at]!);
      });
    };
    return walk([], 1);
  }

  const N = 4;
  const flat: Table = (line) => [0.4, line.length % 2, 0];
  const filtered = { sampling: { topK: 2 }, guidance: guidance(1.7) };

  async function counted(
    strategy: (items: number) => Strategy,
    batch: number,
    seed: number,
    many: number,
    options = {},
    other?: Table,
  ) {
    const counts = Array<number>(3 ** strategy(1).most).fill(0);
    for (let first = 0; first < many; first += batch) {
      const { ids } = await run(strategy(batch), { seed, firstItem: first, ...options }, markovLogits, other);
      for (const line of ids) counts[line.reduce((index, id) => index * 3 + id, 0)]!++;
    }
    return counts;
  }

  test.each([
    ["ratio", 1, 2, "random"],
    ["ratio", 4, 4, "repeat-horizontal"],
    ["ratio", 8, 32, "sample-horizontal"],
    ["ratio-redraw", 8, 3, "repeat-vertical"],
  ] as const)(
    "%s, batch %i, window %i, %s: that of the model, for 20 seeds",
    { timeout: 240_000 },
    async (rule, batch, window, initialiser) => {
      for (const [options, other] of [
        [{}, undefined],
        [filtered, flat],
      ] as const) {
        const distribution = enumerated(N, options, markovLogits, other);
        const strategy = (items: number) => jacobi(items, N, LAYOUT, settings(rule, window, initialiser));
        const all = distribution.map(() => 0);
        for (let seed = 0; seed < 20; seed++) {
          const counts = await counted(strategy, batch, seed, 480, options, other);
          counts.forEach((count, i) => (all[i]! += count));
          const { chi2, df } = chiSquarePooled(counts, distribution);
          expect(chi2, `seed ${seed}`).toBeLessThan(limitOf(df, 0.001 / 40)); // one in a thousand that any of 40 misses it
        }
        expect(distribution.every((p, i) => p > 0 || all[i] === 0)).toBe(true);
        const { chi2, df } = chiSquarePooled(all, distribution);
        expect(df).toBeGreaterThan(10);
        expect(chi2).toBeLessThan(limitOf(df, 0.001));
      }
    },
  );

  test("the test sees a rule that is a little wrong: drafts that stood keep the distribution they were drawn from", async () => {
    // What the reference does with the surplus of a batch: here every second item's window moves on by one id alone.
    const biased = (items: number) =>
      speculative(items, 6, 6, () => ({
        rule(drafts, draws) {
          const { gained, drafts: next } = RULES.ratio(drafts, draws);
          const surplus = gained
            .slice(1)
            .map((id, i) => ({ id, distribution: drafts[i + 1]?.distribution ?? draws.distribution(i + 1) }));
          return { gained: gained.slice(0, 1), drafts: [...surplus, ...next] };
        },
        inputs: () => 6,
        fill: ({ coin }) => Math.floor(3 * coin()),
      }));
    const distribution = enumerated(6, {}, markovLogits);
    const { chi2, df } = chiSquarePooled(await counted(biased, 8, 1, 8000), distribution);
    expect(chi2).toBeGreaterThan(limitOf(df, 0.001));
  });
});

describe("passes", () => {
  test("are fewer than tokens where guesses are good, and never more", async () => {
    const constant: Table = () => [0, 9, 0];
    const passes = async (table: Table, options: JacobiOptions) => {
      const { events } = await run(jacobi(1, 40, LAYOUT, options), {}, table);
      return events.at(-1)!.usage.passes;
    };
    // One over the condition, then windows of 8 whose guesses all stand but the last.
    expect(await passes(constant, { window: 8, initialiser: "repeat-horizontal" })).toBeLessThanOrEqual(12);
    expect(await passes(constant, { window: { least: 2 } })).toBeLessThanOrEqual(14);
    for (const rule of Object.keys(RULES) as RuleName[]) {
      expect(await passes(markovLogits, { rule, window: 7 })).toBeLessThanOrEqual(40);
      expect(await passes(markovLogits, { rule, window: 1 })).toBe(40);
    }
  });

  test("every id becomes final once, in order, and usage counts what was predicted", async () => {
    const { events, ids } = await run(jacobi(3, 14, LAYOUT, { rule: "ratio", window: 5 }));
    const lines: number[][] = [[], [], []];
    for (const event of events) {
      if (event.type !== "tokens-accept") continue;
      event.accepted.forEach(({ positions, values: ids }, item) => {
        expect(positions).toEqual(ids.map((_, i) => lines[item]!.length + i));
        lines[item]!.push(...ids);
      });
    }
    expect(lines).toEqual(ids);
    const { accepted, tried, passes } = events.at(-1)!.usage;
    expect(accepted).toBe(42);
    expect(tried).toBeGreaterThan(42);
    expect(passes).toBe(events.length - 1);
  });
});

describe("forced tokens", () => {
  const layout: TokenLayout = markedLayout({
    ...{ columns: 3, rows: 2, image: [1, 4] },
    ...{ endOfLine: 6, end: [7, 8], padding: 9 },
  });
  const even: Table = (line) => Array.from({ length: 10 }, (_, id) => Math.sin(id * 3 + line.length));

  test.each(Object.keys(RULES) as RuleName[])(
    "%s: stand where the layout has them, and nothing else does elsewhere",
    async (rule) => {
      for (const window of [1, 4, 11]) {
        const { ids } = await run(jacobi(4, 12, layout, { rule, window }), {}, even);
        for (const line of ids) {
          expect([line[3], line[7], ...line.slice(8)]).toEqual([6, 6, 7, 8, 9, 9]);
          const image = [...line.slice(0, 3), ...line.slice(4, 7)];
          expect(image.every((id) => id >= 1 && id <= 4)).toBe(true);
        }
      }
    },
  );

  test("cost no pass: a guess at a forced position is the forced id", async () => {
    const marks = markedLayout({ columns: 1, rows: 20, image: [2, 2], endOfLine: 5, end: [], padding: null });
    const { events } = await run(jacobi(1, 40, marks, { window: 40 }), {}, even);
    expect(events.at(-1)!.usage.passes).toBe(2);
  });
});

test("settings that make no sense are refused by name", () => {
  const refused = (options: object) => () => jacobi(1, 4, LAYOUT, options as never);
  for (const window of [0, 1.5, 5000, "8", null, { least: 9, most: 3 }, { most: 0 }, { widest: 3 }])
    expect(refused({ window }), JSON.stringify(window)).toThrow(ArgumentError);
  expect(refused({ rule: "hopeful" })).toThrow(UnknownNameError);
  expect(refused({ initialiser: "toString" })).toThrow(/repeat-vertical/);
  expect(refused({ colour: 1 })).toThrow(ArgumentError);
  expect(() => jacobi(0, 4, LAYOUT)).toThrow(ArgumentError);
  expect(() => rasterLayout(0, 4)).toThrow(ArgumentError);
});
