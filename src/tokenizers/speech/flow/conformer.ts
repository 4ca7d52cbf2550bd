/**
 * Conformer layers as CosyVoice uses them: pre-norm attention that knows distances and a feed-forward layer, without convolution
 * (WeNet's ConformerEncoder; attention of Transformer-XL, arXiv 1901.02860 §3.3). Weight names are those of the files.
 */
import type { GraphBuilder, Value } from "../../../engine/graph.js";
import { opsOf } from "../../../engine/ops/index.js";
import { type FloatTensor, tensor } from "../../../engine/tensor.js";
import { type Carry, carryOf } from "../carry.js";
import { speechLayers } from "../layers.js";
import type { ConformerConfig } from "./flow-config.js";

/** Of all norms inside layers; input layers and the last norm have 1e-5. */
const EPSILON = 1e-12;
export const OUTER_EPSILON = 1e-5;

export interface Places {
  /** Sinusoids of all distances, the farthest past first: [past + 2·T - 1, width], from `distances`. */
  readonly distances: Value;
  /** Added to the scores against `keys`: 0 or HIDDEN, [1, 1, T, past + T]; null where all see all. */
  mask(keys: Value): Value | null;
  /** What the graph calls the number of places in front, where they come in pieces. */
  readonly past: string;
}

/** The layers, bound to the graph that they extend. All take and give [1, T, width]. */
export function conformerLayers(
  g: GraphBuilder,
  { width, heads, hidden }: Omit<ConformerConfig, "layers">,
  carry: Carry = carryOf(g, "whole"),
) {
  const o = opsOf(g);
  const { linear, norm, apart, together } = speechLayers(g);
  const scale = (width / heads) ** -0.5;

  /** Linear and norm in front of the layers, and the scale that makes room for positions. */
  const embedded = (path: string, x: Value): Value =>
    o.affine(norm(`${path}.out.1`, linear(`${path}.out.0`, x, width), OUTER_EPSILON), { scale: Math.sqrt(width) });

  const attention = (path: string, x: Value, { distances, mask, past }: Places): Value => {
    const biased = (name: string, q: Value) => {
      const bias = g.weight(`${path}.${name}`, [heads, width / heads]);
      return o.add(q, o.reshape(bias, { shape: [heads, 1, -1] }));
    };
    const [q, ...fresh] = ["q", "k", "v"].map((name) => apart(linear(`${path}.linear_${name}`, x, width), heads));
    const [k, v] = fresh.map((rows) => carry.withPast(rows, 2, past)) as [Value, Value];
    const p = linear(`${path}.linear_pos`, distances, width, { bias: false }); //            [R, H·D]
    const far = o.transpose(o.reshape(p, { shape: [0, heads, -1] }), { permutation: [1, 2, 0] }); // [H, D, R]
    const byDistance = o.relativeShift(o.matmul(biased("pos_bias_v", q!), far), k);
    const scores = o.affine(byDistance, { scale });
    const hidden = mask(k);
    const bias = hidden ? o.add(scores, hidden) : scores;
    const seen = o.attention(biased("pos_bias_u", q!), k, v, null, null, bias, { scale });
    return linear(`${path}.linear_out`, together(seen), width);
  };

  const layer = (path: string, x: Value, places: Places): Value => {
    const h = o.add(x, attention(`${path}.self_attn`, norm(`${path}.norm_mha`, x, EPSILON), places));
    const inner = o.silu(linear(`${path}.feed_forward.w_1`, norm(`${path}.norm_ff`, h, EPSILON), hidden));
    return o.add(h, linear(`${path}.feed_forward.w_2`, inner, width));
  };

  return { embedded, layer };
}

/**
 * Sinusoids of the distances past+T-1 … -(T-1) that T places behind `past` others see, [past + 2·T - 1, width]: sines on even columns,
 * cosines on odd ones.
 */
export function distances(T: number, width: number, past = 0): FloatTensor {
  const rows = past + 2 * T - 1;
  const data = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i += 2) {
      const angle = (past + T - 1 - row) * Math.exp((-i * Math.log(10000)) / width);
      data[row * width + i] = Math.sin(angle);
      if (i + 1 < width) data[row * width + i + 1] = Math.cos(angle);
    }
  }
  return tensor([rows, width], data);
}
