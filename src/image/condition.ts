/** A subject becomes what stands before the image tokens. */
import { once } from "../base/once.js";
import { quoted } from "../base/words.js";
import { type Condition, type ConditionConfig, leftPadded } from "../core/condition.js";
import { tensor } from "../engine/tensor.js";
import { promptIds } from "../media/prompt.js";
import type { TextEncoderModel } from "../media/text-encoder.js";
import { other, type Warning, warnOnce } from "../media/warnings.js";
import { NO_STYLE } from "../models/image-config.js";
import { cleanCaption } from "../tokenizers/text/clean-caption.js";
import type { ImageModel } from "./model.js";
import type { Subject } from "./request.js";

export interface Prepared {
  /** The condition of a batch: the number of the subject of each item. */
  of(items: readonly number[]): Promise<Condition>;
  /** Tokens of each subject that the model sees, for one item. */
  readonly tokens: readonly number[];
  readonly warnings: readonly Warning[];
  /** The vectors that the caption encoder makes of a subject; null where none does. */
  vectorsOf(subject: number): Promise<Float32Array> | null;
}

const noVectors = () => null;

/**
 * Encodes subjects once, all of one kind, for a model of that condition. What does not fit into the slots is left out and named in a
 * warning.
 */
export function prepare(model: ImageModel, condition: ConditionConfig, subjects: readonly Subject[]): Prepared {
  const [first] = subjects;
  switch (first!.kind) {
    case "caption":
      if (condition.kind === "prompt") return preparePrompts(model, condition.slots, subjects.map(promptOf));
      return prepareCaptions(model, condition, subjects as readonly (Subject & { kind: "caption" })[]);
    case "class": {
      const { classId } = first!;
      const of = async ({ length }: readonly number[]): Promise<Condition> => ({
        kind: "class",
        classes: Array<number>(length).fill(classId),
      });
      return { of, tokens: [1], warnings: [], vectorsOf: noVectors };
    }
    case "text": {
      const prompts = (subjects as readonly (Subject & { kind: "text" })[]).map(({ prompt }) => prompt);
      return prepareTexts(model.textEncoder!, condition, prompts); // a model without one takes no such subjects
    }
    case "features":
      return prepareFeatures(condition, first!);
  }
}

function prepareCaptions(
  model: ImageModel,
  condition: ConditionConfig,
  subjects: readonly (Subject & { kind: "caption" })[],
): Prepared {
  const room = condition.kind === "caption" ? condition.slots - 1 : 0;
  const captions = model.captions!; // a model that takes captions has a tokenizer for them
  const encoder = model.captionEncoder;
  const each = subjects.map(({ prompt, style }) => {
    const { ids, warnings: cut } = promptIds(captions, prompt, room);
    const row = style === NO_STYLE ? null : model.styles.indexOf(style);
    const vectors = encoder && once(() => encoder.vectors(ids));
    const empty = prompt.trim() === "" ? [EMPTY] : [];
    return { ids, row, vectors, warnings: [...empty, ...cut, ...strangeWords(model, prompt)] };
  });
  const of = async (items: readonly number[]): Promise<Condition> => {
    const those = items.map((item) => each[item]!);
    return {
      kind: "caption",
      styles: those.map(({ row }) => row),
      captions: those.map(({ ids }) => ids),
      ...(encoder && { vectors: await Promise.all(those.map(({ vectors }) => vectors!())) }),
    };
  };
  const warnings: Warning[] = [];
  for (const warning of each.flatMap((one) => one.warnings)) warnOnce(warnings, warning);
  const vectorsOf = (subject: number) => each[subject]!.vectors?.() ?? null;
  return { of, tokens: each.map(({ ids }) => ids.length), warnings, vectorsOf };
}

const EMPTY = other("The prompt is empty: the pictures are of anything.");

/** Prompts as LlamaGen's authors prepare them: cleaned, encoded with the end token in as many tokens as there are slots, padded on the left. */
function prepareTexts(encoder: TextEncoderModel, condition: ConditionConfig, prompts: readonly string[]): Prepared {
  const { slots, size } = condition.kind === "features" ? condition : { slots: 0, size: 0 };
  const each = prompts.map((prompt) => {
    const caption = cleanCaption(prompt);
    const { ids, warnings } = encoder.tokenize(caption, slots);
    const features = once(async () => (await encoder.encode(caption, { length: slots })).features);
    return { tokens: ids.length, features, warnings: caption === "" ? [EMPTY] : warnings };
  });
  const of = async (items: readonly number[]): Promise<Condition> => {
    const data = new Float32Array(items.length * slots * size);
    for (const [i, item] of items.entries()) data.set((await each[item]!.features()).data, i * slots * size);
    const valid = items.map((item) => new Uint8Array(slots).fill(1, 0, each[item]!.tokens));
    return leftPadded(tensor([items.length, slots, size], data), valid);
  };
  const warnings: Warning[] = [];
  for (const warning of each.flatMap((one) => one.warnings)) warnOnce(warnings, warning);
  return { of, tokens: each.map(({ tokens }) => tokens), warnings, vectorsOf: noVectors };
}

const promptOf = (subject: Subject): string => (subject as Subject & { kind: "caption" }).prompt;

/** Prompts that the transformer itself reads, in the words of its conversations. */
function preparePrompts({ conversation }: ImageModel, slots: number, prompts: readonly string[]): Prepared {
  const each = prompts.map((prompt) => conversation!.written(prompt, slots)); // such a model has one
  const of = async (items: readonly number[]): Promise<Condition> => ({
    kind: "prompt",
    prompts: items.map((item) => each[item]!.ids),
    unconditional: items.map((item) => each[item]!.unconditional),
  });
  const warnings: Warning[] = [];
  prompts.forEach((prompt, i) => {
    for (const warning of [...(prompt.trim() === "" ? [EMPTY] : []), ...each[i]!.warnings]) warnOnce(warnings, warning);
  });
  return { of, tokens: each.map(({ ids }) => ids.length), warnings, vectorsOf: noVectors };
}

const MOST_NAMED = 5;

/** A warning where a prompt has words that the model never saw, with known ones of like meaning or spelling. */
function strangeWords({ name, words }: ImageModel, prompt: string): readonly Warning[] {
  const strange = words?.strange(prompt) ?? [];
  if (strange.length === 0) return [];
  const told = strange.slice(0, MOST_NAMED).map((word) => {
    const near = words!.near(word, 3);
    return near.length === 0 ? quoted(word) : `${quoted(word)} (known: ${near.join(", ")})`;
  });
  const more = strange.length > MOST_NAMED ? ` and ${strange.length - MOST_NAMED} more` : "";
  return [
    other(
      `No caption that ${name} was trained on has the ${strange.length === 1 ? "word" : "words"} ${told.join(", ")}${more}.`,
    ),
  ];
}

function prepareFeatures(condition: ConditionConfig, { features }: Subject & { kind: "features" }): Prepared {
  const slots = condition.kind === "features" ? condition.slots : 0;
  const [tokens, size] = features.shape as [number, number];
  const of = async ({ length: items }: readonly number[]): Promise<Condition> => {
    const data = new Float32Array(items * slots * size);
    for (let item = 0; item < items; item++) data.set(features.data, item * slots * size);
    const valid = Array.from({ length: items }, () => new Uint8Array(slots).fill(1, 0, tokens));
    return leftPadded(tensor([items, slots, size], data), valid);
  };
  return { of, tokens: [tokens], warnings: [], vectorsOf: noVectors };
}
