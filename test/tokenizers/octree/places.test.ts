/** What a model is told of places: the same as in the recipe that trained it. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CONTEXT_SIZE, PLACE_KINDS, PLACE_ROWS, PlaceReader } from "../../../src/tokenizers/octree/places.js";
import { FIRST } from "../../../src/tokenizers/octree/vocabulary.js";
import { randomStream } from "./random-stream.js";

interface Case {
  readonly ids: readonly number[];
  readonly kinds: readonly number[];
  readonly rows: readonly (readonly number[])[];
  /** Flags of each place, eight a byte, the first in the highest bit. */
  readonly context: readonly string[];
}

const cases = JSON.parse(
  readFileSync(new URL("../../fixtures/shape-places/case.json", import.meta.url), "utf8"),
) as readonly Case[];

function packed(flags: Float32Array): string {
  const bytes = new Uint8Array(Math.ceil(flags.length / 8));
  for (const [i, flag] of flags.entries()) if (flag) bytes[i >> 3]! |= 128 >> (i & 7);
  return Buffer.from(bytes).toString("hex");
}

test.each(cases.map((each, i) => [i, each] as const))("stream %i as the recipe reads it", (_, each) => {
  const reader = new PlaceReader();
  for (const [i, id] of each.ids.entries()) {
    const { kind, rows, context } = reader.next;
    expect([kind, ...rows]).toEqual([each.kinds[i], ...each.rows[i]!]);
    expect(packed(context)).toBe(each.context[i]);
    reader.accept(id);
  }
  expect(reader.walk.expected.kind).toBe("end");
});

test("any stream has places within the tables, asked for or not", () => {
  const ids = randomStream(3, 5, 0.4);
  const asked = new PlaceReader();
  const silent = new PlaceReader();
  for (const [i, id] of ids.entries()) {
    const { kind, rows, context } = asked.next;
    expect(kind < PLACE_KINDS && rows.every((row) => row < PLACE_ROWS)).toBe(true);
    expect(context.length).toBe(CONTEXT_SIZE);
    if (i % 97 === 0) expect(silent.next).toEqual(asked.next);
    asked.accept(id);
    silent.accept(id);
  }
  expect(asked.next.kind).toBe(PLACE_KINDS - 1);
  expect(ids.at(-1)).toBe(FIRST.end);
});
