/**
 * Janus' transformer as a graph: text ids and codes of pictures go in by tables of their own, codes come out by a head of their own.
 * Names of the weights are those of the authors' files.
 */
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { f32, i32, type Tensor, tensor } from "../../engine/tensor.js";
import { llamaTrunk } from "../llama/graph.js";
import { llamaInputs } from "../llama/inputs.js";
import type { PromptPass } from "../prompt/pass.js";
import { taps } from "../prompt/taps.js";
import type { JanusConfig } from "./config.js";

/**
 * The graph of a pass. Inputs besides those of llamaGraph(), `ids` being [B, T] text ids, 0 where codes stand:
 *
 *   codes    [B, T]   codes of pictures, 0 where text stands
 *   isCode   [T, 1]   1 where codes stand, 0 where text does
 *
 * Output `logits` [B, R, K] over the codes. `tapped` names values to give out, too: "embedded" [B, T, C] and those of llamaGraph().
 */
export function janusGraph(config: JanusConfig, tapped: readonly string[] = []): Graph {
  const { body, vocabulary: K, headWidth: E } = config;
  const { width: C, vocabulary: V, prefix } = body;
  const g = new GraphBuilder("janus");
  const o = opsOf(g);
  const { tap, outputs } = taps();
  const isCode = g.input("isCode", ["T", 1]);
  const isText = o.affine(isCode, { scale: -1, offset: 1 });
  const text = o.embedding(g.input("ids", ["B", "T"], "i32"), g.weight(`${prefix}embed_tokens.weight`, [V, C]));
  const codes = codeVectors(g, config, g.input("codes", ["B", "T"], "i32"));
  const x = tap("embedded", o.add(o.mul(text, isText), o.mul(codes, isCode)));
  const hidden = llamaTrunk(g, body, x, tap);
  const inner = perceptron(g, "gen_head.output_mlp_projector", hidden, C, E);
  const logits = perceptron(g, "gen_head.vision_head", o.gelu(inner, { approximation: "none" }), E, K);
  return g.build({ logits, ...outputs(tapped) });
}

/** Codes [...] to what stands for them in the body, [..., C]: a table of its own, not the codec's, and two matrices. */
export function codeVectors(g: GraphBuilder, { body, vocabulary, codeDim }: JanusConfig, codes: Value): Value {
  const o = opsOf(g);
  const rows = o.embedding(codes, g.weight("gen_embed.weight", [vocabulary, codeDim]));
  const inner = o.gelu(perceptron(g, "gen_aligner.layers.0", rows, codeDim, body.width), { approximation: "none" });
  return perceptron(g, "gen_aligner.layers.2", inner, body.width, body.width);
}

const perceptron = (g: GraphBuilder, path: string, x: Value, from: number, to: number): Value =>
  opsOf(g).linear(x, g.weight(`${path}.weight`, [to, from]), g.weight(`${path}.bias`, [to]));

/** The inputs of janusGraph() for a pass that asks the new slots `rows`. Text stands in the slots of the prompt, codes behind it. */
export function janusInputs({ body }: JanusConfig, pass: PromptPass, rows: readonly number[]): Record<string, Tensor> {
  const { places, promptSlots } = pass;
  const isCode = places.map((place) => (place < promptSlots ? 0 : 1));
  const own = (ids: ArrayLike<number>, kind: 0 | 1) => Array.from(ids, (id, t) => (isCode[t] === kind ? id : 0));
  const codes = tensor([pass.ids.length, places.length], Int32Array.from(pass.ids.flatMap((line) => own(line, 1))));
  return {
    ...llamaInputs(body, { ...pass, ids: pass.ids.map((line) => own(line, 0)) }, rows),
    ...{ codes, isCode: f32([places.length, 1], isCode), rows: i32([rows.length], rows) },
  };
}
