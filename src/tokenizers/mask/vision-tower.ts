/** The transformer of TiTok's encoder and decoder: a ViT with normalisation in front (arXiv 2010.11929 §3.1), as OpenCLIP names it. */
import type { GraphBuilder, Value } from "../../engine/graph.js";
import { HIDDEN } from "../../engine/ops/attention.js";
import { opsOf } from "../../engine/ops/index.js";
import { tensor } from "../../engine/tensor.js";
import type { Tap } from "../tap.js";
import type { TowerConfig } from "./titok-config.js";

const EPSILON = 1e-5;

/** The layers of the tower under `path` ("encoder" or "decoder"), bound to the graph that they extend. */
export function visionTower(g: GraphBuilder, path: string, { width: C, layers, heads }: TowerConfig, tap: Tap) {
  const o = opsOf(g);

  /** A weight of the tower. */
  const weight = (name: string, shape: readonly number[]): Value => g.weight(`${path}.${name}`, shape);

  const linear = (name: string, x: Value, from: number, to: number): Value =>
    o.bulkLinear(x, weight(`${name}.weight`, [to, from]), weight(`${name}.bias`, [to]));

  const norm = (name: string, x: Value): Value =>
    o.layerNorm(x, weight(`${name}.weight`, [C]), weight(`${name}.bias`, [C]), { epsilon: EPSILON });

  const attention = (name: string, x: Value, bias: Value | null): Value => {
    const packed = o.bulkLinear(
      x,
      weight(`${name}.in_proj_weight`, [3 * C, C]),
      weight(`${name}.in_proj_bias`, [3 * C]),
    );
    const [q, k, v] = [0, 1, 2].map((i) => o.slice(packed, { axis: 2, start: i * C, end: (i + 1) * C })) as [
      Value,
      Value,
      Value,
    ];
    const scale = (C / heads) ** -0.5;
    if (!bias) return linear(`${name}.out_proj`, o.openAttention(q, k, v, { heads, scale }), C, C);
    const turn = { permutation: [0, 2, 1, 3] };
    const apart = (rows: Value) => o.transpose(o.reshape(rows, { shape: [0, 0, heads, C / heads] }), turn);
    const seen = o.attention(apart(q), apart(k), apart(v), null, null, bias, { scale });
    return linear(`${name}.out_proj`, o.reshape(o.transpose(seen, turn), { shape: [0, 0, C] }), C, C);
  };

  /** Rows [B, T, C] through the first normalisation and all blocks. `bias` [1, 1, T, T] or null is added to the scores. */
  const run = (rows: Value, bias: Value | null): Value => {
    let x = tap(`${path}.ln_pre`, norm("ln_pre", rows));
    for (let i = 0; i < layers; i++) {
      const block = `transformer.${i}`;
      x = o.add(x, attention(`${block}.attn`, norm(`${block}.ln_1`, x), bias));
      const widened = linear(`${block}.mlp.c_fc`, norm(`${block}.ln_2`, x), C, 4 * C);
      const narrowed = linear(`${block}.mlp.c_proj`, o.gelu(widened, { approximation: "none" }), 4 * C, C);
      x = tap(`${path}.${block}`, o.add(x, narrowed));
    }
    return x;
  };

  return { weight, norm, run };
}

/** The bias by which `picture` rows see each other and none of the `latents` after them, which see all rows up to themselves. */
export function causalLatents(g: GraphBuilder, picture: number, latents: number): Value {
  const T = picture + latents;
  const hides = (row: number, column: number) => column >= Math.max(picture, row + 1);
  const data = Float32Array.from({ length: T * T }, (_, i) => (hides(Math.floor(i / T), i % T) ? HIDDEN : 0));
  return g.constant(tensor([1, 1, T, T], data));
}
