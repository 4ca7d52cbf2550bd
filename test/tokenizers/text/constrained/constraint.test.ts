/** Constraints: the golden sets, texts that are always valid and never stuck, and grammars that cannot be followed. */
import path from "node:path";
import { describe, expect, test } from "vitest";
import { ConstraintError, TesseraError } from "../../../../src/base/errors.js";
import { uniform } from "../../../../src/base/random.js";
import {
  type Constraint,
  compileConstraint,
  type TokenConstraint,
} from "../../../../src/tokenizers/text/constrained/constraint.js";
import { loadTextTokenizer } from "../../../../src/tokenizers/text/load-text-tokenizer.js";
import { readCase } from "../../../golden/case.js";
import { constrained } from "../../../golden/systems/constrained.js";

const FIXTURES = path.join(import.meta.dirname, "../../../fixtures/constrained");
const bytelevel = await loadTextTokenizer(path.join(FIXTURES, "regex-bytelevel/tokenizer.json"));
const END = 0;

test.each(["json-sentencepiece", "regex-bytelevel"])("%s", async (name) => {
  const folder = path.join(FIXTURES, name);
  const comparisons = [];
  for await (const each of constrained(folder, await readCase(folder))) comparisons.push(each);
  expect(comparisons.filter(({ pass }) => !pass)).toEqual([]);
  expect(comparisons.length).toBeGreaterThan(15);
});

/** Draws allowed ids until the end, and towards it after a while; a state without an allowed id would fail. */
function walked(constraint: TokenConstraint, item: number, size: number, tokens = bytelevel): string {
  const ids: number[] = [];
  let state = constraint.start;
  for (let position = 0; position < 600; position++) {
    const mask = constraint.allowed(state);
    const allowed = [...Array(size).keys()].filter((id) => mask.has(id));
    expect(allowed.length).toBeGreaterThan(0);
    const id =
      position > 60 && mask.has(END)
        ? END
        : allowed[Math.floor(uniform({ seed: 5, item, position, purpose: "token" }) * allowed.length)]!;
    if (id === END) break;
    ids.push(id);
    state = constraint.after(state, id);
    expect(state).toBeGreaterThanOrEqual(0);
  }
  return tokens.decode(ids);
}

describe("every walk ends in a valid text", () => {
  test.each([/[a-f]{2,7}(-[0-9]+)?/, /(ä|😀)+x?/u, /[^\n]{0,5}/u, /\u{1F600}|\x41|\u00e9/u])("%s", (regex) => {
    const constraint = compileConstraint({ regex }, bytelevel, [END]);
    for (let item = 0; item < 20; item++)
      expect(walked(constraint, item, bytelevel.vocabularySize)).toMatch(
        new RegExp(`^(?:${regex.source})$`, regex.flags),
      );
  });

  test("choices", () => {
    const choices = ["red", "redder", "green", "größer"];
    const constraint = compileConstraint({ choices }, bytelevel, [END]);
    const seen = new Set(Array.from({ length: 60 }, (_, item) => walked(constraint, item, bytelevel.vocabularySize)));
    expect([...seen].sort()).toEqual([...choices].sort());
  });

  test("a schema with everything that is understood", () => {
    const schema = {
      type: "object",
      properties: {
        id: { type: "integer", minimum: -12, exclusiveMaximum: 105 },
        on: { type: "string", format: "date" },
        tag: { enum: ["a", "ü", null, 1.5] },
        pair: { type: "array", prefixItems: [{ type: "boolean" }], items: { type: "null" }, maxItems: 2 },
        more: { anyOf: [{ const: { k: [1] } }, { $ref: "#/$defs/name" }] },
      },
      required: ["id", "tag"],
      $defs: { name: { type: "string", minLength: 1, maxLength: 3 } },
    };
    const constraint = compileConstraint({ jsonSchema: schema }, bytelevel, [END]);
    for (let item = 0; item < 40; item++) {
      const value = JSON.parse(walked(constraint, item, bytelevel.vocabularySize)) as Record<string, unknown>;
      expect(value.id).toSatisfy((id: number) => Number.isInteger(id) && id >= -12 && id < 105);
      expect(["a", "ü", null, 1.5]).toContain(value.tag);
      if ("on" in value) expect(value.on).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      if ("pair" in value) expect((value.pair as unknown[]).length).toBeLessThanOrEqual(2);
    }
  });

  test("integers between bounds are these and no others", () => {
    for (const [minimum, maximum] of [
      [0, 0],
      [-3, 12],
      [7, 1032],
      [95, 105],
      [-110, -9],
      [-1, 0],
    ] as const) {
      const constraint = compileConstraint({ jsonSchema: { type: "integer", minimum, maximum } }, bytelevel, [END]);
      for (let n = -1200; n <= 1200; n++) {
        let state = constraint.start;
        for (const byte of Buffer.from(String(n))) if (state >= 0) state = constraint.afterByte(state, byte);
        expect(state >= 0 && constraint.mayEnd(state)).toBe(n >= minimum && n <= maximum);
      }
    }
  });
});

test("special tokens are never allowed but for the end", () => {
  const constraint = compileConstraint({ regex: ".*" }, bytelevel, [END]);
  expect(constraint.allowed(constraint.start).has(END)).toBe(true);
  const other = compileConstraint({ regex: ".*" }, bytelevel, []);
  expect(other.allowed(other.start).has(END)).toBe(false);
});

describe("a vocabulary that lacks bytes", async () => {
  const letters = (text: string) =>
    Object.fromEntries([...new Set(["<end>", ...text.split(" ")])].map((token, id) => [token, id]));
  const small = await loadTextTokenizer({
    version: "1.0",
    added_tokens: [
      { id: 0, content: "<end>", special: true, single_word: false, lstrip: false, rstrip: false, normalized: false },
    ],
    model: { type: "BPE", vocab: letters("a b c ab abc d1"), merges: [] },
    decoder: { type: "Fuse" },
  });

  test("is not led where it cannot go on", () => {
    // d needs a 1 behind it, and c an x that is no token: neither may be begun.
    const constraint = compileConstraint({ regex: "(a+|abcx|d2)" }, small, [0]);
    const mask = constraint.allowed(constraint.start);
    const allowed = [...Array(small.vocabularySize).keys()].filter((id) => mask.has(id)).map((id) => small.tokenOf(id));
    expect(allowed).toEqual(["a"]);
    expect(walked(constraint, 0, small.vocabularySize, small)).toMatch(/^a+$/);
  });

  test("that cannot spell a text at all is refused", () => {
    expect(() => compileConstraint({ regex: "[a-c]+z" }, small, [0])).toThrow(ConstraintError);
  });
});

describe("what cannot be followed is refused in words", () => {
  test.each<[string, unknown]>([
    ["unbalanced", { regex: "(a" }],
    ["look-ahead", { regex: "(?=a)b" }],
    ["back-reference", { regex: "(a)\\1" }],
    ["a flag", { regex: /a/i }],
    ["a count that goes down", { regex: "a{3,2}" }],
    ["an empty class", { regex: "[]" }],
    ["no choices", { choices: [] }],
    ["two constraints", { regex: "a", choices: ["a"] }],
    ["nothing", {}],
    ["an impossible schema", { jsonSchema: false }],
    ["a minimum above its maximum", { jsonSchema: { type: "integer", minimum: 3, maximum: 2 } }],
    [
      "an endless definition",
      { jsonSchema: { type: "object", properties: { next: { $ref: "#" } }, required: ["next"] } },
    ],
    ["a definition that is itself", { jsonSchema: { $ref: "#" } }],
    ["a missing definition", { jsonSchema: { $ref: "#/$defs/x" } }],
    ["an unknown keyword", { jsonSchema: { type: "string", contentEncoding: "base64" } }],
    ["a keyword of another type", { jsonSchema: { type: "string", minimum: 1 } }],
    ["a type that is none", { jsonSchema: { type: "text" } }],
    ["depth", { jsonSchema: JSON.parse(`${'{"anyOf":['.repeat(300)}true${"]}".repeat(300)}`) }],
    ["depth of groups", { regex: "(".repeat(5000) }],
    ["an expression of many states", { regex: `(${"(a|b)*a(a|b){9999}|".repeat(3)}c){9000}` }],
  ])("%s", (_, constraint) => {
    const began = performance.now();
    expect(() => {
      const compiled = compileConstraint(constraint as Constraint, bytelevel, [END]);
      let state = compiled.start;
      for (let i = 0; i < 30_000; i++) state = compiled.afterByte(state, 0x61);
    }).toThrow(TesseraError);
    expect(performance.now() - began).toBeLessThan(60_000);
  });
});
