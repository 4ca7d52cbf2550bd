import { expect, test } from "vitest";
import { attentionBias } from "../../src/core/masks.js";
import { HIDDEN } from "../../src/engine/ops/attention.js";

/** Rows of a bias as text: 1 visible, 0 hidden, "|" between the cache and the new slots. */
function picture(bias: { shape: readonly number[]; data: Float32Array }, slots: number): string[] {
  const [items, , T, width] = bias.shape as [number, number, number, number];
  return Array.from({ length: items * T }, (_, row) => {
    const cells = [...bias.data.subarray(row * width, (row + 1) * width)].map((v) =>
      v === 0 ? "1" : v === Math.fround(HIDDEN) ? "0" : "?",
    );
    return `${cells.slice(0, slots).join("")}|${cells.slice(slots).join("")}`;
  });
}

test("causal: the filled cache and what lies behind", () => {
  const bias = attentionBias({ slots: 5, filled: 2, fresh: 3, lead: 0, sight: "causal" }, null);
  expect(bias.shape).toEqual([1, 1, 3, 8]);
  expect(picture(bias, 5)).toEqual(["11000|100", "11000|110", "11000|111"]);
});

test("block: new slots see each other", () => {
  const bias = attentionBias({ slots: 5, filled: 2, fresh: 3, lead: 0, sight: "block" }, null);
  expect(picture(bias, 5)).toEqual(["11000|111", "11000|111", "11000|111"]);
});

test("ranks: new slots see those of no higher rank, however they are ordered", () => {
  const bias = attentionBias({ slots: 2, filled: 1, fresh: 4, lead: 0, sight: [1, 0, 2, 1] }, null);
  expect(picture(bias, 2)).toEqual(["10|1101", "10|0100", "10|1111", "10|1101"]);
});

test("the condition stays causal, and its padding hidden, in a block", () => {
  const shape = { slots: 4, filled: 0, fresh: 4, lead: 2, sight: "block" } as const;
  expect(picture(attentionBias(shape, null), 4)).toEqual(["0000|1000", "0000|1100", "0000|1111", "0000|1111"]);
  const padded = attentionBias(shape, [Uint8Array.of(0, 1)]);
  expect(picture(padded, 4)).toEqual(["0000|1000", "0000|0100", "0000|0111", "0000|0111"]);
});

test("padding of a prompt is hidden from all but itself, whether new or cached", () => {
  const prompts = [Uint8Array.of(0, 0, 1), Uint8Array.of(1, 1, 1)];
  const prefill = attentionBias({ slots: 4, filled: 0, fresh: 4, lead: 3, sight: "causal" }, prompts);
  expect(picture(prefill, 4)).toEqual([
    "0000|1000",
    "0000|0100", // a padded slot sees only itself
    "0000|0010",
    "0000|0011",
    "0000|1000",
    "0000|1100",
    "0000|1110",
    "0000|1111",
  ]);
  const step = attentionBias({ slots: 4, filled: 3, fresh: 1, lead: 0, sight: "causal" }, prompts);
  expect(picture(step, 4)).toEqual(["0010|1", "1110|1"]);
});

test("in a tree a slot sees its ancestors, itself, and all that was there before", () => {
  //      0
  //    1   2        3 is a root of its own
  //    4   5
  const parents = [-1, 0, 0, -1, 1, 2];
  const { data } = attentionBias({ slots: 4, filled: 2, fresh: 6, lead: 0, sight: { parents } }, null);
  const rows = Array.from({ length: 6 }, (_, t) => [...data.subarray(t * 10, (t + 1) * 10)]);
  const seen = rows.map((row) => row.flatMap((bias, key) => (bias === 0 ? [key] : [])));
  expect(seen).toEqual([
    [0, 1, 4],
    [0, 1, 4, 5],
    [0, 1, 4, 6],
    [0, 1, 7],
    [0, 1, 4, 5, 8],
    [0, 1, 4, 6, 9],
  ]);
});
