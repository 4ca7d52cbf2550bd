/** The convolutional decoder of MaskGIT's VQGAN (arXiv 2202.04200), which TiTok's first form and HiMTok end in. */
import type { GraphBuilder, Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { channelsOf, codecBlocks } from "../image/codec-blocks.js";
import { GROUPS, type PixelDecoderConfig } from "./titok-config.js";

/** Features [B, zChannels, h, w] to pixels [B, 3, Y, X], about [0, 1] and not clamped; each level but the finest doubles both sides. */
export function pixelDecoder(g: GraphBuilder, config: PixelDecoderConfig, features: Value): Value {
  const o = opsOf(g);
  const { conv, norm, step } = codecBlocks(g, { groups: GROUPS, projections: "q k v" });
  const { ch, multipliers, resBlocks } = config;

  const bare = (path: string, x: Value, channels: number, size: 1 | 3): Value => {
    const edge = (size - 1) / 2;
    const weight = g.weight(`${path}.weight`, [channels, channelsOf(x), size, size]);
    return o.conv2d(x, weight, null, { pads: [edge, edge, edge, edge] });
  };

  // Where the width changes, the skip starts at the output of the second convolution and not at the input: the published
  // weights were trained so.
  const res = (path: string, x: Value, channels: number): Value => {
    const inner = bare(`${path}.conv1`, o.silu(norm(`${path}.norm1`, x)), channels, 3);
    const h = bare(`${path}.conv2`, o.silu(norm(`${path}.norm2`, inner)), channels, 3);
    return o.add(h, channelsOf(x) === channels ? x : bare(`${path}.nin_shortcut`, h, channels, 1));
  };

  let x = conv("pixel_decoder.conv_in", features, ch * multipliers.at(-1)!, 3);
  for (let i = 0; i < resBlocks; i++) x = res(`pixel_decoder.mid.${i}`, x, channelsOf(x));
  for (let level = multipliers.length - 1; level >= 0; level--) {
    const path = `pixel_decoder.up.${level}`;
    for (let i = 0; i < resBlocks; i++) x = res(`${path}.block.${i}`, x, ch * multipliers[level]!);
    if (level > 0) x = conv(`${path}.upsample_conv`, o.resizeNearest(x, { factor: 2 }), channelsOf(x), 3);
  }
  return step("pixel_decoder.norm_out", "pixel_decoder.conv_out", x, 3);
}
