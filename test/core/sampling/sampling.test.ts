import { describe, expect, test } from "vitest";
import { ArgumentError, LogitsError } from "../../../src/base/errors.js";
import { uniform } from "../../../src/base/random.js";
import { draw, type Distribution, distributionOf, samplingSettings } from "../../../src/core/sampling/sampling.js";
import { descend } from "../../../src/core/sampling/selection.js";

const logits = (...probabilities: number[]) => Float32Array.from(probabilities, Math.log);
const dense = ({ ids, probabilities }: Distribution, size: number) => {
  const out = Array<number>(size).fill(0);
  ids.forEach((id, i) => {
    out[id] = probabilities[i]!;
  });
  return out;
};

/** A point behind these ids. */
const after = (ids: readonly number[]) => ({ item: 0, position: ids.length, history: () => ids });

describe("the distribution of the next id", () => {
  const rows = [
    ["as it is", {}, [0.1, 0.2, 0.3, 0.4]],
    ["temperature 0.5 squares", { temperature: 0.5 }, [1 / 30, 4 / 30, 9 / 30, 16 / 30]],
    ["temperature 0", { temperature: 0 }, [0, 0, 0, 1]],
    ["top-k 1", { topK: 1 }, [0, 0, 0, 1]],
    ["top-k 2", { topK: 2 }, [0, 0, 3 / 7, 4 / 7]],
    ["top-k beyond the vocabulary", { topK: 99 }, [0.1, 0.2, 0.3, 0.4]],
    ["top-p keeps the crossing one", { topP: 0.5 }, [0, 0, 3 / 7, 4 / 7]],
    ["top-p just above a sum", { topP: 0.71 }, [0, 2 / 9, 3 / 9, 4 / 9]],
    ["top-p tiny", { topP: 1e-9 }, [0, 0, 0, 1]],
    ["ascending top-p keeps the crossing one", { topP: 0.5, topPOrder: "ascending" }, [0, 0, 3 / 7, 4 / 7]],
    ["ascending top-p tiny", { topP: 1e-9, topPOrder: "ascending" }, [0, 0, 0, 1]],
    ["min-p", { minP: 0.6 }, [0, 0, 3 / 7, 4 / 7]],
    ["top-k before top-p", { topK: 2, topP: 0.5 }, [0, 0, 0, 1]],
    ["temperature before top-p", { temperature: 0.5, topP: 0.5 }, [0, 0, 0, 1]],
  ] as const;
  test.each(rows)("%s", (_, options, expected) => {
    const distribution = dense(distributionOf(logits(0.1, 0.2, 0.3, 0.4), samplingSettings(options)), 4);
    expected.forEach((p, id) => {
      expect(distribution[id]).toBeCloseTo(p, 6);
    });
  });

  test("top-k keeps what equals the k-th, greedy takes the lowest of equals, top-p the lowest ids", () => {
    const ties = Float32Array.of(1, 3, 2, 3, 2, -0, 0);
    expect([...distributionOf(ties, samplingSettings({ topK: 3 })).ids]).toEqual([1, 2, 3, 4]);
    expect([...distributionOf(ties, samplingSettings({ temperature: 0 })).ids]).toEqual([1]);
    expect([...distributionOf(Float32Array.of(5, 5, 5, 5), samplingSettings({ topP: 0.3 })).ids]).toEqual([0, 1]);
    expect([...distributionOf(Float32Array.of(-0, 0, -1), samplingSettings({ topK: 1 })).ids]).toEqual([0, 1]);
  });

  test("from the small end top-p keeps the highest ids of equals, and none beyond a sum of exactly p", () => {
    const equals = Float32Array.of(5, 5, 5, 5);
    const kept = (topP: number, topPOrder: "ascending" | "descending") => [
      ...distributionOf(equals, samplingSettings({ topP, topPOrder })).ids,
    ];
    expect(kept(0.3, "ascending")).toEqual([2, 3]);
    expect(kept(0.5, "ascending")).toEqual([2, 3]);
    expect(kept(0.5, "descending")).toEqual([0, 1, 2]);
    const hidden = Float32Array.of(Number.NEGATIVE_INFINITY, 1, Number.NEGATIVE_INFINITY, 2);
    expect([...distributionOf(hidden, samplingSettings({ topP: 0.99, topPOrder: "ascending" })).ids]).toEqual([1, 3]);
  });

  test("from the small end top-p drops what a walk over all of them drops", () => {
    for (let position = 0; position < 200; position++) {
      const coin = (index: number) => uniform({ seed: 1, item: 0, position, purpose: "noise" }, index);
      const topP = 0.05 + 0.9 * coin(0);
      const row = Float32Array.from({ length: 60 }, (_, id) => 10 * coin(1) * coin(2 + id));
      const all = distributionOf(row, samplingSettings());
      const ascending = [...all.ids].sort((a, b) => row[a]! - row[b]!);
      let left = 1 - topP;
      while (left >= 0) left -= all.probabilities[ascending.shift()!]!; // takes the one that crosses too
      const kept = distributionOf(row, samplingSettings({ topP, topPOrder: "ascending" }));
      expect(kept.ids).toHaveLength(ascending.length + 1);
      for (const id of ascending) expect(kept.ids).toContain(id);
    }
  });

  test("the repetition penalty divides positive and multiplies negative logits of seen ids", () => {
    const distribution = distributionOf(
      Float32Array.of(2, -2, 2, -2),
      samplingSettings({ repetitionPenalty: 2 }),
      after([0, 1, 1]),
    );
    const weights = [1, -4, 2, -2].map(Math.exp);
    const sum = weights.reduce((a, b) => a + b, 0);
    weights.forEach((weight, id) => {
      expect(distribution.probabilities[id]).toBeCloseTo(weight / sum, 6);
    });
  });

  test("writes into no argument", () => {
    const row = logits(0.1, 0.2, 0.3, 0.4);
    const copy = row.slice();
    const all = { temperature: 0.7, topK: 3, topP: 0.9, minP: 0.1, repetitionPenalty: 1.3 };
    distributionOf(row, samplingSettings(all), after([1]));
    expect(row).toEqual(copy);
  });

  test("-Infinity is never drawn; NaN, +Infinity and nothing at all are errors", () => {
    const { NEGATIVE_INFINITY: no, POSITIVE_INFINITY: infinite, NaN: nan } = Number;
    const distribution = distributionOf(Float32Array.of(no, 1, no), samplingSettings());
    for (const coin of [0, 0.5, 1 - 2 ** -53]) expect(draw(distribution, coin)).toBe(1);
    for (const row of [
      [1, nan],
      [infinite, 1],
      [no, no],
    ])
      for (const options of [{}, { temperature: 0 }, { topK: 1 }, { topP: 0.5 }])
        expect(() => distributionOf(Float32Array.from(row), samplingSettings(options))).toThrow(LogitsError);
  });

  test.each([
    { temperature: -1 },
    { temperature: Number.NaN },
    { topK: 1.5 },
    { topK: -1 },
    { topP: 0 },
    { topP: 1.1 },
    { topPOrder: "sideways" },
    { minP: -0.1 },
    { repetitionPenalty: 0 },
    { topk: 3 },
  ])("refuses %o", (options) => {
    expect(() => samplingSettings(options as object)).toThrow(ArgumentError);
  });
});

describe("the draw", () => {
  const distribution = { ids: Int32Array.of(3, 5, 8), probabilities: Float64Array.of(0.25, 0.5, 0.25) };
  test.each([
    [0, 3],
    [0.2499, 3],
    [0.25, 5],
    [0.7499, 5],
    [0.75, 8],
    [1 - 2 ** -53, 8],
  ])("coin %d gives %d", (coin, id) => {
    expect(draw(distribution, coin)).toBe(id);
  });
  test("rounding never gives an id of probability 0", () => {
    const short = { ids: Int32Array.of(1, 2, 3), probabilities: Float64Array.of(0.5, 0.499999, 0) };
    expect(draw(short, 0.9999999)).toBe(2);
  });
});

describe("the walk that replaces sorting", () => {
  const values = (seed: number, size: number, distinct: number) =>
    Float32Array.from({ length: size }, (_, position) => {
      const coin = uniform({ seed, item: 0, position, purpose: "noise" });
      return (Math.floor(coin * distinct) / distinct - 0.5) * 10 ** (seed % 5);
    });

  test.each([1, 2, 3, 4, 5])("equals a sorted walk (seed %d)", (seed) => {
    for (const distinct of [3, 50, 1e9]) {
      const row = values(seed, 211, distinct);
      const sorted = row.slice().sort().reverse();
      for (const k of [1, 2, 97, 211]) expect(descend(row, null, k - 0.5).floor).toBe(sorted[k - 1]);

      const weights = Float64Array.from(row, (_, i) => (i % 7) / 3);
      const order = [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b);
      for (const limit of [0, 1, 30.5, 1e9]) {
        let sum = 0;
        const at = order.findIndex((i) => (sum += weights[i]!) > limit);
        const floor = row[order[at < 0 ? order.length - 1 : at]!]!;
        const equals = order.slice(0, at < 0 ? order.length : at + 1).filter((i) => row[i] === floor);
        expect(descend(row, weights, limit)).toEqual({ floor, count: equals.length });
      }
    }
  });
});
