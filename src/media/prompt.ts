/** Prompts for models that read a number of tokens and no more. */
import { check } from "../base/check.js";
import { CheckpointError } from "../base/errors.js";
import { loadTextTokenizer } from "../tokenizers/text/load-text-tokenizer.js";
import type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";
import type { ModelFiles } from "./recipe.js";
import { other, type Warning } from "./warnings.js";

const MOST_CHARACTERS = 1_000_000;

/** A text of at most a million characters, or an ArgumentError for `argument`. */
export const checkPrompt = (argument: string, value: unknown): string =>
  check(argument, `a text of at most ${MOST_CHARACTERS} characters`, value, (text) => {
    return typeof text === "string" && text.length <= MOST_CHARACTERS;
  }) as string;

/** Verifies and loads the text tokenizer of a model. One whose ids have no row among its `rows` belongs to another model. */
export async function openTextTokenizer(recipe: ModelFiles, file: string, rows: number): Promise<TextTokenizer> {
  await recipe.verify([file]);
  const path = recipe.locate(file);
  const tokenizer = await loadTextTokenizer(path);
  if (tokenizer.vocabularySize > rows) {
    const problem = `it has ${tokenizer.vocabularySize} tokens, the transformer ${rows}`;
    throw new CheckpointError(path, "bad-size", problem, "Use the tokenizer that the model was trained with.");
  }
  return tokenizer;
}

/**
 * The ids of a prompt, in which names of special tokens are text; with what the tokenizer puts around a text, if `addSpecialTokens`. What is
 * beyond `room` is cut off and named in a warning.
 */
export function promptIds(
  tokenizer: TextTokenizer,
  prompt: string,
  room: number,
  addSpecialTokens = true,
): { readonly ids: readonly number[]; readonly warnings: readonly Warning[] } {
  const all = Array.from(tokenizer.encode(prompt, { specialsInText: "text", addSpecialTokens }));
  if (all.length <= room) return { ids: all, warnings: [] };
  const lost = tokenizer
    .decode(all.slice(wholeFrom(tokenizer, all, room), room + 40))
    .replace(/\uFFFD+$/, "")
    .trim();
  const clipped = lost.length > 60 || all.length > room + 40 ? `${Array.from(lost).slice(0, 60).join("")}…` : lost;
  const message = `The prompt has ${all.length} tokens and the model reads ${room}; from "${clipped}" on it was left out.`;
  return { ids: all.slice(0, room), warnings: [other(message)] };
}

/** The last token up to `end` with which a character begins: tokens may be parts of one. */
function wholeFrom(tokenizer: TextTokenizer, ids: readonly number[], end: number): number {
  const isWhole = (from: number) => !tokenizer.decode(ids.slice(from, end + 4)).startsWith("\uFFFD");
  let from = end;
  while (from > Math.max(0, end - 4) && !isWhole(from)) from--;
  return from;
}
