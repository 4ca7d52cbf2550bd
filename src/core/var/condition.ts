/**
 * What a next-scale model is told once a generation: the vectors that start its sequence, and the AdaLN vectors of all layers,
 * which depend on the condition alone and therefore are no part of a pass. (VAR, arXiv 2404.02905 §3.3; AdaLN as in DiT,
 * arXiv 2212.09748 §3.2, with the order of VAR's files.)
 *
 *   class    condition vector = row of class_emb; it also starts the sequence.
 *   caption  (ours) condition vector = row of the style + mean of the caption's rows; the caption's rows themselves, with learned
 *            positions, stand in front of the start and are seen by all scales. Rows are of a table of the model's own, or
 *            vectors of a caption encoder, projected.
 */
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { type Ops, opsOf } from "../../engine/ops/index.js";
import { type Tensor, tensor } from "../../engine/tensor.js";
import { type Condition, conditionInputs } from "../condition.js";
import type { ScaleConfig } from "./config.js";

/** AdaLN vectors of a layer, in the order of the files, for the attention and the feed-forward branch: see graph.ts. */
export const MODULATIONS = ["gain1", "gain2", "scale1", "scale2", "shift1", "shift2"] as const;

/**
 * Inputs by kind (see scaleConditionInputs). Outputs:
 *
 *   start       [B, P, C]          the first P slots of the sequence; the last of them is position 0
 *   modulation  [B, 6·layers, C]   MODULATIONS of layer 0, then of layer 1, and so on
 *   head        [B, 2, C]          scale and shift before the head
 */
export function scaleConditionGraph(config: ScaleConfig): Graph {
  const { layers, width: C } = config;
  const g = new GraphBuilder("scale-condition");
  const o = opsOf(g);
  const { vector, before } = conditionVector(g, o, config);
  const first = o.add(vector, g.weight("pos_start", [1, 1, C])); //                        [B, 1, C]
  const start = before ? o.concat(before, first, { axis: 1 }) : first;

  const bent = o.silu(vector);
  const modulate = (path: string, count: number) => {
    const bias = g.weight(`${path}.bias`, [count * C]);
    return o.reshape(o.linear(bent, g.weight(`${path}.weight`, [count * C, C]), bias), { shape: [0, count, C] });
  };
  const shared = config.modulation === "shared" ? modulate("shared_ada_lin.1", 6) : null;
  const ofLayer = (i: number) =>
    shared
      ? o.add(shared, o.reshape(g.weight(`blocks.${i}.ada_gss`, [1, 1, 6, C]), { shape: [1, 6, C] }))
      : modulate(`blocks.${i}.ada_lin.1`, 6);
  const modulation = o.concat(...Array.from({ length: layers }, (_, i) => ofLayer(i)), { axis: 1 });
  return g.build({ start, modulation, head: modulate("head_nm.ada_lin.1", 2) });
}

/** The condition as one vector [B, 1, C], and what stands before the start [B, P - 1, C]. */
function conditionVector(
  g: GraphBuilder,
  o: Ops,
  { condition, width: C }: ScaleConfig,
): { readonly vector: Value; readonly before: Value | null } {
  switch (condition.kind) {
    case "class": {
      const classes = g.input("classes", ["B", 1], "i32");
      return { vector: o.embedding(classes, g.weight("class_emb.weight", [condition.classes + 1, C])), before: null };
    }
    case "caption": {
      const { slots, styles, vocabulary, vectors: size } = condition;
      const style = o.embedding(g.input("style", ["B", 1], "i32"), g.weight("style_emb.weight", [styles + 1, C]));
      const places = g.weight("caption_pos", [1, slots - 1, C]);
      if (size !== undefined) {
        const given = o.linear(
          g.input("caption", ["B", slots, size]),
          g.weight("caption_proj.weight", [C, size]),
          null,
        );
        const mean = o.slice(given, { axis: 1, start: 0, end: 1 });
        const tokens = o.slice(given, { axis: 1, start: 1, end: slots });
        return { vector: o.add(style, mean), before: o.add(tokens, places) };
      }
      const ids = g.input("caption", ["B", slots - 1], "i32");
      const words = o.embedding(ids, g.weight("caption_emb.weight", [vocabulary, C]));
      const shares = g.input("shares", ["B", 1, slots - 1]); // 1/n for the n tokens of a caption, 0 for its padding
      const before = o.add(words, places);
      return { vector: o.add(style, o.matmul(shares, words)), before };
    }
  }
}

/**
 * The inputs of scaleConditionGraph for a batch: B rows, or 2B when guided, [conditional …, unconditional …].
 * A condition of another kind than the model's, or with numbers out of range, is an ArgumentError.
 */
export function scaleConditionInputs(
  { condition: config }: ScaleConfig,
  condition: Condition,
  guided: boolean,
): Readonly<Record<string, Tensor>> {
  const inputs = conditionInputs(config, condition, guided);
  if (config.kind !== "caption" || condition.kind !== "caption" || config.vectors !== undefined) return inputs;
  const width = config.slots - 1;
  const rows = inputs.style!.shape[0]!;
  const shares = new Float32Array(rows * width);
  condition.captions.forEach(({ length }, item) => {
    shares.fill(1 / length, item * width, item * width + length);
  });
  return { ...inputs, shares: tensor([rows, 1, width], shares) };
}
