/** What is to be made, and what it says to a model. */
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import type { ShapeCondition } from "../core/octgpt/config.js";
import { once } from "../base/once.js";
import { type FloatTensor, tensor } from "../engine/tensor.js";
import { needsEncoder } from "../media/given-text-encoder.js";
import { checkPrompt } from "../media/prompt.js";
import type { TextEncoderModel } from "../media/text-encoder.js";
import { other, type Warning } from "../media/warnings.js";
import { categoryIn, type Words, wordsOf } from "./words.js";

export interface MeshSubject {
  /**
   * Such as "round table with three legs"; one of model.categories must be in it. A model that is shown a `context` reads it by its text
   * encoder; without one, or with a context that is given, it is only what files and manifests say.
   */
  readonly prompt: string;
  /** Rows [n, width] of another network, such as CLIP's of a text or a picture, for models of OctGPT that were trained with it. */
  readonly context?: FloatTensor | undefined;
}

/** A subject as a model reads it. */
export interface ReadSubject {
  /** Of its words, or of its class; none where there is a context. */
  readonly ids: readonly number[];
  readonly context: FloatTensor | null;
  /** Where a text encoder reads the prompt: how many rows of context it makes, and those. */
  readonly encoded: { readonly rows: number; context(): Promise<FloatTensor> } | null;
  readonly warnings: readonly Warning[];
}

/** Reads subjects for a model. Throws ArgumentError, or UnknownNameError for a prompt that names nothing which it can make. */
export type SubjectReader = (subject: MeshSubject) => ReadSubject;

/** Reads prompts as words of a list, at most `room` of them. */
export const captionReader =
  (words: Words, room: number): SubjectReader =>
  ({ prompt, context }) => {
    refuseContext(context);
    return { ...words.read(prompt, room), context: null, encoded: null };
  };

/** Reads prompts as one of the categories, whose number is the id. */
export const categoryReader =
  (categories: readonly string[]): SubjectReader =>
  ({ prompt, context }) => {
    refuseContext(context);
    const category = categoryIn(prompt, categories);
    const own = wordsOf(category);
    const rest = wordsOf(prompt).filter((word) => !own.includes(word) && !ARTICLES.includes(word));
    const message = `The model makes any ${category} and does not read ${rest.map((word) => `"${word}"`).join(", ")}.`;
    const warnings = rest.length > 0 ? [other(message)] : [];
    return { ids: [categories.indexOf(category)], context: null, encoded: null, warnings };
  };

/** Reads the rows of another network, or where it is a text encoder that is at hand, prompts. */
export const contextReader =
  (
    name: string,
    { rows, width }: Extract<ShapeCondition, { readonly kind: "context" }>,
    encoder: TextEncoderModel | null,
  ): SubjectReader =>
  ({ prompt, context }) => {
    if (context === undefined && encoder) return encodedPrompt(encoder, checkPrompt("prompt", prompt), rows);
    const expected = `rows of the network that the model was trained with, [1 to ${rows}, ${width}],`;
    if (context === undefined) throw new ArgumentError("context", expected, context, needsEncoder(name, "a context"));
    const [n, wide, ...more] = context.shape;
    const fits = n! >= 1 && n! <= rows && wide === width && more.length === 0;
    if (!fits) throw new ArgumentError("context", expected, described(`[${context.shape.join(", ")}]`));
    if (context.data.length !== n! * width || !context.data.every(Number.isFinite))
      throw new ArgumentError("context.data", `${n! * width} finite numbers`, described("others"));
    return { ids: [], context, encoded: null, warnings: [] };
  };

/** As OctGPT's authors encode texts: a row for each token, special ones included, and none for padding. */
function encodedPrompt(encoder: TextEncoderModel, prompt: string, rows: number): ReadSubject {
  const { ids, warnings } = encoder.tokenize(prompt, Math.min(rows, encoder.contextLength ?? rows));
  const context = once(async () => {
    const { features } = await encoder.encode(prompt, { length: ids.length });
    return tensor([ids.length, encoder.width], features.data);
  });
  const empty = prompt.trim() === "" ? [other("The prompt is empty: the meshes are of anything.")] : [];
  return { ids: [], context: null, encoded: { rows: ids.length, context }, warnings: [...empty, ...warnings] };
}

function refuseContext(context: FloatTensor | undefined): void {
  if (context === undefined) return;
  const received = described(`rows [${context.shape?.join(", ")}]`);
  throw new ArgumentError("context", "none, for the model reads prompts,", received, "Leave context out.");
}

const ARTICLES = ["a", "an", "the"];
