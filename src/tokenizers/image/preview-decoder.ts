/**
 * A small decoder for pictures in the making, after the idea of TAESD (github.com/madebyollin/taesd): what it costs to look
 * should not count beside the making. It was trained on what the full decoder shows.
 */
import type { GraphBuilder, Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { codecBlocks } from "./codec-blocks.js";
import { type CodecConfig, downsampleOf, type PreviewConfig } from "./codec-config.js";

/** A map of codes [B, D, h, w], of all cells or of some scales, to pixels [B, C, Y, X] in [-1, 1]. */
export function previewPixels(
  g: GraphBuilder,
  codec: CodecConfig,
  { width, blocks }: PreviewConfig,
  map: Value,
): Value {
  const o = opsOf(g);
  const { conv } = codecBlocks(g, { groups: codec.groups, projections: "qkv" });
  const size = downsampleOf(codec);
  let x = conv("preview.conv_in", map, width, 3);
  for (let i = 0; i < blocks; i++) x = o.add(x, conv(`preview.blocks.${i}`, o.silu(x), width, 3));
  const cells = conv("preview.conv_out", o.silu(x), codec.channels * size ** 2, 3);
  return o.clamp(o.depthToSpace(cells, { size }), { min: -1, max: 1 });
}
