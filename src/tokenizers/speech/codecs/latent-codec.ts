/**
 * The codec of pocket-tts: audio to continuous latents and back, whole or as they come (CALM, arXiv 2509.06926 §3; the network is
 * that of Mimi, arXiv 2410.00037 §3.3). Every layer is causal. Weight names are those of the files.
 */
import { ArgumentError } from "../../../base/errors.js";
import type { Engine } from "../../../engine/engine.js";
import { type Graph, GraphBuilder, type Value } from "../../../engine/graph.js";
import { HIDDEN } from "../../../engine/ops/attention.js";
import { opsOf } from "../../../engine/ops/index.js";
import { type FloatTensor, type Tensor, tensor } from "../../../engine/tensor.js";
import type { Checkpoint } from "../../../engine/weights/checkpoint.js";
import { settle } from "../../../engine/weights/settle.js";
import { compiledOnce } from "../../lazy-program.js";
import { type Tap, untapped } from "../../tap.js";
import { type Carry, carriesOf, carryOf, emptyCarries, type Pieces } from "../carry.js";
import { channelsOf, weightedLayers } from "../../../engine/blocks/layers.js";
import { rotationTable } from "../rotations.js";

export interface LatentCodecConfig {
  readonly sampleRate: number;
  /** Channels of the latents that are decoded, of those that the encoder gives, and inside. */
  readonly latent: number;
  readonly encoded: number;
  readonly width: number;
  /** Channels next to the samples, doubled at each ratio. */
  readonly filters: number;
  /** Up-sampling of the decoder, in order; the encoder has them the other way round. */
  readonly ratios: readonly number[];
  readonly heads: number;
  readonly layers: number;
  /** Width inside the feed-forward layers. */
  readonly hidden: number;
  /** Places that attention sees, its own among them. */
  readonly window: number;
  /** Places of the transformer for each latent. */
  readonly resampling: number;
  /** Which elements of a head turn together; neighbours where nothing is said. */
  readonly pairs?: "neighbours" | "halves";
}

export const LATENT_CODEC_CONFIGS = {
  "pocket-tts": {
    ...{ sampleRate: 24000, latent: 32, encoded: 32, width: 512, filters: 64 },
    ratios: [6, 5, 4],
    ...{ heads: 8, layers: 2, hidden: 2048, window: 250, resampling: 16 },
  },
} as const satisfies Readonly<Record<string, LatentCodecConfig>>;

/** Samples of a latent. */
export const samplesOf = ({ ratios, resampling }: LatentCodecConfig): number =>
  ratios.reduce((product, ratio) => product * ratio, resampling);

const EPSILON = 1e-5;

function layersOf(g: GraphBuilder, config: LatentCodecConfig, carry: Carry) {
  const o = opsOf(g);
  const { linear, norm, swapped, apart, together } = weightedLayers(g);
  const { width, heads } = config;
  const pairs = { pairs: config.pairs ?? "neighbours" } as const;

  const conv = (
    path: string,
    x: Value,
    channels: number,
    size: number,
    { stride = 1, bias = true, edge = false } = {},
  ) => {
    const seen = carry.before(x, 2, size - stride, edge ? "edge" : "zero");
    const weight = g.weight(`${path}.weight`, [channels, channelsOf(x), size]);
    return o.conv1d(seen, weight, bias ? g.weight(`${path}.bias`, [channels]) : null, { stride });
  };

  /** Doubles as many places as `stride`; a kernel is twice as long, so each place needs the one before. */
  const up = (path: string, x: Value, channels: number, stride: number, form: "dense" | "one filter per channel") => {
    const groups = form === "dense" ? 1 : channels;
    const weight = g.weight(`${path}.weight`, [channelsOf(x), channels / groups, 2 * stride]);
    const bias = form === "dense" ? g.weight(`${path}.bias`, [channels]) : null;
    return o.convTranspose1d(carry.before(x, 2, 1), weight, bias, { stride, groups, pads: [stride, stride] });
  };

  const residual = (path: string, x: Value) => {
    const inner = conv(`${path}.block.1.conv`, o.elu(x), channelsOf(x) / 2, 3);
    return o.add(x, conv(`${path}.block.3.conv`, o.elu(inner), channelsOf(x), 1));
  };

  /** x [B, C, T]; bias [1, 1, T, window - 1 + T] hides what is out of the window or before the beginning. */
  const transformer = (path: string, map: Value, { rotations, bias }: Places) => {
    let x = swapped(map);
    for (let i = 0; i < config.layers; i++) {
      const layer = `${path}.transformer.layers.${i}`;
      const all = linear(`${layer}.self_attn.in_proj`, norm(`${layer}.norm1`, x, EPSILON), 3 * width, { bias: false });
      const [q, k, v] = [0, 1, 2].map((j) =>
        apart(o.slice(all, { axis: 2, start: j * width, end: (j + 1) * width }), heads),
      ) as [Value, Value, Value];
      const past = config.window - 1;
      const keys = carry.before(o.rotary(k, rotations, pairs), 2, past);
      const values = carry.before(v, 2, past);
      const seen = o.attention(o.rotary(q, rotations, pairs), keys, values, null, null, bias(keys), {
        scale: (width / heads) ** -0.5,
      });
      const out = linear(`${layer}.self_attn.out_proj`, together(seen), width, { bias: false });
      x = o.add(x, o.mul(out, g.weight(`${layer}.layer_scale_1.scale`, [width])));
      const hidden = g.weight(`${layer}.linear1.weight`, [config.hidden, width]);
      const inner = o.gelu(o.bulkLinear(norm(`${layer}.norm2`, x, EPSILON), hidden, null), { approximation: "none" });
      const y = linear(`${layer}.linear2`, inner, width, { bias: false });
      x = o.add(x, o.mul(y, g.weight(`${layer}.layer_scale_2.scale`, [width])));
    }
    return swapped(x);
  };

  return { conv, up, residual, transformer };
}

interface Places {
  readonly rotations: Value;
  readonly bias: (keys: Value) => Value;
}

function placesOf(g: GraphBuilder, { width, heads }: LatentCodecConfig, T: Value["shape"][number]): Places {
  return {
    rotations: g.input("rotations", [T, width / heads / 2, 2]),
    bias: (keys) => g.input("bias", [1, 1, T, keys.shape[2]!]),
  };
}

/** Latents [1, latent, F] to samples [1, 1, F · samplesOf]. */
export function latentDecoder(config: LatentCodecConfig, pieces: Pieces, tap: Tap = untapped): Graph {
  const g = new GraphBuilder("latent-decoder");
  const o = opsOf(g);
  const carry = carryOf(g, pieces);
  const latents = g.input("latents", [1, config.latent, "F"]);
  const project = g.weight("quantizer.output_proj.weight", [config.width, config.latent, 1]);
  const map = tap("quantizer", o.conv1d(latents, project, null));
  return g.build({ samples: soundOf(g, config, map, carry, tap), ...carry.outputs });
}

/** The map [1, width, F] of latents to samples [1, 1, F · samplesOf]. */
export function soundOf(
  g: GraphBuilder,
  config: LatentCodecConfig,
  map: Value,
  carry: Carry = carryOf(g, "whole"),
  tap: Tap = untapped,
): Value {
  const o = opsOf(g);
  const { conv, up, residual, transformer } = layersOf(g, config, carry);
  let x = tap("upsample", up("upsample.convtr.convtr", map, config.width, config.resampling, "one filter per channel"));
  x = tap("decoder_transformer", transformer("decoder_transformer", x, placesOf(g, config, x.shape[2]!)));
  x = conv("decoder.model.0.conv", x, config.filters * 2 ** config.ratios.length, 7);
  for (const [i, ratio] of config.ratios.entries()) {
    x = up(`decoder.model.${3 * i + 2}.convtr`, o.elu(x), channelsOf(x) / 2, ratio, "dense");
    x = residual(`decoder.model.${3 * i + 3}`, x);
  }
  return conv(`decoder.model.${3 * config.ratios.length + 2}.conv`, o.elu(x), 1, 3);
}

/** Samples [1, 1, L], L a multiple of samplesOf, to latents [1, encoded, F]. */
export function latentEncoder(config: LatentCodecConfig): Graph {
  const g = new GraphBuilder("latent-encoder");
  return g.build({ latents: latentsOf(g, config, g.input("samples", [1, 1, "L"])) });
}

/** Samples [1, 1, L] to latents [1, encoded, F]. */
export function latentsOf(g: GraphBuilder, config: LatentCodecConfig, samples: Value): Value {
  const o = opsOf(g);
  const { conv, residual, transformer } = layersOf(g, config, carryOf(g, "whole"));
  let x = conv("encoder.model.0.conv", samples, config.filters, 7);
  for (const [i, ratio] of config.ratios.toReversed().entries()) {
    x = residual(`encoder.model.${3 * i + 1}`, x);
    x = conv(`encoder.model.${3 * i + 3}.conv`, o.elu(x), 2 * channelsOf(x), 2 * ratio, { stride: ratio });
  }
  x = conv(`encoder.model.${3 * config.ratios.length + 2}.conv`, o.elu(x), config.width, 3);
  x = transformer("encoder_transformer", x, placesOf(g, config, x.shape[2]!));
  const { encoded, resampling } = config;
  const down = { stride: resampling, bias: false, edge: true } as const;
  return conv("downsample.conv.conv", x, encoded, 2 * resampling, down);
}

/** What a transformer at the places `from` to `from + T` of a sequence is told. */
export function placeInputs(
  { width, heads, window }: LatentCodecConfig,
  from: number,
  T: number,
): Record<string, Tensor> {
  const past = window - 1;
  const bias = new Float32Array(T * (past + T)).fill(HIDDEN);
  for (let t = 0; t < T; t++) {
    const first = Math.max(t, past - from); // slot of the farthest place in sight; the slots in front of place 0 are empty
    bias.fill(0, t * (past + T) + first, t * (past + T) + past + t + 1);
  }
  return { rotations: rotationTable(T, width / heads, { from }), bias: tensor([1, 1, T, past + T], bias) };
}

/** What an encoder is fed for samples, with silence behind them up to a whole latent. */
export function soundInputs(config: LatentCodecConfig, samples: Float32Array): Record<string, Tensor> {
  const hop = samplesOf(config);
  const padded = new Float32Array(Math.max(Math.ceil(samples.length / hop), 1) * hop);
  padded.set(samples);
  const places = placeInputs(config, 0, (padded.length / hop) * config.resampling);
  return { samples: tensor([1, 1, padded.length], padded), ...places };
}

export interface LatentCodec extends AsyncDisposable {
  readonly config: LatentCodecConfig;
  /** Samples to latents [1, encoded, F]; silence is added up to a whole latent. */
  encode(samples: Float32Array): Promise<FloatTensor>;
  /** Latents [1, latent, F] to samples. */
  decode(latents: FloatTensor): Promise<Float32Array>;
  /** The same for latents that come one after the other: what all pieces give is what `decode` gives of the whole. */
  decodeStream(): { push(latents: FloatTensor): Promise<Float32Array> };
  close(): Promise<void>;
}

/** @throws WeightsError listing all weights that are missing, misshapen or unused. */
export function openLatentCodec(engine: Engine, config: LatentCodecConfig, checkpoint: Checkpoint): LatentCodec {
  const graphs = {
    encoder: latentEncoder(config),
    whole: latentDecoder(config, "whole"),
    pieces: latentDecoder(config, "in pieces"),
  };
  settle(checkpoint, [graphs.encoder, graphs.whole]);
  const encoder = compiledOnce(engine, graphs.encoder, checkpoint);
  const whole = compiledOnce(engine, graphs.whole, checkpoint);
  const pieces = compiledOnce(engine, graphs.pieces, checkpoint);
  const close = async () => {
    await Promise.all([encoder, whole, pieces].map((program) => program.close()));
  };
  const framesOf = ({ shape }: FloatTensor): number => {
    if (shape.length !== 3 || shape[0] !== 1 || shape[1] !== config.latent)
      throw new ArgumentError("latents", `a tensor [1, ${config.latent}, frames]`, `[${shape}]`);
    return shape[2]!;
  };
  return {
    config,
    async encode(samples) {
      return (await (await encoder.get()).run(soundInputs(config, samples))).latents as FloatTensor;
    },
    async decode(latents) {
      const inputs = { latents, ...placeInputs(config, 0, framesOf(latents) * config.resampling) };
      return (await (await whole.get()).run(inputs)).samples!.data as Float32Array;
    },
    decodeStream() {
      let carried = emptyCarries(graphs.pieces.inputs);
      let place = 0;
      return {
        async push(latents) {
          const T = framesOf(latents) * config.resampling;
          const outputs = await (await pieces.get()).run({ latents, ...placeInputs(config, place, T), ...carried });
          carried = carriesOf(outputs);
          place += T;
          return outputs.samples!.data as Float32Array;
        },
      };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
