/**
 * The diffusion transformer that estimates the velocity of the flow in generation 3 (DiT, arXiv 2212.09748 §3.2, as F5-TTS has
 * it, arXiv 2410.06885). Weight names are those of CosyVoice's files.
 */
import type { GraphBuilder, Value } from "../../../engine/graph.js";
import { opsOf } from "../../../engine/ops/index.js";
import { weightedLayers } from "../../../engine/blocks/layers.js";
import { type Tap, untapped } from "../../tap.js";
import { type Carry, carryOf } from "../carry.js";
import { type EstimatorInputs, PAST, stackedInputs } from "./estimate.js";
import type { FlowConfig } from "./flow-config.js";

const ROOT = "decoder.estimator";
const EPSILON = 1e-6;

/** Length of the sinusoids of the time. */
export const DIT_TIME_SIZE = 256;

/** The velocity at x, [1 or 2, mels, T]. `rotations` [T, D/2, 2] are cos and sin of the places, from `rotationTable`. */
export function ditVelocity(
  g: GraphBuilder,
  config: Extract<FlowConfig, { generation: 3 }>,
  inputs: EstimatorInputs & { readonly rotations: Value },
  carry: Carry = carryOf(g, "whole"),
  tap: Tap = untapped,
): Value {
  const o = opsOf(g);
  const { conv, linear, swapped, apart, together } = weightedLayers(g);
  const { width, heads, layers, hidden, convKernel, convGroups } = config.estimator;
  const headSize = width / heads;

  const first = o.silu(linear(`${ROOT}.time_embed.time_mlp.0`, inputs.time, width));
  const time = o.silu(tap("time_embed", linear(`${ROOT}.time_embed.time_mlp.2`, first, width)));

  /** `count` vectors [1, 1, width] that depend on the time alone. */
  const modulation = (path: string, count: number): Value[] => {
    const all = o.reshape(linear(path, time, count * width), { shape: [0, 1, -1] });
    return Array.from({ length: count }, (_, i) => o.slice(all, { axis: 2, start: i * width, end: (i + 1) * width }));
  };
  const normed = (x: Value, scale: Value, shift: Value): Value =>
    o.add(o.mul(o.layerNorm(x, null, null, { epsilon: EPSILON }), o.affine(scale, { offset: 1 })), shift);

  // The published network turns the channels before they are split into heads, by a table of one head: so only the first head turns.
  const firstTurned = (x: Value): Value => {
    const split = apart(x, heads);
    const one = o.rotary(o.slice(split, { axis: 1, start: 0, end: 1 }), inputs.rotations);
    return heads === 1 ? one : o.concat(one, o.slice(split, { axis: 1, start: 1, end: heads }), { axis: 1 });
  };

  const attention = (path: string, x: Value): Value => {
    const [q, k, v] = ["q", "k", "v"].map((name) => linear(`${path}.to_${name}`, x, width)) as [Value, Value, Value];
    const scale = { scale: headSize ** -0.5 };
    const [keys, values] = [firstTurned(k), apart(v, heads)].map((rows) => carry.withPast(rows, 2, PAST)) as [
      Value,
      Value,
    ];
    const seen = o.attention(firstTurned(q), keys, values, null, null, inputs.mask?.(keys) ?? null, scale);
    return linear(`${path}.to_out.0`, together(seen), width);
  };

  let x = swapped(stackedInputs(g, inputs, ["x", "prompt", "mu", "speaker"], config.guidance > 0));
  x = linear(`${ROOT}.input_embed.proj`, x, width);
  const placed = [1, 2].reduce((y, i) => {
    const seen = carry.before(y, 2, convKernel - 1);
    return o.mish(
      conv(`${ROOT}.input_embed.conv_pos_embed.conv${i}.0`, seen, width, convKernel, { groups: convGroups }),
    );
  }, swapped(x));
  x = tap("input_embed", o.add(swapped(placed), x));
  for (let i = 0; i < layers; i++) {
    const path = `${ROOT}.transformer_blocks.${i}`;
    const [shift, scale, gate, shift2, scale2, gate2] = modulation(`${path}.attn_norm.linear`, 6) as [
      Value,
      Value,
      Value,
      Value,
      Value,
      Value,
    ];
    const seen = tap(`attn.${i}`, attention(`${path}.attn`, normed(x, scale, shift)));
    x = o.add(x, o.mul(gate, seen));
    const inner = o.gelu(linear(`${path}.ff.ff.0.0`, normed(x, scale2, shift2), hidden), { approximation: "tanh" });
    x = tap(`block.${i}`, o.add(x, o.mul(gate2, linear(`${path}.ff.ff.2`, inner, width))));
  }
  const [scale, shift] = modulation(`${ROOT}.norm_out.linear`, 2) as [Value, Value];
  return tap("velocity", swapped(linear(`${ROOT}.proj_out`, normed(x, scale, shift), config.mels)));
}
