/** A subject becomes what stands before the image tokens. */
import { once } from "../base/once.js";
import { quoted } from "../base/words.js";
import { type Condition, type ConditionConfig, leftPadded } from "../core/condition.js";
import { tensor } from "../engine/tensor.js";
import { promptIds } from "../media/prompt.js";
import { other, type Warning } from "../media/warnings.js";
import { NO_STYLE } from "../models/image-config.js";
import type { ImageModel } from "./model.js";
import type { Subject } from "./request.js";

export interface Prepared {
  /** The condition of a batch of `items`, all alike. */
  readonly of: (items: number) => Promise<Condition>;
  /** Tokens of the subject that the model sees, for one item. */
  readonly tokens: number;
  readonly warnings: readonly Warning[];
}

/** Encodes the subject once, for a model of that condition. What does not fit into the slots is left out and named in a warning. */
export function prepare(model: ImageModel, condition: ConditionConfig, subject: Subject): Prepared {
  switch (subject.kind) {
    case "caption":
      return prepareCaption(model, condition, subject);
    case "class": {
      const { classId } = subject;
      const of = async (items: number): Promise<Condition> => ({
        kind: "class",
        classes: Array<number>(items).fill(classId),
      });
      return { of, tokens: 1, warnings: [] };
    }
    case "features":
      return prepareFeatures(condition, subject);
  }
}

function prepareCaption(
  model: ImageModel,
  condition: ConditionConfig,
  { prompt, style }: Subject & { kind: "caption" },
): Prepared {
  const room = condition.kind === "caption" ? condition.slots - 1 : 0;
  const captions = model.captions!; // a model that takes captions has a tokenizer for them
  const { ids, warnings: cut } = promptIds(captions, prompt, room);
  const warnings = [...cut, ...strangeWords(model, prompt)];
  const row = style === NO_STYLE ? null : model.styles.indexOf(style);
  const vectorsOf = once(async () => model.captionEncoder && (await model.captionEncoder.vectors(ids)));
  const of = async (items: number): Promise<Condition> => {
    const vectors = await vectorsOf();
    return {
      kind: "caption",
      styles: Array<number | null>(items).fill(row),
      captions: Array<readonly number[]>(items).fill(ids),
      ...(vectors && { vectors: Array<Float32Array>(items).fill(vectors) }),
    };
  };
  return { of, tokens: ids.length, warnings };
}

const MOST_NAMED = 5;

/** A warning where a prompt has words that the model never saw, with known ones of like spelling. */
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
  const of = async (items: number): Promise<Condition> => {
    const data = new Float32Array(items * slots * size);
    for (let item = 0; item < items; item++) data.set(features.data, item * slots * size);
    const valid = Array.from({ length: items }, () => new Uint8Array(slots).fill(1, 0, tokens));
    return leftPadded(tensor([items, slots, size], data), valid);
  };
  return { of, tokens, warnings: [] };
}
