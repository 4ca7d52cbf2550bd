/**
 * VAR's tokenizer as mathematics (arXiv 2404.02905 §3.2): pixels -> encoder -> feature map; the map, scale by scale, into ids whose
 * codes add up to it again; the sum -> decoder -> pixels. Weight names are those of vae_ch160v4096z32.pth.
 *
 * One graph serves the step of every scale: the matrices that resample, and the number of the convolution phi, are its inputs.
 */
import type { GraphBuilder, Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { channelsOf, codecBlocks } from "./codec-blocks.js";
import type { MultiScaleConfig } from "./multi-scale-config.js";
import { nearestCode } from "./nearest-code.js";
import { resampled } from "./resample.js";
import { type Tap, untapped } from "../tap.js";

const blocksOf = (g: GraphBuilder, { groups }: MultiScaleConfig) => codecBlocks(g, { groups, projections: "qkv" });

/** Feature maps of a picture: pixels [B, C, Y, X] in [-1, 1] to [B, D, h, w]. */
export function multiScaleFeatures(
  g: GraphBuilder,
  config: MultiScaleConfig,
  pixels: Value,
  tap: Tap = untapped,
): Value {
  const { conv, step, res, attention, down } = blocksOf(g, config);
  const deepest = config.multipliers.length - 1;

  const blocks = config.patch === 1 ? pixels : opsOf(g).spaceToDepth(pixels, { size: config.patch });
  let x = tap("encoder.conv_in", conv("encoder.conv_in", blocks, config.ch, 3));
  config.multipliers.forEach((multiplier, level) => {
    const path = `encoder.down.${level}`;
    for (let i = 0; i < config.resBlocks; i++) {
      x = tap(`${path}.block.${i}`, res(`${path}.block.${i}`, x, config.ch * multiplier));
      if (level === deepest) x = tap(`${path}.attn.${i}`, attention(`${path}.attn.${i}`, x));
    }
    if (level < deepest) x = tap(`${path}.downsample`, down(`${path}.downsample`, x));
  });
  x = tap("encoder.mid.block_1", res("encoder.mid.block_1", x, channelsOf(x)));
  x = tap("encoder.mid.attn_1", attention("encoder.mid.attn_1", x));
  x = tap("encoder.mid.block_2", res("encoder.mid.block_2", x, channelsOf(x)));
  x = tap("encoder.conv_out", step("encoder.norm_out", "encoder.conv_out", x, config.codeDim));
  return tap("quant_conv", conv("quant_conv", x, config.codeDim, 3));
}

/** The sum of all scales [B, D, h, w] to pixels [B, C, Y, X] in [-1, 1]. Levels are stored by resolution; the deepest runs first. */
export function multiScalePixels(g: GraphBuilder, config: MultiScaleConfig, canvas: Value, tap: Tap = untapped): Value {
  const o = opsOf(g);
  const { conv, step, res, attention, up } = blocksOf(g, config);
  const deepest = config.multipliers.length - 1;

  let x = tap("post_quant_conv", conv("post_quant_conv", canvas, config.codeDim, 3));
  x = tap("decoder.conv_in", conv("decoder.conv_in", x, config.ch * config.multipliers[deepest]!, 3));
  x = tap("decoder.mid.block_1", res("decoder.mid.block_1", x, channelsOf(x)));
  x = tap("decoder.mid.attn_1", attention("decoder.mid.attn_1", x));
  x = tap("decoder.mid.block_2", res("decoder.mid.block_2", x, channelsOf(x)));
  for (let level = deepest; level >= 0; level--) {
    const path = `decoder.up.${level}`;
    for (let i = 0; i <= config.resBlocks; i++) {
      x = tap(`${path}.block.${i}`, res(`${path}.block.${i}`, x, config.ch * config.multipliers[level]!));
      if (level === deepest) x = tap(`${path}.attn.${i}`, attention(`${path}.attn.${i}`, x));
    }
    if (level > 0) x = tap(`${path}.upsample`, up(`${path}.upsample`, x));
  }
  const blocks = step("decoder.norm_out", "decoder.conv_out", x, config.channels * config.patch ** 2);
  const pixels = config.patch === 1 ? blocks : o.depthToSpace(blocks, { size: config.patch });
  return o.clamp(tap("decoder.conv_out", pixels), { min: -1, max: 1 });
}

/** What brings a map of codes [B, D, p, q] to the full size: matrices of bicubic(), and which phi refines it. */
export interface Enlargement {
  readonly rows: Value; //    [h, p]
  readonly columns: Value; // [q, w]
  readonly phi: Value; //     [1] int32
}

/** The inputs of that, by the names under which the programs of all scales take them. */
export const enlargementOf = (g: GraphBuilder): Enlargement => ({
  rows: g.input("upRows", ["h", "p"]),
  columns: g.input("upColumns", ["q", "w"]),
  phi: g.input("phi", [1], "i32"),
});

/** What a scale adds: phi(bicubic(codes)) with codes [B, p, q, D] -> [B, D, h, w]. */
export function contribution(g: GraphBuilder, config: MultiScaleConfig, codes: Value, to: Enlargement): Value {
  const map = opsOf(g).transpose(codes, { permutation: [0, 3, 1, 2] });
  return phi(g, config, resampled(g, map, to.rows, to.columns), to.phi);
}

/** (1 - ratio)·h + ratio·conv(h), with the convolution of that number: h [B, D, h, w], which [1] int32. */
export function phi(
  g: GraphBuilder,
  { codeDim: D, phi: { share, ratio }, scales }: Pick<MultiScaleConfig, "codeDim" | "phi" | "scales">,
  h: Value,
  which: Value,
  path = "quantize.quant_resi",
): Value {
  const o = opsOf(g);
  const names =
    share === 1
      ? [`${path}.qresi`]
      : Array.from({ length: share || scales.length }, (_, i) => (share ? `${path}.qresi_ls.${i}` : `${path}.${i}`));
  const chosen = (part: "weight" | "bias", shape: readonly number[]) => {
    const all = o.concat(...names.map((name) => g.weight(`${name}.${part}`, shape)), { axis: 0 });
    const one = o.gather(o.reshape(all, { shape: [names.length, ...shape] }), which, { axis: 0 });
    return o.reshape(one, { shape });
  };
  const convolved = o.conv2d(h, chosen("weight", [D, D, 3, 3]), chosen("bias", [D]), { pads: [1, 1, 1, 1] });
  return o.add(o.affine(h, { scale: 1 - ratio }), o.affine(convolved, { scale: ratio }));
}

/**
 * One scale of encoding: rest [B, D, h, w] is what no scale before has described; shrunk by area, rows [p, h] and columns [w, q],
 * its cells take their nearest codes. Gives the ids [B, p, q] and what is left without them.
 */
export function quantised(
  g: GraphBuilder,
  config: MultiScaleConfig,
  rest: Value,
  shrinking: { readonly rows: Value; readonly columns: Value },
  to: Enlargement,
  tap: Tap = untapped,
): { readonly ids: Value; readonly left: Value } {
  const o = opsOf(g);
  const codebook = g.weight("quantize.embedding.weight", [config.vocab, config.codeDim]);
  const cells = resampled(g, rest, shrinking.rows, shrinking.columns); //           [B, D, p, q]
  const ids = nearestCode(g, o.transpose(cells, { permutation: [0, 2, 3, 1] }), codebook, tap);
  return { ids, left: o.sub(rest, contribution(g, config, o.embedding(ids, codebook), to)) };
}
