/** Segmenters as graphs: a picture to vectors, which stand among the embeddings of a Llama decoder. */
import { siluConvolution } from "../../engine/blocks/silu-convolution.js";
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { llamaTrunk } from "../llama/graph.js";
import { taps } from "../prompt/taps.js";
import { deriveSegmenter, type SegmenterConfig, trunkOf } from "./config.js";

/**
 * A look at pictures, with the words in mind. Inputs:
 *
 *   pictures [B, 3, side, side]  in [-1, 1]
 *   words    [B, W]              rows of the table; anything where there is no word
 *   counts   [B, W, 1]           1 / number of words where there is one, else 0
 *   look     [1]                 0: at the whole picture, 1: at what is in the box
 *
 * Output `vectors` [B, P, C], one for each patch in raster order: what it shows, where it is, and how near it lies to the words on the
 * sphere where both meet (as the towers of CLIP, arXiv 2103.00020 §2.3).
 */
export function picturesGraph(config: SegmenterConfig): Graph {
  const { side, stem, captionSlots, joint: J, width: C } = config;
  const { patches: P, rows } = deriveSegmenter(config);
  const g = new GraphBuilder("segmenter-pictures");
  const o = opsOf(g);
  const unit = (x: Value) => o.l2Normalize(x, { axis: -1, epsilon: 1e-12 });

  let map = g.input("pictures", ["B", 3, side, side]);
  for (const [i, row] of stem.entries()) map = siluConvolution(g, `stem.${i}`, map, row);
  const shown = o.transpose(o.reshape(map, { shape: [0, C, P] }), { permutation: [0, 2, 1] }); // [B, P, C]
  const near = unit(o.linear(shown, g.weight("joint.weight", [J, C]), null));

  const read = o.embedding(
    g.input("words", ["B", captionSlots], "i32"),
    g.weight("model.embed_tokens.weight", [rows, C]),
  );
  const mean = o.sum(o.mul(read, g.input("counts", ["B", captionSlots, 1])), { axis: 1, keepDims: true }); // [B, 1, C]
  const bent = o.silu(o.linear(mean, g.weight("meaning.0.weight", [2 * J, C]), g.weight("meaning.0.bias", [2 * J])));
  const point = unit(o.linear(bent, g.weight("meaning.2.weight", [J, 2 * J]), null));
  const alike = o.sum(o.mul(near, point), { axis: -1, keepDims: true }); // [B, P, 1]

  const place = o.embedding(g.input("look", [1], "i32"), g.weight("places", [2, P * C]));
  const placed = o.add(shown, o.reshape(place, { shape: [P, C] }));
  return g.build({ vectors: o.add(placed, o.mul(alike, g.weight("likeness", [C]))) });
}

/**
 * The graph of a pass. Inputs:
 *
 *   ids          [B, T]           words, marks, mask tokens; anything where a patch stands
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
