/**
 * The blocks that the convolutional image codecs share: VQGAN's (Esser et al. 2021, arXiv 2012.09841 §3.1), as LlamaGen and
 * VAR use them. Each takes the path of its weights in the checkpoint and a map [B, C, Y, X]; how many channels come in is
 * read off the map. What differs between the families is a row of BlockRules.
 */
import type { GraphBuilder, Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";

export interface BlockRules {
  /** Groups of every group normalisation. */
  readonly groups: number;
  /** One-by-one convolutions of attention: LlamaGen stores three, VAR one whose output is [q | k | v]. */
  readonly projections: "q k v" | "qkv";
}

/** Of every group normalisation of these families. */
const EPSILON = 1e-6;

/** The blocks, bound to the graph that they extend. */
export function codecBlocks(g: GraphBuilder, rules: BlockRules) {
  const o = opsOf(g);

  /** A `size` x `size` convolution with bias; odd sizes keep the map's size unless `stride` says otherwise. */
  const conv = (path: string, x: Value, channels: number, size: 1 | 3, stride: 1 | 2 = 1): Value => {
    const weight = g.weight(`${path}.weight`, [channels, channelsOf(x), size, size]);
    const bias = g.weight(`${path}.bias`, [channels]);
    // Stride 2 pads only right and bottom, so that the size is halved exactly.
    const before = stride === 2 ? 0 : (size - 1) / 2;
    const after = stride === 2 ? 1 : before;
    return o.conv2d(x, weight, bias, { stride, pads: [before, before, after, after] });
  };

  const norm = (path: string, x: Value): Value => {
    const C = channelsOf(x);
    const affine = [g.weight(`${path}.weight`, [C]), g.weight(`${path}.bias`, [C])] as const;
    return o.groupNorm(x, ...affine, { groups: rules.groups, epsilon: EPSILON });
  };

  /** Normalise, bend, convolve: the step of which everything is made. */
  const step = (normPath: string, convPath: string, x: Value, channels: number): Value =>
    conv(convPath, o.silu(norm(normPath, x)), channels, 3);

  /** Residual block; where the width changes, the skip is a 1x1 convolution. */
  const res = (path: string, x: Value, channels: number): Value => {
    const h = step(`${path}.norm1`, `${path}.conv1`, x, channels);
    const skip = channelsOf(x) === channels ? x : conv(`${path}.nin_shortcut`, x, channels, 1);
    return o.add(skip, step(`${path}.norm2`, `${path}.conv2`, h, channels));
  };

  /** Self-attention over all positions of the map, one head of full width. */
  const attention = (path: string, x: Value): Value => {
    const C = channelsOf(x);
    const n = norm(`${path}.norm`, x);
    const [q, k, v] =
      rules.projections === "qkv"
        ? thirds(conv(`${path}.qkv`, n, 3 * C, 1), C)
        : [conv(`${path}.q`, n, C, 1), conv(`${path}.k`, n, C, 1), conv(`${path}.v`, n, C, 1)];
    const rows = (map: Value) => o.transpose(o.reshape(map, { shape: [0, 1, C, -1] }), { permutation: [0, 1, 3, 2] });
    const mixed = o.attention(rows(q), rows(k), rows(v), null, null, null, { scale: C ** -0.5 }); // [B, 1, h·w, C]
    const map = o.reshapeLike(o.transpose(mixed, { permutation: [0, 1, 3, 2] }), x);
    return o.add(x, conv(`${path}.proj_out`, map, C, 1));
  };

  const thirds = (map: Value, C: number): [Value, Value, Value] => {
    const third = (i: number) => o.slice(map, { axis: 1, start: i * C, end: (i + 1) * C });
    return [third(0), third(1), third(2)];
  };

  /** Halves both sides. */
  const down = (path: string, x: Value): Value => conv(`${path}.conv`, x, channelsOf(x), 3, 2);

  /** Doubles both sides: nearest neighbour, then a convolution. */
  const up = (path: string, x: Value): Value =>
    conv(`${path}.conv`, o.resizeNearest(x, { factor: 2 }), channelsOf(x), 3);

  return { conv, norm, step, res, attention, down, up };
}

/** Channels of a map are always a number, whatever is named among its other sizes. */
export const channelsOf = (map: Value): number => map.shape[1] as number;
