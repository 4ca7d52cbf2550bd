/** Tokens: of generated items, or any list of whole numbers. The strictest comparison, and the cheapest. */
import { ArgumentError } from "../base/errors.js";
import { isObject } from "../base/check.js";
import type { Comparison, Medium } from "./medium.js";
import { onlyItem } from "./only-item.js";

export type TokensMeasure = "differing";

/** Ids of a line of the golden, so that a diff in git shows where they changed. */
const PER_LINE = 16;

export const TOKENS: Medium<Int32Array, TokensMeasure> = {
  noun: "line of tokens",
  extension: "ids",
  tolerance: { differing: 0 },
  async read(received) {
    const item = onlyItem(received);
    const ids: unknown = isObject(item) && "ids" in item ? item.ids : item;
    const list = ArrayBuffer.isView(ids) && !(ids instanceof DataView) ? Array.from(ids as Int32Array) : ids;
    const whole = (id: unknown) => Number.isInteger(id) && Math.abs(id as number) < 2 ** 31;
    if (!Array.isArray(list) || !list.every(whole))
      throw new ArgumentError("expect", "a generated item, or a list of whole numbers", received);
    return Int32Array.from(list as number[]);
  },
  encode: async (ids) => new TextEncoder().encode(linesOf(ids)),
  async decode(golden) {
    const words = new TextDecoder().decode(golden).split(/\s+/).filter(Boolean);
    const wrong = words.find((word) => !/^-?\d{1,10}$/.test(word));
    if (wrong !== undefined)
      throw new ArgumentError("golden", "whole numbers", wrong, "Make the golden again with -u.");
    return Int32Array.from(words, Number);
  },
  compare: compareTokens,
};

const linesOf = (ids: Int32Array): string => {
  let text = "";
  for (let i = 0; i < ids.length; i += PER_LINE) text += `${ids.subarray(i, i + PER_LINE).join(" ")}\n`;
  return text;
};

/** How many of two lines of tokens differ, a missing one included, and where they first do. */
export function compareTokens(expected: Int32Array, received: Int32Array): Comparison<TokensMeasure> {
  const longer = Math.max(expected.length, received.length);
  const places: number[] = [];
  for (let i = 0; i < longer; i++) if (expected[i] !== received[i]) places.push(i);
  const at = (ids: Int32Array, i: number) => (i < ids.length ? String(ids[i]) : "nothing");
  const first = places[0];
  const lengths =
    expected.length === received.length ? "" : `, and there are ${received.length} instead of ${expected.length}`;
  const notes =
    first === undefined
      ? []
      : [`They differ from position ${first} on: ${at(received, first)} instead of ${at(expected, first)}${lengths}.`];
  return {
    mismatch: null,
    measures: [
      { name: "differing", label: "differing ids", value: places.length, unit: `of ${longer}`, better: "lower" },
    ],
    notes,
    figures: async () => {
      const rows = places
        .slice(0, 1000)
        .map((i) => `${String(i).padStart(8)}  ${at(expected, i)} → ${at(received, i)}`);
      const text = new TextEncoder().encode(rows.join("\n"));
      return [{ title: "Position, expected → received", mediaType: "text/plain", bytes: text }];
    },
  };
}
