/**
 * The U-Net that estimates the velocity of the flow (Matcha-TTS, arXiv 2309.03199 §2.2), centred in generation 1 and causal in
 * generation 2. Weight names are those of CosyVoice's files.
 */
import type { GraphBuilder, Value } from "../../../engine/graph.js";
import { opsOf } from "../../../engine/ops/index.js";
import { channelsOf, weightedLayers } from "../../../engine/blocks/layers.js";
import { type Tap, untapped } from "../../tap.js";
import { type Carry, carryOf } from "../carry.js";
import { type EstimatorInputs, type Mask, PAST, stackedInputs } from "./estimate.js";
import type { FlowConfig } from "./flow-config.js";

const ROOT = "decoder.estimator";
const EPSILON = 1e-5;
/** Transformers widen by this inside. */
const WIDENING = 4;

/** Length of the sinusoids of the time: as many as the estimator has input channels. */
export const uNetTimeSize = ({ mels }: FlowConfig): number => 4 * mels;

/** The velocity at x, [1 or 2, mels, T]; the second row is the one without a condition. */
export function uNetVelocity(
  g: GraphBuilder,
  config: Extract<FlowConfig, { generation: 1 | 2 }>,
  inputs: EstimatorInputs,
  carry: Carry = carryOf(g, "whole"),
  tap: Tap = untapped,
): Value {
  const o = opsOf(g);
  const { conv, linear, norm, swapped, apart, together } = weightedLayers(g);
  const { channels, transformers, middles, heads, headSize } = config.estimator;
  const causal = config.generation === 2;
  const three = (path: string, x: Value, width: number): Value =>
    causal ? conv(path, carry.before(x, 2, 2), width, 3) : conv(path, x, width, 3, { pads: [1, 1] });

  const timeWidth = 4 * channels[0]!;
  const first = o.silu(linear(`${ROOT}.time_mlp.linear_1`, inputs.time, timeWidth));
  const time = tap("time_mlp", linear(`${ROOT}.time_mlp.linear_2`, first, timeWidth));

  const block = (path: string, x: Value, width: number): Value => {
    const y = three(`${path}.block.0`, x, width);
    if (causal) return o.mish(swapped(norm(`${path}.block.2`, swapped(y), EPSILON)));
    const affine = [g.weight(`${path}.block.1.weight`, [width]), g.weight(`${path}.block.1.bias`, [width])] as const;
    return o.mish(o.groupNorm(y, ...affine, { groups: 8, epsilon: EPSILON }));
  };

  const resnet = (path: string, x: Value, width: number): Value => {
    const when = o.reshape(linear(`${path}.mlp.1`, o.mish(time), width), { shape: [0, -1, 1] });
    const h = block(`${path}.block2`, o.add(block(`${path}.block1`, x, width), when), width);
    return o.add(h, conv(`${path}.res_conv`, x, width, 1));
  };

  const attention = (path: string, x: Value): Value => {
    const [q, k, v] = ["q", "k", "v"].map((name) =>
      linear(`${path}.to_${name}`, x, heads * headSize, { bias: false }),
    ) as [Value, Value, Value];
    const scale = headSize ** -0.5;
    const masked = (mask: Mask): Value => {
      const [keys, values] = [k, v].map((rows) => carry.withPast(apart(rows, heads), 2, PAST)) as [Value, Value];
      return together(o.attention(apart(q, heads), keys, values, null, null, mask(keys), { scale }));
    };
    const seen = inputs.mask ? masked(inputs.mask) : o.openAttention(q, k, v, { heads, scale });
    return linear(`${path}.to_out.0`, seen, x.shape[2] as number);
  };

  const transformer = (path: string, x: Value): Value => {
    const width = x.shape[2] as number;
    const h = o.add(x, attention(`${path}.attn1`, norm(`${path}.norm1`, x, EPSILON)));
    const inner = linear(`${path}.ff.net.0.proj`, norm(`${path}.norm3`, h, EPSILON), WIDENING * width);
    return o.add(h, linear(`${path}.ff.net.2`, o.gelu(inner, { approximation: "none" }), width));
  };

  /** A residual block and its transformers. */
  const stage = (path: string, x: Value, width: number): Value => {
    let y = swapped(tap(`${path}.0`, resnet(`${path}.0`, x, width)));
    for (let i = 0; i < transformers; i++) y = tap(`${path}.1.${i}`, transformer(`${path}.1.${i}`, y));
    return swapped(y);
  };

  let x = stackedInputs(g, inputs, ["x", "mu", "speaker", "prompt"], config.guidance > 0);
  const skips: Value[] = [];
  for (const [level, width] of channels.entries()) {
    const path = `${ROOT}.down_blocks.${level}`;
    skips.push((x = stage(path, x, width)));
    const halved = level < channels.length - 1;
    x = halved ? conv(`${path}.2.conv`, x, width, 3, { stride: 2, pads: [1, 1] }) : three(`${path}.2`, x, width);
    tap(`${path}.2`, x);
  }
  for (let i = 0; i < middles; i++) x = stage(`${ROOT}.mid_blocks.${i}`, x, channels.at(-1)!);
  for (const [level, width] of channels.toReversed().entries()) {
    const path = `${ROOT}.up_blocks.${level}`;
    const skip = skips.pop()!;
    // An odd number of frames comes back one longer.
    x = stage(path, o.concat(o.cropTo(x, skip, { axis: 2 }), skip, { axis: 1 }), width);
    if (level < channels.length - 1) {
      const kernel = g.weight(`${path}.2.conv.weight`, [width, width, 4]);
      x = o.convTranspose1d(x, kernel, g.weight(`${path}.2.conv.bias`, [width]), { stride: 2, pads: [1, 1] });
    } else x = three(`${path}.2`, x, width);
    tap(`${path}.2`, x);
  }
  const y = block(`${ROOT}.final_block`, x, channelsOf(x));
  return tap("velocity", conv(`${ROOT}.final_proj`, y, config.mels, 1));
}
