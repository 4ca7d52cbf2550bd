/**
 * Conformer layers as CosyVoice uses them: pre-norm attention that knows distances and a feed-forward layer, without convolution
 * (WeNet's ConformerEncoder; attention of Transformer-XL, arXiv 1901.02860 §3.3). Weight names are those of the files.
 */
import type { GraphBuilder, Value } from "../graph.js";
import { opsOf } from "../ops/index.js";
import { type FloatTensor, tensor } from "../tensor.js";
import { weightedLayers, type Product } from "./layers.js";

/** Of all norms inside layers; input layers and the last norm have 1e-5. */
const EPSILON = 1e-12;
export const OUTER_EPSILON = 1e-5;

export interface ConformerSizes {
  readonly width: number;
  readonly heads: number;
  /** Width inside the feed-forward layers. */
  readonly hidden: number;
}

/** What the files of two encoders call their norms, and what stands between their linear layers. */
export interface ConformerForm {
  readonly norms: { readonly attention: string; readonly feedForward: string };
  readonly activation: "silu" | "relu";
}

export const CONFORMER_FORMS = {
  conformer: { norms: { attention: "norm_mha", feedForward: "norm_ff" }, activation: "silu" },
  transformer: { norms: { attention: "norm1", feedForward: "norm2" }, activation: "relu" },
} as const satisfies Readonly<Record<string, ConformerForm>>;

/** What attention is made of in a layer. */
export interface Meeting {
  /** Queries [1, H, T, D] with the bias that belongs to keys, and with the one that belongs to distances. */
  readonly toKeys: Value;
  readonly toDistances: Value;
  /** Of the T places of this pass, [1, H, T, D]. */
  readonly key: Value;
  readonly value: Value;
  /** What scores are multiplied by. */
  readonly scale: number;
  /** Sinusoids of distances [1, R, width] as the queries meet them, [1, H, R, D]. */
  projected(sinusoids: Value): Value;
}

/** Attention over whatever is in sight, [1, H, T, D]. */
export type Attend = (meeting: Meeting) => Value;

/** The layers, bound to the graph that they extend. All take and give [1, T, width]. */
export function conformerLayers(
  g: GraphBuilder,
  { width, heads, hidden }: ConformerSizes,
  { norms, activation }: ConformerForm = CONFORMER_FORMS.conformer,
  product: Product = "bulkLinear",
) {
  const o = opsOf(g);
  const { linear, norm, apart, together } = weightedLayers(g, product);
  const scale = (width / heads) ** -0.5;

  /** Linear and norm in front of the layers. The factor root of width makes room for positions: `scaled`. */
  const normed = (path: string, x: Value): Value =>
    norm(`${path}.out.1`, linear(`${path}.out.0`, x, width), OUTER_EPSILON);
  const scaled = (x: Value): Value => o.affine(x, { scale: Math.sqrt(width) });
  const embedded = (path: string, x: Value): Value => scaled(normed(path, x));

  const attention = (path: string, x: Value, attend: Attend): Value => {
    const biased = (name: string, q: Value) => {
      const bias = g.weight(`${path}.${name}`, [heads, width / heads]);
      return o.add(q, o.reshape(bias, { shape: [heads, 1, -1] }));
    };
    const [q, key, value] = ["q", "k", "v"].map((name) => apart(linear(`${path}.linear_${name}`, x, width), heads)) as [
      Value,
      Value,
      Value,
    ];
    const seen = attend({
      ...{ toKeys: biased("pos_bias_u", q), toDistances: biased("pos_bias_v", q), key, value, scale },
      projected: (sinusoids) => apart(linear(`${path}.linear_pos`, sinusoids, width, { bias: false }), heads),
    });
    return linear(`${path}.linear_out`, together(seen), width);
  };

  const layer = (path: string, x: Value, attend: Attend): Value => {
    const h = o.add(x, attention(`${path}.self_attn`, norm(`${path}.${norms.attention}`, x, EPSILON), attend));
    const inner = linear(`${path}.feed_forward.w_1`, norm(`${path}.${norms.feedForward}`, h, EPSILON), hidden);
    return o.add(h, linear(`${path}.feed_forward.w_2`, o[activation](inner), width));
  };

  return { normed, scaled, embedded, layer };
}

/** What is in sight of a pass that begins with no memory, or that is fed all that went before. */
export interface Sight {
  /** Sinusoids of all distances, the farthest past first: [1, past + 2·T - 1, width], from `distances`. */
  readonly distances: Value;
  /** Added to the scores against `keys`: 0 or HIDDEN, [1, 1, T, past + T]; null where all see all. */
  mask(keys: Value): Value | null;
}

/** Attention of the last T places to all that `key` and `value` hold. */
export function attendTo(g: GraphBuilder, { distances, mask }: Sight): Attend {
  const o = opsOf(g);
  return ({ toKeys, toDistances, key, value, scale, projected }) => {
    const far = o.transpose(projected(distances), { permutation: [0, 1, 3, 2] }); // [1, H, D, R]
    const scores = o.affine(o.relativeShift(o.matmul(toDistances, far), key), { scale });
    const hidden = mask(key);
    return o.attention(toKeys, key, value, null, null, hidden ? o.add(scores, hidden) : scores, { scale });
  };
}

/**
 * Sinusoids of the distances past+T-1 … -(T-1) that T places behind `past` others see, [1, past + 2·T - 1, width].
 */
export const distances = (T: number, width: number, past = 0): FloatTensor =>
  sinusoids({ from: past + T - 1, rows: past + 2 * T - 1, step: -1 }, width);

/** Sinusoids of the distances from, from + step, …, [1, rows, width]: sines on even columns, cosines on odd ones. */
export function sinusoids(
  { from, rows, step }: { readonly from: number; readonly rows: number; readonly step: 1 | -1 },
  width: number,
): FloatTensor {
  const data = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i += 2) {
      const angle = (from + step * row) * Math.exp((-i * Math.log(10000)) / width);
      data[row * width + i] = Math.sin(angle);
      if (i + 1 < width) data[row * width + i + 1] = Math.cos(angle);
    }
  }
  return tensor([1, rows, width], data);
}
