/**
 * LlamaGen's VQ tokenizer as mathematics (arXiv 2406.06525 §3.1; the network is VQGAN's, arXiv 2012.09841 appendix B):
 * pixels -> encoder -> nearest code -> ids, and ids -> codes -> decoder -> pixels. Weight names are those of the files.
 *
 * A `tap` sees every intermediate map under the path of its module, which is how tests look inside.
 */
import type { GraphBuilder, Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { channelsOf, codecBlocks } from "./codec-blocks.js";
import { nearestCode } from "./nearest-code.js";
import { type Tap, untapped } from "../tap.js";
import type { VqConfig } from "./vq-config.js";

const blocksOf = (g: GraphBuilder, { groups }: VqConfig) => codecBlocks(g, { groups, projections: "q k v" });

/** Feature maps of a picture: pixels [B, C, Y, X] in [-1, 1] to [B, codeDim, h, w], not normalised. */
export function vqFeatures(g: GraphBuilder, config: VqConfig, pixels: Value, tap: Tap = untapped): Value {
  const o = opsOf(g);
  const { conv, step, res, attention, down } = blocksOf(g, config);
  const deepest = config.multipliers.length - 1;

  const blocks = config.patch === 1 ? pixels : o.spaceToDepth(pixels, { size: config.patch });
  let x = tap("encoder.conv_in", conv("encoder.conv_in", blocks, config.ch, 3));
  config.multipliers.forEach((multiplier, level) => {
    const path = `encoder.conv_blocks.${level}`;
    for (let i = 0; i < config.resBlocks; i++) {
      x = tap(`${path}.res.${i}`, res(`${path}.res.${i}`, x, config.ch * multiplier));
      if (level === deepest) x = tap(`${path}.attn.${i}`, attention(`${path}.attn.${i}`, x));
    }
    if (level < deepest) x = tap(`${path}.downsample`, down(`${path}.downsample`, x));
  });
  x = tap("encoder.mid.0", res("encoder.mid.0", x, channelsOf(x)));
  x = tap("encoder.mid.1", attention("encoder.mid.1", x));
  x = tap("encoder.mid.2", res("encoder.mid.2", x, channelsOf(x)));
  x = tap("encoder.conv_out", step("encoder.norm_out", "encoder.conv_out", x, config.zChannels));
  return tap("quant_conv", conv("quant_conv", x, config.codeDim, 1));
}

/** The code nearest to each feature, both of unit length: [B, codeDim, h, w] to ids [B, h, w]. */
export function vqNearest(g: GraphBuilder, config: VqConfig, features: Value, tap: Tap = untapped): Value {
  const o = opsOf(g);
  const z = unit(g, o.transpose(features, { permutation: [0, 2, 3, 1] })); //            [B, h, w, D]
  const e = codebook(g, config); //                                                      [K, D]
  // |z|² and |e|² are 1 up to rounding; they stay in, since the reference breaks ties by the whole formula.
  return nearestCode(g, z, e, tap);
}

/** Ids [B, h, w] to their codes [B, codeDim, h, w], unit vectors. */
export function vqCodes(g: GraphBuilder, config: VqConfig, ids: Value, tap: Tap = untapped): Value {
  const o = opsOf(g);
  const rows = o.embedding(ids, codebook(g, config)); //                                 [B, h, w, D]
  return tap("quantize.codes", o.transpose(rows, { permutation: [0, 3, 1, 2] }));
}

/** Codes [B, codeDim, h, w] to pixels [B, C, Y, X], not clamped. Levels are stored in the order in which they run. */
export function vqPixels(g: GraphBuilder, config: VqConfig, codes: Value, tap: Tap = untapped): Value {
  const o = opsOf(g);
  const { conv, step, res, attention, up } = blocksOf(g, config);
  const multipliers = config.multipliers.toReversed(); // deepest first
  const finest = multipliers.length - 1;

  let x = tap("post_quant_conv", conv("post_quant_conv", codes, config.zChannels, 1));
  x = tap("decoder.conv_in", conv("decoder.conv_in", x, config.ch * multipliers[0]!, 3));
  x = tap("decoder.mid.0", res("decoder.mid.0", x, channelsOf(x)));
  x = tap("decoder.mid.1", attention("decoder.mid.1", x));
  x = tap("decoder.mid.2", res("decoder.mid.2", x, channelsOf(x)));
  multipliers.forEach((multiplier, level) => {
    const path = `decoder.conv_blocks.${level}`;
    for (let i = 0; i <= config.resBlocks; i++) {
      x = tap(`${path}.res.${i}`, res(`${path}.res.${i}`, x, config.ch * multiplier));
      if (level === 0) x = tap(`${path}.attn.${i}`, attention(`${path}.attn.${i}`, x));
    }
    if (level < finest) x = tap(`${path}.upsample`, up(`${path}.upsample`, x));
  });
  const blocks = step("decoder.norm_out", "decoder.conv_out", x, config.channels * config.patch ** 2);
  return config.patch === 1 ? blocks : o.depthToSpace(blocks, { size: config.patch });
}

/** The codebook [K, D] with rows of unit length: normalised when used, since files hold rows of any length. */
const codebook = (g: GraphBuilder, { vocab, codeDim }: VqConfig): Value =>
  unit(g, g.weight("quantize.embedding.weight", [vocab, codeDim]));

/** Along the last axis, x / max(|x|, 1e-12). */
const unit = (g: GraphBuilder, x: Value): Value => opsOf(g).l2Normalize(x, { axis: -1, epsilon: 1e-12 });
