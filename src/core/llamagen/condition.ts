/**
 * The graph that makes the vectors of a condition, [B, slots, C], once per generation; they stand before the image tokens. Names of
 * the weights are LlamaGen's (cls_embedding.*).
 */
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { type Ops, opsOf } from "../../engine/ops/index.js";
import { i32 } from "../../engine/tensor.js";
import { derive, type TransformerConfig } from "./config.js";

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
      const { slots, styles, vocabulary, vectors: size } = condition;
      const style = o.embedding(g.input("style", ["B", 1], "i32"), weight("style_table.weight", [styles + 1, C]));
      const places = weight("position_table.weight", [slots, C]);
      if (size !== undefined) {
        const given = o.linear(g.input("caption", ["B", slots, size]), weight("caption_proj.weight", [C, size]), null);
        const mean = o.slice(given, { axis: 1, start: 0, end: 1 }); // stands beside the style
        const tokens = o.slice(given, { axis: 1, start: 1, end: slots });
        return o.add(o.concat(o.add(style, mean), tokens, { axis: 1 }), places);
      }
      const words = g.input("caption", ["B", slots - 1], "i32");
      const caption = o.embedding(words, weight("caption_table.weight", [vocabulary, C]));
      const vectors = o.concat(style, caption, { axis: 1 }); // [B, slots, C]
      return o.add(vectors, places);
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
