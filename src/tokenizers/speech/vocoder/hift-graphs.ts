/**
 * HiFT as mathematics (HiFTNet, arXiv 2309.09493 §3; iSTFTNet, arXiv 2203.02395): mel to fundamental, harmonics to a source, mel
 * and source to a waveform. Weight names are those of CosyVoice's files, weight normalisation undone.
 */
import type { GraphBuilder, Value } from "../../../engine/graph.js";
import { opsOf } from "../../../engine/ops/index.js";
import { channelsOf, snakeOf, weightedLayers } from "../../../engine/blocks/layers.js";
import { type Tap, untapped } from "../../tap.js";
import { spectrum, waveform } from "./fourier-layers.js";
import type { HiftConfig } from "./hift-config.js";

const F0_LAYERS = [0, 2, 4, 6, 8];

/** Frames at the end of mel that causal layers only look ahead to, for the fundamental and for the waveform. */
export const [F0_AHEAD, WAVE_AHEAD] = [3, 4];

/** Mel [B, mels, T] to the fundamental in Hz but for its sign, [B, T', 1]; T' = T, of causal layers T - F0_AHEAD. */
export function fundamental(g: GraphBuilder, config: HiftConfig, mel: Value): Value {
  const o = opsOf(g);
  const { conv, linear, swapped } = weightedLayers(g);
  const causal = config.layers === "causal";
  const x = F0_LAYERS.reduce((x, layer) => {
    const path = `f0_predictor.condnet.${layer}`;
    if (!causal) return o.elu(conv(path, x, config.f0Channels, 3, { pads: [1, 1] }));
    if (layer > 0) return o.elu(conv(path, x, config.f0Channels, 3, { pads: [2, 0] }));
    return o.elu(conv(path, x, config.f0Channels, F0_AHEAD + 1));
  }, mel);
  return linear("f0_predictor.classifier", swapped(x), 1);
}

/** Harmonics with their noise [B, L, harmonics + 1] to one excitation [B, L]. */
export function merged(g: GraphBuilder, config: HiftConfig, sines: Value): Value {
  const o = opsOf(g);
  const weight = g.weight("m_source.l_linear.weight", [1, config.harmonics + 1]);
  const sum = o.linear(sines, weight, g.weight("m_source.l_linear.bias", [1]));
  return o.reshape(o.tanh(sum), { shape: [0, -1] });
}

/**
 * Mel [B, mels, T] and source [B, L], hop samples per frame, to T · hop samples [B, L'] in [-0.99, 0.99]; causal layers give
 * WAVE_AHEAD · hop fewer, and a source may end with their sound.
 */
export function synthesised(
  g: GraphBuilder,
  config: HiftConfig,
  mel: Value,
  source: Value,
  tap: Tap = untapped,
): Value {
  const o = opsOf(g);
  const { conv } = weightedLayers(g);
  const { upsampleRates: rates, resKernels } = config;
  const causal = config.layers === "causal";
  const frames = { size: config.fftSize, hop: config.fftHop };
  const bins = config.fftSize / 2 + 1;
  /** Pads that keep the size. */
  const same = (kernel: number, dilation = 1): readonly [number, number] => {
    const span = (kernel - 1) * dilation;
    return causal ? [span, 0] : [span / 2, span / 2];
  };

  const harmonics = tap("source_stft", spectrum(g, o.reshape(source, { shape: [0, 1, -1] }), frames));

  const resBlock = (path: string, x: Value, kernel: number, dilations: readonly number[]): Value =>
    dilations.reduce((x, dilation, i) => {
      const C = channelsOf(x);
      const first = conv(`${path}.convs1.${i}`, snake(g, `${path}.activations1.${i}`, x), C, kernel, {
        dilation,
        pads: same(kernel, dilation),
      });
      const bent = snake(g, `${path}.activations2.${i}`, first);
      return o.add(x, conv(`${path}.convs2.${i}`, bent, C, kernel, { pads: same(kernel) }));
    }, x);

  const upsampled = (path: string, x: Value, width: number, rate: number, kernel: number): Value => {
    if (causal) return conv(path, o.repeat(x, { axis: 2, times: rate }), width, kernel, { pads: [kernel - 1, 0] });
    const weight = g.weight(`${path}.weight`, [channelsOf(x), width, kernel]);
    const cut = Math.floor((kernel - rate) / 2);
    return o.convTranspose1d(x, weight, g.weight(`${path}.bias`, [width]), { stride: rate, pads: [cut, cut] });
  };

  const sourceBranch = (i: number, width: number): Value => {
    const path = `source_downs.${i}`;
    const stride = rates.slice(i + 1).reduce((product, rate) => product * rate, 1);
    if (stride === 1) return conv(path, harmonics, width, 1);
    const half = Math.floor(stride / 2);
    return conv(path, harmonics, width, 2 * stride, { stride, pads: causal ? [stride - 1, 0] : [half, half] });
  };

  // conv_pre of the causal generation looks only ahead.
  let x = causal
    ? conv("conv_pre", mel, config.channels, WAVE_AHEAD + 1)
    : conv("conv_pre", mel, config.channels, 7, { pads: [3, 3] });
  tap("conv_pre", x);
  for (const [i, rate] of rates.entries()) {
    const width = config.channels / 2 ** (i + 1);
    x = tap(`ups.${i}`, upsampled(`ups.${i}`, o.leakyRelu(x, { slope: 0.1 }), width, rate, config.upsampleKernels[i]!));
    // The spectrum of n hops has n + 1 frames.
    if (i === rates.length - 1) x = o.pad(x, { axis: 2, before: 1, after: 0, mode: "reflect" });
    const down = tap(`source_downs.${i}`, o.cropTo(sourceBranch(i, width), x, { axis: 2 }));
    const path = `source_resblocks.${i}`;
    x = o.add(x, tap(path, resBlock(path, down, config.sourceKernels[i]!, config.sourceDilations[i]!)));
    const branches = resKernels.map((kernel, j) => {
      return resBlock(`resblocks.${i * resKernels.length + j}`, x, kernel, config.resDilations[j]!);
    });
    const sum = branches.reduce((sum, branch) => o.add(sum, branch));
    x = o.affine(tap(`resblocks of ups.${i}`, sum), { scale: 1 / branches.length });
  }
  const y = conv("conv_post", o.leakyRelu(x, { slope: 0.01 }), 2 * bins, 7, { pads: same(7) });
  tap("conv_post", y);
  const magnitude = o.clamp(o.exp(o.slice(y, { axis: 1, start: 0, end: bins })), { max: 100 });
  const phase = o.sin(o.slice(y, { axis: 1, start: bins, end: 2 * bins }));
  const parts = { real: o.mul(magnitude, o.cos(phase)), imaginary: o.mul(magnitude, o.sin(phase)) };
  const samples = waveform(g, parts, frames, "center");
  return o.clamp(o.reshape(samples, { shape: [0, -1] }), { min: -0.99, max: 0.99 });
}

/** Alphas are [C] in these files. */
const snake = (g: GraphBuilder, path: string, x: Value): Value =>
  snakeOf(g, x, opsOf(g).reshape(g.weight(`${path}.alpha`, [channelsOf(x)]), { shape: [-1, 1] }));
