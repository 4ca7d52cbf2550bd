/**
 * Layers that carry weights, bound to the graph that they extend. Each takes the path of its weights in the checkpoint; how many
 * channels come in is read off the value.
 *
 * Sequences are [B, C, T] for convolutions and [B, T, C] for all else; `swapped` turns one into the other.
 */
import type { GraphBuilder, Value } from "../graph.js";
import type { Conv1dAttributes } from "../ops/convolution-1d.js";
import { opsOf } from "../ops/index.js";

export interface ConvOptions extends Conv1dAttributes {
  /** Whether the layer has a bias; it has by default. */
  readonly bias?: boolean;
}

/** Which row multiplies by a matrix: the one for passes of many places, or the one for a place or two. */
export type Product = "bulkLinear" | "linear";

export function weightedLayers(g: GraphBuilder, product: Product = "bulkLinear") {
  const o = opsOf(g);

  /** [..., C] -> [..., width]. */
  const linear = (path: string, x: Value, width: number, { bias = true } = {}): Value =>
    o[product](x, g.weight(`${path}.weight`, [width, last(x)]), bias ? g.weight(`${path}.bias`, [width]) : null);

  /** [B, C, T] -> [B, width, T']. */
  const conv = (path: string, x: Value, width: number, size: number, options: ConvOptions = {}): Value => {
    const { bias = true, ...sweep } = options;
    const weight = g.weight(`${path}.weight`, [width, channelsOf(x) / (sweep.groups ?? 1), size]);
    return o.conv1d(x, weight, bias ? g.weight(`${path}.bias`, [width]) : null, sweep);
  };

  /** LayerNorm over the last axis. */
  const norm = (path: string, x: Value, epsilon: number): Value => {
    const affine = [g.weight(`${path}.weight`, [last(x)]), g.weight(`${path}.bias`, [last(x)])] as const;
    return o.layerNorm(x, ...affine, { epsilon });
  };

  /** [B, C, T] <-> [B, T, C]. */
  const swapped = (x: Value): Value => o.transpose(x, { permutation: [0, 2, 1] });

  /** [B, T, H·D] -> [B, H, T, D]. */
  const apart = (x: Value, heads: number): Value =>
    o.transpose(o.reshape(x, { shape: [0, 0, heads, last(x) / heads] }), { permutation: [0, 2, 1, 3] });

  /** [B, H, T, D] -> [B, T, H·D]. */
  const together = (x: Value): Value =>
    o.reshape(o.transpose(x, { permutation: [0, 2, 1, 3] }), { shape: [0, 0, (x.shape[1] as number) * last(x)] });

  return { linear, conv, norm, swapped, apart, together };
}

/** x + sin²(αx) / (α + 1e-9), x [B, C, T], α of each channel [(1,) C, 1]. Ziyin et al. 2020, arXiv 2006.08195. */
export function snakeOf(g: GraphBuilder, x: Value, alpha: Value): Value {
  const o = opsOf(g);
  const wave = o.sin(o.mul(x, alpha));
  return o.add(x, o.div(o.mul(wave, wave), o.affine(alpha, { offset: 1e-9 })));
}

/** Channels of a map [B, C, T]. */
export const channelsOf = (x: Value): number => x.shape[1] as number;

const last = (x: Value): number => x.shape.at(-1) as number;
