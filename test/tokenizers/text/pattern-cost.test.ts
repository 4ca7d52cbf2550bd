import { expect, it } from "vitest";
import { translateOnig } from "../../../src/tokenizers/text/onig.js";
import { isTame } from "../../../src/tokenizers/text/pattern-cost.js";

/** Patterns of published tokenizers, as they stand in tokenizer.json. */
const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const CL100K =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const O200K =
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}";
const CLIP = "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

it.each([GPT2, CL100K, O200K, CLIP, "\\n\\n+", "a{1000}", "(?:ab|c)*", "(?>a+)b"])("%s is tame", (pattern) => {
  expect(isTame(translateOnig(pattern).source)).toBe(true);
});

it.each([
  "(a+)+$",
  "(a|a)*(b|b)*(c|c)*d",
  "(?:a*){100}",
  "(x*|y)*z",
  "a+a+a+b",
  "((a{2,})b?)+",
  "(?:a+?)+",
  "(?>(a+)+)",
])("%s is not", (pattern) => {
  expect(isTame(translateOnig(pattern).source)).toBe(false);
});
