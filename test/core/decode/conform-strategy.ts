/**
 * What every strategy keeps: one call in the test of each. A world is a model whose answers are known exactly, so that the
 * distribution of whole items can be counted and compared.
 */
import { describe, expect, test } from "vitest";
import { decode, type Usage } from "../../../src/core/decode/loop.js";
import { type SamplerOptions, sampler } from "../../../src/core/decode/sampler.js";
import {
  type Forward,
  idOf,
  type ItemNumbers,
  type Step,
  type Strategy,
  type Token,
} from "../../../src/core/decode/step.js";
import { chiSquarePooled, limitOf } from "../chi-square.js";

export interface World<T extends Token> {
  /** A model for so many items. */
  model(items: number): Forward<T>;
  readonly vocabulary: number;
  /** The probability of the ids of a whole item, in order of positions. */
  probability(ids: readonly number[]): number;
}

/** Duties that a strategy does not have, each with its reason. */
export interface Exceptions {
  /** Positions may be predicted more than once. */
  readonly speculative?: string;
}

export function conformStrategy<T extends Token>(
  name: string,
  make: (items: number, firstItem: ItemNumbers) => Strategy<T>,
  world: World<T>,
  except: Exceptions = {},
): void {
  async function run(items: number, options: Partial<SamplerOptions> = {}) {
    const strategy = make(items, options.firstItem ?? 0);
    const steps: Step<T>[] = [];
    const accepted: (readonly (readonly number[])[])[] = []; // positions by pass and item
    const before: number[][] = []; // how many were final when the pass began, by pass and item
    const said: ReadonlyMap<number, number>[] = []; // how many the strategy says are final before a position of the first item, by pass
    const model = world.model(items);
    const watched: Forward<T> = {
      items,
      forward(step, guided) {
        steps.push(step);
        said.push(new Map(step.fill.map((position) => [position, strategy.drawnBefore(position, 0)])));
        return model.forward(step, guided);
      },
    };
    const known = Array<number>(items).fill(0);
    let usage: Usage | undefined;
    let lines: number[][] = [];
    for await (const event of decode(watched, strategy, sampler({ seed: 7, ...options }))) {
      usage = event.usage;
      if (event.type === "decode-end") lines = event.values.map((values) => values.map(idOf));
      else {
        before.push([...known]);
        accepted.push(event.accepted.map(({ positions }) => positions));
        event.accepted.forEach(({ positions }, item) => (known[item]! += positions.length));
      }
    }
    return { strategy, steps, accepted, before, said, lines, usage: usage! };
  }

  describe(`${name}: a strategy`, () => {
    test("makes every position final once, out of passes that it planned", async () => {
      const { strategy, steps, accepted, lines, usage } = await run(3);
      const all = [...Array(strategy.most).keys()];
      for (const item of [0, 1, 2]) {
        const positions = accepted.flatMap((pass) => pass[item]!);
        expect([...positions].sort((a, b) => a - b)).toEqual(all);
        expect(lines[item]!.length).toBe(strategy.most);
      }
      accepted.forEach((pass, i) => pass.flat().forEach((position) => expect(steps[i]!.fill).toContain(position)));
      expect(strategy.plan()).toBeNull();
      expect(usage).toMatchObject({ passes: steps.length, accepted: 3 * strategy.most });
      const predicted = steps.reduce((sum, { fill }) => sum + 3 * fill.length, 0);
      expect(usage.tried).toBe(predicted);
      if (except.speculative) expect(predicted).toBeGreaterThanOrEqual(usage.accepted);
      else expect(predicted).toBe(usage.accepted);
    });

    test("feeds a value for each item, keeps no more than was fed, and predicts something", async () => {
      const { steps } = await run(2);
      let fed = 0;
      for (const { keep, feed, values, fill } of steps) {
        expect(keep).toBeLessThanOrEqual(fed);
        fed = (keep as number) + feed.length;
        expect(values.map(({ length }) => length)).toEqual([feed.length, feed.length]);
        expect(fill.length).toBeGreaterThan(0);
      }
    });

    test("says how many positions are final before each is drawn", async () => {
      const { accepted, before, said } = await run(1);
      accepted.forEach((pass, i) => {
        for (const position of pass[0]!) {
          if (except.speculative) expect(before[i]![0]!).toBeLessThanOrEqual(said[i]!.get(position)!);
          else expect(said[i]!.get(position)).toBe(before[i]![0]!);
        }
      });
    });

    test("gives an item the same ids in any batch", async () => {
      const { lines } = await run(4);
      expect(new Set(lines.map(String)).size).toBeGreaterThan(1);
      for (const [item, line] of lines.entries()) expect((await run(1, { firstItem: item })).lines).toEqual([line]);
    });

    test("follows the distribution of the model, which a count that is a tenth off would not", async () => {
      const { vocabulary: V } = world;
      const size = V ** make(1, 0).most;
      const digits = (index: number) =>
        Array.from({ length: make(1, 0).most }, (_, position) => Math.floor(index / V ** position) % V);
      const distribution = Array.from({ length: size }, (_, index) => world.probability(digits(index)));
      expect(distribution.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
      const counts = Array<number>(size).fill(0);
      for (let first = 0; first < 8000; first += 100) {
        const { lines } = await run(100, { seed: 11, firstItem: first });
        for (const line of lines) counts[line.reduce((index, id, position) => index + id * V ** position, 0)]!++;
      }
      const { chi2, df } = chiSquarePooled(counts, distribution);
      expect(df).toBeGreaterThan(3);
      expect(chi2).toBeLessThan(limitOf(df, 0.001));
      const tilted = chiSquarePooled(
        counts.map((count, i) => (i % 2 ? count : count * 1.15)),
        distribution,
      );
      expect(tilted.chi2).toBeGreaterThan(limitOf(tilted.df, 0.001));
    });
  });
}
