/** Guesses at shapes: allowed wherever they are asked for, often right, and without a trace once they are forgotten. */
import { expect, test } from "vitest";
import { encodeVoxels } from "../../../src/tokenizers/octree/encode.js";
import { StreamGuesser } from "../../../src/tokenizers/octree/guesses.js";
import { PlaceReader } from "../../../src/tokenizers/octree/places.js";
import { randomStream } from "./random-stream.js";

const guessed = (kind: string) => kind === "byte" || kind === "colour";

test("a stream goes on as if nothing had been supposed", () => {
  const ids = randomStream(5, 4, 0.4);
  const [plain, tried] = [new PlaceReader(), new StreamGuesser()];
  const untried = new StreamGuesser();
  for (const id of ids) {
    expect(tried.ahead).toBe(untried.ahead);
    if (guessed(plain.walk.expected.kind)) {
      expect(plain.walk.allows(tried.guess)).toBe(true);
      expect(tried.guess).toBe(untried.guess);
    }
    for (let n = Math.min(3, tried.ahead - 1); n > 0; n--) tried.suppose(tried.guess);
    tried.accept(id);
    untried.accept(id);
    plain.accept(id);
  }
});

test("ids of one kind and level are taken back, others are not", () => {
  const ids = randomStream(7, 5, 0.5);
  const reader = new PlaceReader();
  for (const [i, id] of ids.entries()) {
    const { ahead, expected } = reader.walk;
    const before = reader.next;
    reader.accept(id);
    if (ahead === 1) expect(reader.retract()).toBe(false);
    else {
      expect(reader.retract()).toBe(true);
      expect(reader.walk.expected).toEqual(expected);
      if (i % 5 === 0) expect(reader.next).toEqual(before);
      reader.accept(id);
    }
    expect(reader.walk.length).toBe(i + 1);
  }
});

test("more than half of a table is guessed right", () => {
  const R = 32;
  const solid = Uint8Array.from({ length: R ** 3 }, (_, i) => {
    const [x, y, z] = [Math.floor(i / (R * R)), Math.floor(i / R) % R, i % R];
    const leg = [x, z].every((at) => (at > 2 && at < 7) || (at > 24 && at < 29));
    return y < 25 ? Number(leg) : Number(y < 29);
  });
  const guesser = new StreamGuesser();
  const reader = new PlaceReader();
  let [right, all] = [0, 0];
  for (const id of encodeVoxels({ depth: 5, solid }, 0)) {
    if (guessed(reader.walk.expected.kind)) {
      all++;
      if (guesser.guess === id) right++;
    }
    guesser.accept(id);
    reader.accept(id);
  }
  expect(all).toBeGreaterThan(500);
  expect(right / all).toBeGreaterThan(0.5);
});
