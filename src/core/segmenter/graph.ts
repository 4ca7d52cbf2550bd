/** Segmenters as graphs: a picture to vectors, which stand among the embeddings of a Llama decoder. */
import { type Graph, GraphBuilder } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { llamaTrunk } from "../llama/graph.js";
import { taps } from "../prompt/taps.js";
import { deriveSegmenter, type SegmenterConfig, trunkOf } from "./config.js";

/** Pictures [B, 3, side, side] in [-1, 1] to `vectors` [B, P, C], one for each patch in raster order. */
export function picturesGraph(config: SegmenterConfig): Graph {
  const { side, patch, cells, stem, width: C } = config;
  const { patches: P } = deriveSegmenter(config);
  const g = new GraphBuilder("segmenter-pictures");
  const o = opsOf(g);
  const pictures = g.input("pictures", ["B", 3, side, side]);
  const first = g.weight("stem.first.weight", [stem, 3, patch, patch]);
  const seen = o.conv2d(pictures, first, g.weight("stem.first.bias", [stem]), { stride: patch });
  const second = g.weight("stem.second.weight", [C, stem, cells, cells]);
  const bent = o.gelu(seen, { approximation: "none" });
  const map = o.conv2d(bent, second, g.weight("stem.second.bias", [C]), { stride: cells }); // [B, C, h, w]
  const rows = o.transpose(o.reshape(map, { shape: [0, C, P] }), { permutation: [0, 2, 1] });
  return g.build({ vectors: o.add(rows, g.weight("places", [P, C])) });
}

/**
 * The graph of a pass. Inputs:
 *
 *   ids          [B, T]           words, the mark, mask tokens; anything where a patch stands
 *   isId         [T, 1]           1 where `ids` counts, 0 where a patch stands
 *   vectors      [B, T, C]        patches, zeros elsewhere
 *   angles.line  [B, T, D/2, 2]   see anglesOf(): slots are places on a line
 *   bias         [B, 1, T, S+T]   see masks.ts
 *   rows         [R]              which of the T are asked
 *
 * Output `logits` [B, R, V]. `tapped` names values to give out, too: those of llamaGraph().
 */
export function segmenterGraph(config: SegmenterConfig, tapped: readonly string[] = []): Graph {
  const { width: C, vocabulary: V } = config;
  const g = new GraphBuilder("segmenter");
  const o = opsOf(g);
  const { tap, outputs } = taps();
  const table = g.weight("model.embed_tokens.weight", [deriveSegmenter(config).rows, C]);
  const fed = o.mul(o.embedding(g.input("ids", ["B", "T"], "i32"), table), g.input("isId", ["T", 1]));
  const x = tap("embedded", o.add(fed, g.input("vectors", ["B", "T", C])));
  const hidden = llamaTrunk(g, trunkOf(config), x, tap);
  const logits = o.linear(hidden, g.weight("lm_head.weight", [V, C]), null);
  return g.build({ logits, ...outputs(tapped) });
}
