import { expect, test } from "vitest";
import { editDistance, KnownWords } from "../../../src/tokenizers/text/known-words.js";

const known = new KnownWords(["apple", "berry", "fox", "lantern", "lanterns", "red", "umbrella"]);

test("words that no caption had are strange; plurals, possessives and small words are not", () => {
  expect(known.strange("The red foxes' umbrella, and a berry")).toEqual([]);
  expect(known.strange("berries for the fox's apple")).toEqual([]);
  expect(known.strange("Xyzzy red xyzzy umbrela 12")).toEqual(["xyzzy", "umbrela"]);
  expect(known.strange("красное яблоко")).toEqual(["красное", "яблоко"]);
  expect(known.strange("")).toEqual([]);
});

test("the nearest in spelling come first, and nothing far away comes at all", () => {
  expect(known.near("umbrela", 3)).toEqual(["umbrella"]);
  expect(known.near("lantrens", 3)).toEqual(["lanterns", "lantern"]);
  expect(known.near("lantrens", 1)).toEqual(["lanterns"]);
  expect(known.near("xyzzy", 3)).toEqual([]);
  expect(known.near("fx", 3)).toEqual([]);
});

test.each([
  ["", "", 0],
  ["", "abc", 3],
  ["kitten", "sitting", 3],
  ["ab", "ba", 1],
  ["abc", "abc", 0],
])("%j and %j are %i apart, either way", (a, b, far) => {
  expect(editDistance(a, b)).toBe(far);
  expect(editDistance(b, a)).toBe(far);
});

test("a strange noun that means a known thing is near to that, whatever it is spelt like", () => {
  const meant = new KnownWords(["dog", "fox", "poodles"], { dog: ["poodle", "hound"], fox: ["vixen", "hound"] });
  expect(meant.near("vixens", 3)).toEqual(["fox"]);
  expect(meant.near("hound", 3)).toEqual(["dog", "fox"]);
  expect(meant.near("hound", 1)).toEqual(["dog"]);
  expect(meant.near("poodel", 3)).toEqual(["poodles"]);
});
