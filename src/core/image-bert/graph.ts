/** TiTok's generator as a graph: the encoder of BERT (arXiv 1810.04805 §3), normalised after each sum; weights under the hub's names. */
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { taps } from "../prompt/taps.js";
import type { ImageBertConfig } from "./config.js";

/**
 * The graph of a pass. Inputs: `ids` [B, 1 + N], a class and N tokens or masks; `rows` [R], which of the 1 + N are asked. Output
 * `logits` [B, R, V]. `tapped` names values to give out, too: "embedded", "layer0" and so on.
 */
export function imageBertGraph(config: ImageBertConfig, tapped: readonly string[] = []): Graph {
  const { width: C, hidden, heads, vocabulary: V, classes, positions: N, normEpsilon: epsilon } = config;
  const g = new GraphBuilder("image-bert");
  const o = opsOf(g);
  const { tap, outputs } = taps();
  const table = (name: string, rows: number) => g.weight(`model.embeddings.${name}_embeddings.weight`, [rows, C]);
  const norm = (path: string, x: Value) =>
    o.layerNorm(x, g.weight(`${path}.LayerNorm.weight`, [C]), g.weight(`${path}.LayerNorm.bias`, [C]), { epsilon });

  const ids = g.input("ids", ["B", 1 + N], "i32");
  const places = o.add(table("position", 1 + N), o.slice(table("token_type", 2), { axis: 0, start: 0, end: 1 }));
  const fed = o.add(o.embedding(ids, table("word", V + 1 + classes + 1)), places);
  let x = tap("embedded", norm("model.embeddings", fed)); // [B, 1 + N, C]
  for (let i = 0; i < config.layers; i++) {
    const linear = (name: string, value: Value, from: number, to: number) => {
      const path = `model.encoder.layer.${i}.${name}`;
      return o.bulkLinear(value, g.weight(`${path}.weight`, [to, from]), g.weight(`${path}.bias`, [to]));
    };
    const part = (name: string) => linear(`attention.self.${name}`, x, C, C);
    const seen = o.openAttention(part("query"), part("key"), part("value"), { heads, scale: (C / heads) ** -0.5 });
    const attended = linear("attention.output.dense", seen, C, C);
    x = norm(`model.encoder.layer.${i}.attention.output`, o.add(x, attended));
    const widened = o.gelu(linear("intermediate.dense", x, C, hidden), { approximation: "none" });
    x = norm(`model.encoder.layer.${i}.output`, o.add(x, linear("output.dense", widened, hidden, C)));
    tap(`layer${i}`, x);
  }
  const asked = o.gather(x, g.input("rows", ["R"], "i32"), { axis: 1 }); // [B, R, C]
  const head = [g.weight("model.lm_head.weight", [V, C]), g.weight("model.lm_head.bias", [V])] as const;
  return g.build({ logits: o.linear(asked, ...head), ...outputs(tapped) });
}
