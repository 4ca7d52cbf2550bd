/**
 * What stands before the image tokens: a class, the features of a text encoder, or a style and a caption of our own, made into
 * vectors [B, slots, C] once a generation. Names of the weights are LlamaGen's (cls_embedding.*).
 */
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import { type Graph, GraphBuilder, type Value } from "../engine/graph.js";
import { type Ops, opsOf } from "../engine/ops/index.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../engine/tensor.js";
import { type ConditionConfig, derive, type TransformerConfig } from "./configs.js";
import type { PromptMask } from "./masks.js";

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
    };

/**
 * The graph that makes the vectors: inputs by kind (see conditionInputs), output `condition` [B, slots, C]; for a model with
 * special slots, their vectors as `specials` [1, slots, C], too.
 */
export function conditionGraph(config: TransformerConfig): Graph {
  const { width: C } = config;
  const { specialSlots } = derive(config);
  const g = new GraphBuilder("condition");
  const o = opsOf(g);
  const condition = conditionVectors(g, o, config);
  if (specialSlots === 0) return g.build({ condition });
  const table = g.weight("spe_tok_embeddings.special_embeddings.weight", [specialSlots, C]);
  const all = g.constant(i32([1, specialSlots], [...Array(specialSlots).keys()]));
  return g.build({ condition, specials: o.embedding(all, table) });
}

function conditionVectors(g: GraphBuilder, o: Ops, { condition, width: C }: TransformerConfig): Value {
  const weight = (name: string, shape: readonly number[]) => g.weight(`cls_embedding.${name}`, shape);
  switch (condition.kind) {
    case "class": {
      const classes = g.input("classes", ["B", 1], "i32");
      return o.embedding(classes, weight("embedding_table.weight", [condition.classes + 1, C]));
    }
    case "features": {
      const { slots, size } = condition;
      const features = g.input("features", ["B", slots, size]);
      const none = g.input("none", ["B", 1, 1]); // 1 where an item has no condition; its features are zeros then
      const given = o.add(features, o.mul(weight("uncond_embedding", [slots, size]), none)); // [B, slots, size]
      return captionMlp(o, given, (name, shape) => weight(`cap_proj.${name}`, shape), size, C);
    }
    case "caption": {
      const { slots, styles, vocabulary } = condition;
      const style = o.embedding(g.input("style", ["B", 1], "i32"), weight("style_table.weight", [styles + 1, C]));
      const words = g.input("caption", ["B", slots - 1], "i32");
      const caption = o.embedding(words, weight("caption_table.weight", [vocabulary, C]));
      const vectors = o.concat(style, caption, { axis: 1 }); // [B, slots, C]
      return o.add(vectors, weight("position_table.weight", [slots, C]));
    }
  }
}

/** LlamaGen's caption MLP: fc1 [C, size], gelu in its tanh approximation, fc2 [C, C]; no bias. x [B, T, size] -> [B, T, C]. */
export function captionMlp(
  o: Ops,
  x: Value,
  weight: (name: string, shape: readonly number[]) => Value,
  size: number,
  C: number,
): Value {
  const inner = o.gelu(o.linear(x, weight("fc1.weight", [C, size]), null), { approximation: "tanh" });
  return o.linear(inner, weight("fc2.weight", [C, C]), null);
}

/**
 * The inputs of conditionGraph for a batch: B rows, or 2B when guided, [conditional …, unconditional …].
 * A condition of another kind than the model's, or with numbers out of range, is an ArgumentError.
 */
export function conditionInputs(
  config: ConditionConfig,
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
    const nothing = Array<number>(none * length).fill(config.pad);
    return {
      style: column([...styles, ...Array<number>(none).fill(config.styles)]),
      caption: i32([captions.length + none, length], [...captions.flat(), ...nothing]),
    };
  }
  throw new ArgumentError("condition.kind", `"${config.kind}", the kind this model was trained with`, condition.kind);
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
  }
}

/** The mask of the prompts as attention needs it, a row an item; LlamaGen uses a prompt's mask for its unconditional row, too. */
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

const isRow = (id: number, rows: number) => Number.isInteger(id) && id >= 0 && id < rows;

/** The row of a table whose extra last row means "none". */
const rowOf = (id: number | null, rows: number, argument: string): number =>
  id === null ? rows : isRow(id, rows) ? id : refuse(argument, rows, id);

function refuse(argument: string, rows: number, id: number): never {
  throw new ArgumentError(argument, `whole numbers from 0 to ${rows - 1}`, id);
}

const column = (ids: readonly number[]) => i32([ids.length, 1], ids);
