/**
 * What every session keeps, whatever the architecture: one call in the test of each. What an architecture does besides belongs into
 * a test of its own.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, ClosedError } from "../../src/base/errors.js";
import type { Prediction, Step } from "../../src/core/decode/step.js";
import type { Session } from "../../src/core/session.js";

export interface SessionCase<T> {
  /** Opens a session for these items of a batch of three, which differ. */
  open(items: readonly number[], guided: boolean): Promise<Session<T>>;
  /** The same without a condition; undefined where an architecture cannot say that by itself. */
  openUnconditional?: (items: readonly number[]) => Promise<Session<T>>;
  /** Values of the three items at all positions. */
  readonly lines: readonly (readonly T[])[];
  /** Positions that are drawn together, in the order of drawing. */
  readonly groups: readonly (readonly number[])[];
  /** The step that feeds everything that it can and fills all positions, in the order of `groups`, in one pass. */
  whole(lines: readonly (readonly T[])[]): Step<T>;
}

const ITEMS = [0, 1, 2];

/** The step that fills group `g` and feeds the one before it. */
export function groupStep<T>(groups: SessionCase<T>["groups"], g: number, lines: readonly (readonly T[])[]): Step<T> {
  const feed = groups[g - 1] ?? [];
  const keep = groups.slice(0, Math.max(0, g - 1)).flat().length;
  const values = lines.map((line) => feed.map((position) => line[position]!));
  return { keep, feed, values, sight: "block", fill: groups[g]! };
}

/** Rows of a prediction by position, [position][B][V]. */
export function rowsOf(
  predictions: readonly (readonly [fill: readonly number[], Prediction])[],
  half: keyof Prediction = "conditional",
): number[][][] {
  const rows: number[][][] = [];
  for (const [fill, prediction] of predictions) {
    const { shape, data } = prediction[half]!;
    const [B, R, V] = shape as [number, number, number];
    fill.forEach((position, k) => {
      rows[position] = Array.from({ length: B }, (_, item) => [
        ...data.subarray((item * R + k) * V, (item * R + k + 1) * V),
      ]);
    });
  }
  return rows;
}

/** Equal up to the last bits of float32: sums are the same, but not always in the same order. */
export function expectClose(actual: readonly number[][][], expected: readonly number[][][]): void {
  actual.forEach((items, position) => {
    const [a, b] = [items.flat(), expected[position]!.flat()];
    expect(a.length).toBe(b.length);
    expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]!))), `position ${position}`).toBeLessThan(1e-5);
  });
}

export function conformSession<T>(
  name: string,
  { open, openUnconditional, lines, groups, whole }: SessionCase<T>,
): void {
  const pick = (items: readonly number[]) => items.map((item) => lines[item]!);
  const only = (rows: readonly number[][][], items: readonly number[]) =>
    rows.map((row) => items.map((item) => row[item]!));

  async function passes(session: Session<T>, of = lines, from = 0): Promise<[readonly number[], Prediction][]> {
    const made: [readonly number[], Prediction][] = [];
    for (let g = from; g < groups.length; g++) made.push([groups[g]!, await session.forward(groupStep(groups, g, of))]);
    return made;
  }

  describe(`${name}: a session`, () => {
    let expected: number[][][]; // rows of all positions, of the three items
    beforeAll(async () => {
      await using session = await open(ITEMS, false);
      expected = rowsOf(await passes(session));
    });

    test("predicts the same pass by pass and all at once", async () => {
      await using session = await open(ITEMS, false);
      await passes(session);
      const fed = groups.slice(0, -1).flat().length;
      expect(session.length).toBe(fed);
      const step = whole(lines);
      expectClose(rowsOf([[step.fill, await session.forward(step)]]), expected); // it forgets what it holds
      expect(session.length).toBe(step.feed.length);
    });

    test("forgotten and fed again is the same, from any group on", async () => {
      await using session = await open(ITEMS, false);
      await passes(session);
      for (let from = groups.length - 1; from >= 0; from--)
        expectClose(rowsOf(await passes(session, lines, from)), expected);
      session.truncate(groups[0]!.length);
      expect(session.length).toBe(groups[0]!.length);
      expectClose(rowsOf(await passes(session, lines, 2)), expected);
    });

    test("a fork continues its parent", async () => {
      const parents = [2, 2, 0];
      await using session = await open(ITEMS, true);
      await passes(session);
      session.truncate(groups[0]!.length);
      await session.fork(parents);
      const forked = await passes(session, pick(parents), 2);
      expectClose(rowsOf(forked), only(expected, parents));
    });

    test("a batch of three is three runs", async () => {
      for (const item of ITEMS) {
        await using session = await open([item], true);
        expectClose(rowsOf(await passes(session, pick([item]))), only(expected, [item]));
      }
      expect(expected.map((row) => row[0])).not.toEqual(expected.map((row) => row[1]));
    });

    test("the unconditional half stands beside the same conditional one", async () => {
      await using session = await open(ITEMS, true);
      const guided = await passes(session);
      expectClose(rowsOf(guided), expected);
      expect(rowsOf(guided, "unconditional")).not.toEqual(rowsOf(guided));
      if (!openUnconditional) return;
      await using none = await openUnconditional(ITEMS);
      expectClose(rowsOf(guided, "unconditional"), rowsOf(await passes(none)));
    });

    test("where guidance ends, passes leave that half out for good and predict the same", async () => {
      await using session = await open(ITEMS, true);
      const made: [readonly number[], Prediction][] = [];
      const end = Math.ceil(groups.length / 2);
      for (let g = 0; g < groups.length; g++)
        made.push([groups[g]!, await session.forward(groupStep(groups, g, lines), g < end)]);
      made.forEach(([, { unconditional }], g) => expect(unconditional === null).toBe(g >= end));
      expectClose(rowsOf(made), expected);
      await expect(session.forward(groupStep(groups, 1, lines), true)).rejects.toThrow("guidance has ended");
    });

    test("refuses what cannot be, with typed errors", async () => {
      await using session = await open(ITEMS, false);
      const first = groupStep(groups, 0, lines);
      const second = groupStep(groups, 1, lines);
      await session.forward(first);
      await expect(session.forward({ ...second, values: second.values.slice(1) })).rejects.toThrow(ArgumentError);
      await expect(session.forward({ ...second, keep: 1 })).rejects.toThrow(ArgumentError);
      await expect(session.forward(groupStep(groups, groups.length - 1, lines))).rejects.toThrow(ArgumentError);
      await expect(session.fork([0, 1])).rejects.toThrow(ArgumentError);
      await expect(session.fork([0, 1, 3])).rejects.toThrow(ArgumentError);
      expect(() => session.truncate(1)).toThrow(ArgumentError);
    });

    test("refuses use after close", async () => {
      const session = await open(ITEMS, false);
      await session.close();
      await expect(session.forward(groupStep(groups, 0, lines))).rejects.toThrow(ClosedError);
      await expect(session.fork(ITEMS)).rejects.toThrow(ClosedError);
      expect(() => session.truncate(0)).toThrow(ClosedError);
    });
  });
}
