import { expect, test } from "vitest";
import { isIntegerIn } from "../../src/base/check.js";
import { ArgumentError } from "../../src/base/errors.js";
import { fields } from "../../src/base/fields.js";
import { digest, number, orNull, type Read, record, text, value, whole, word } from "../../src/base/rows.js";

const BOX = record({
  kind: word(["box", "ball"]),
  sides: record({ width: whole(1, 9), height: whole(1, 9) }),
  label: text(4),
  limit: orNull("a whole number", isIntegerIn(0, 3)),
  share: number("a number", (n) => n !== 2),
  solid: value("true or false", (v) => typeof v === "boolean"),
  sha256: digest,
});

const GOOD = {
  ...{ kind: "ball", sides: { width: 1, height: 9 }, label: "blue", limit: null, share: 0.5, solid: true },
  sha256: "0".repeat(64),
};

const read = <T>(reader: Read<T>, json: unknown): T => reader(fields({ it: json }, "file"), "it");

test("a record that is as its rows say is read as it is", () => {
  expect(read(BOX, GOOD)).toEqual(GOOD);
});

test.each<readonly [string, object, string]>([
  ["a field that is missing", { label: undefined }, "file.it.label"],
  ["a word that is none of those", { kind: "cone" }, "box, ball"],
  ["a number beyond its range", { sides: { width: 10, height: 9 } }, "file.it.sides.width"],
  ["a field that nobody asked for", { sides: { width: 1, height: 9, depth: 1 } }, 'also "depth"'],
  ["neither null nor a number", { limit: 4 }, "a whole number or null"],
  ["a number that is not meant", { share: 2 }, "file.it.share"],
  ["a value of another kind", { solid: 1 }, "true or false"],
  ["half a digest", { sha256: "0".repeat(32) }, "64 hexadecimal digits"],
])("%s is refused by name", (_, change, named) => {
  const attempt = () => read(BOX, { ...GOOD, ...change });
  expect(attempt).toThrow(ArgumentError);
  expect(attempt).toThrow(named);
});
