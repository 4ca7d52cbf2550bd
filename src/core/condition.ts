/**
 * What pictures are conditioned on: a class, the features of a text encoder, a style and a caption of our own, or a text whose ids
 * the transformer reads itself. Each architecture makes its own vectors out of it.
 */
import { isIntegerIn } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import type { Fields } from "../base/fields.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../engine/tensor.js";
import type { PromptMask } from "./masks.js";

/** What a model is conditioned on. Its slots stand before the image tokens. */
export type ConditionConfig =
  /** One slot: a row of a table of classes, whose last extra row means "none". */
  | { readonly kind: "class"; readonly classes: number }
  /** Features of a text encoder, `slots` vectors of `size` numbers, through a two-layer MLP. */
  | { readonly kind: "features"; readonly slots: number; readonly size: number }
  /** A style (the row after the last means "none"), then caption tokens, padded on the right with the learned `pad`. */
  | {
      readonly kind: "caption";
      readonly slots: number;
      readonly styles: number;
      readonly vocabulary: number;
      readonly pad: number;
      /** Numbers per vector of the caption encoder that the model was trained with; absent: it has a table of tokens of its own. */
      readonly vectors?: number | undefined;
    }
  /** Ids of a text, of a `vocabulary`, that the transformer itself reads; at most `slots`. */
  | { readonly kind: "prompt"; readonly slots: number; readonly vocabulary: number };

/** Those that become vectors before the transformer runs, or stand in a table of it. */
export type VectorCondition = Exclude<ConditionConfig, { readonly kind: "prompt" }>;

/** Conditions of a batch, of the model's kind; null stands for "none", what the unconditional half of guidance gets. */
export type Condition =
  | { readonly kind: "class"; readonly classes: readonly (number | null)[] }
  | {
      readonly kind: "features";
      /** [B, slots, size], padding on the left and zeroed: see leftPadded(). */
      readonly features: FloatTensor;
      /** For each item, 1 where a slot holds a feature and 0 where it is padding. */
      readonly mask: readonly Uint8Array[];
    }
  | {
      readonly kind: "caption";
      readonly styles: readonly (number | null)[];
      /** Token ids of each item, at most slots - 1. */
      readonly captions: readonly (readonly number[])[];
      /** For a model with a caption encoder: its vectors for the tokens of each item, [tokens, size]. */
      readonly vectors?: readonly Float32Array[] | undefined;
    }
  | {
      readonly kind: "prompt";
      /** The ids of each item's prompt, from the first one to that which begins the picture. */
      readonly prompts: readonly (readonly number[])[];
      /** The same without the text, as many ids each. */
      readonly unconditional: readonly (readonly number[])[];
    };

/** The condition, if it is of that kind; else an ArgumentError. */
export function checkKind<K extends Condition["kind"]>(
  condition: Condition,
  kind: K,
): Extract<Condition, { readonly kind: K }> {
  if (condition.kind === kind) return condition as Extract<Condition, { readonly kind: K }>;
  throw wrongKind(kind, condition);
}

const wrongKind = (kind: string, condition: Condition) =>
  new ArgumentError("condition.kind", `"${kind}", the kind this model was trained with`, condition.kind);

/**
 * The inputs of a graph that makes vectors of a condition, for a batch: B rows, or 2B when guided, [conditional …, unconditional …].
 * A condition of another kind than the model's, or with numbers out of range, is an ArgumentError.
 */
export function conditionInputs(
  config: VectorCondition,
  condition: Condition,
  guided: boolean,
): Readonly<Record<string, Tensor>> {
  if (condition.kind === "class" && config.kind === "class") {
    const classes = condition.classes.map((id) => rowOf(id, config.classes, "condition.classes"));
    return { classes: column(guided ? [...classes, ...classes.map(() => config.classes)] : classes) };
  }
  if (condition.kind === "features" && config.kind === "features") {
    const { features, mask } = condition;
    const { slots, size } = config;
    const B = itemsOf(condition);
    if (features.shape.join() !== [B, slots, size].join())
      throw new ArgumentError(
        "condition.features",
        `features of shape [${[B, slots, size]}]`,
        described(`features of shape [${features.shape}]`),
      );
    if (mask.some((row) => row.length !== slots))
      throw new ArgumentError(
        "condition.mask",
        `${slots} flags per item`,
        described(`rows of ${mask.map((row) => row.length).join(", ")} flags`),
      );
    if (!guided) return { features, none: tensor([B, 1, 1], new Float32Array(B)) };
    const data = new Float32Array(2 * features.data.length);
    data.set(features.data);
    return {
      features: tensor([2 * B, slots, size], data),
      none: tensor([2 * B, 1, 1], new Float32Array(2 * B).fill(1, B)),
    };
  }
  if (condition.kind === "caption" && config.kind === "caption") {
    const length = config.slots - 1;
    if (condition.styles.length !== condition.captions.length)
      throw new ArgumentError(
        "condition.captions",
        `${condition.styles.length} captions`,
        described(`${condition.captions.length} captions`),
      );
    const styles = condition.styles.map((style) => rowOf(style, config.styles, "condition.styles"));
    const captions = condition.captions.map((ids) => {
      if (ids.length > length)
        throw new ArgumentError(
          "condition.captions",
          `at most ${length} tokens`,
          described(`${ids.length} tokens`),
          "Shorten the prompt.",
        );
      for (const id of ids) if (!isRow(id, config.vocabulary)) refuse("condition.captions", config.vocabulary, id);
      return [...ids, ...Array<number>(length - ids.length).fill(config.pad)];
    });
    const none = guided ? captions.length : 0;
    const style = column([...styles, ...Array<number>(none).fill(config.styles)]);
    if (config.vectors !== undefined)
      return { style, caption: vectorRows(config.slots, config.vectors, condition, captions.length + none) };
    const nothing = Array<number>(none * length).fill(config.pad);
    return {
      style,
      caption: i32([captions.length + none, length], [...captions.flat(), ...nothing]),
    };
  }
  throw wrongKind(config.kind, condition);
}

/**
 * Vectors of a caption encoder as a graph takes them, [rows, slots, size]: for each item the mean of its vectors, then the vectors,
 * padded with zeros; rows beyond the items are zeros, which say nothing.
 */
function vectorRows(
  slots: number,
  size: number,
  { captions, vectors }: Condition & { kind: "caption" },
  rows: number,
): FloatTensor {
  const data = new Float32Array(rows * slots * size);
  captions.forEach(({ length }, item) => {
    const given = vectors?.[item];
    if (given?.length !== length * size)
      throw new ArgumentError(
        "condition.vectors",
        `${length} vectors of ${size} numbers for item ${item}`,
        described(`${given?.length ?? "no"} numbers`),
        "Encode the caption with the model's caption encoder.",
      );
    const start = item * slots * size;
    data.set(given, start + size);
    given.forEach((value, i) => (data[start + (i % size)]! += value / length));
  });
  return tensor([rows, slots, size], data);
}

/** The conditions of several batches, all of one kind, as those of one batch. */
export function joined(conditions: readonly Condition[]): Condition {
  if (conditions.length === 1) return conditions[0]!;
  const [{ kind }] = conditions as [Condition];
  switch (kind) {
    case "class": {
      const all = conditions as readonly (Condition & { kind: "class" })[];
      return { kind, classes: all.flatMap(({ classes }) => classes) };
    }
    case "features": {
      const all = conditions as readonly (Condition & { kind: "features" })[];
      const [, slots, size] = all[0]!.features.shape as [number, number, number];
      const data = Float32Array.from(all.flatMap(({ features }) => [...features.data]));
      const mask = all.flatMap((each) => each.mask);
      return { kind, features: tensor([mask.length, slots, size], data), mask };
    }
    case "caption": {
      const all = conditions as readonly (Condition & { kind: "caption" })[];
      const [styles, captions] = [all.flatMap((each) => each.styles), all.flatMap((each) => each.captions)];
      return { kind, styles, captions, vectors: all[0]!.vectors && all.flatMap((each) => each.vectors!) };
    }
    case "prompt": {
      const all = conditions as readonly (Condition & { kind: "prompt" })[];
      const [prompts, unconditional] = [all.flatMap((each) => each.prompts), all.flatMap((each) => each.unconditional)];
      return { kind, prompts, unconditional };
    }
  }
}

/** Items of a batch. */
export function itemsOf(condition: Condition): number {
  switch (condition.kind) {
    case "class":
      return condition.classes.length;
    case "features":
      return condition.mask.length;
    case "caption":
      return condition.styles.length;
    case "prompt":
      return condition.prompts.length;
  }
}

/** The mask of the prompts as attention needs it, a row per item; LlamaGen uses a prompt's mask for its unconditional row, too. */
export function promptMask(condition: Condition, guided: boolean): PromptMask {
  if (condition.kind !== "features") return null;
  return guided ? [...condition.mask, ...condition.mask] : condition.mask;
}

/**
 * LlamaGen's left padding: features [B, slots, size] with the valid ones first become features with the padding first, and
 * zeroed. `valid` has a 1 for each valid slot; the mask that comes back is turned around in the same way.
 */
export function leftPadded(
  features: FloatTensor,
  valid: readonly Uint8Array[],
): { readonly kind: "features"; readonly features: FloatTensor; readonly mask: readonly Uint8Array[] } {
  const [B, slots, size] = features.shape as [number, number, number];
  const data = new Float32Array(features.data.length);
  const mask = valid.map((flags, item) => {
    if (valid.length !== B || flags.length !== slots)
      throw new ArgumentError(
        "valid",
        `${B} rows of ${slots} flags`,
        described(`${valid.length} rows of ${flags.length} flags`),
      );
    const count = flags.reduce((sum, flag) => sum + flag, 0);
    const start = item * slots * size;
    data.set(features.data.subarray(start, start + count * size), start + (slots - count) * size);
    return Uint8Array.from({ length: slots }, (_, slot) => (slot < slots - count ? 0 : 1));
  });
  return { kind: "features", features: tensor(features.shape, data), mask };
}

/** A condition out of its fields in a config.json. */
export function parseCondition(of: Fields): VectorCondition {
  const condition = ((): VectorCondition => {
    const kind = of.word("kind", ["class", "features", "caption"]);
    switch (kind) {
      case "class":
        return { kind, classes: count(of, "classes") };
      case "features":
        return { kind, slots: count(of, "slots", 2 ** 16), size: count(of, "size") };
      case "caption": {
        const slots = of.number("slots", "from 2 (a style and a token) to 65,536", isIntegerIn(2, 2 ** 16));
        const vocabulary = count(of, "vocabulary");
        const pad = of.number("pad", `an id below ${vocabulary}`, isIntegerIn(0, vocabulary - 1));
        const vectors = of.take("vectors") === undefined ? undefined : count(of, "vectors", 2 ** 16);
        return { kind, slots, styles: count(of, "styles"), vocabulary, pad, ...(vectors !== undefined && { vectors }) };
      }
    }
  })();
  of.finish();
  return condition;
}

/** A whole number of at least 1. */
export const count = (of: Fields, name: string, most = 2 ** 24): number =>
  of.number(name, `a whole number from 1 to ${most}`, isIntegerIn(1, most));

const isRow = (id: number, rows: number) => Number.isInteger(id) && id >= 0 && id < rows;

/** The row of a table whose extra last row means "none". */
const rowOf = (id: number | null, rows: number, argument: string): number =>
  id === null ? rows : isRow(id, rows) ? id : refuse(argument, rows, id);

function refuse(argument: string, rows: number, id: number): never {
  throw new ArgumentError(argument, `whole numbers from 0 to ${rows - 1}`, id);
}

const column = (ids: readonly number[]) => i32([ids.length, 1], ids);
