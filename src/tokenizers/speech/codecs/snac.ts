/**
 * SNAC (arXiv 2410.14411): audio to codes of several rates and back, coarse ones first. Weight names are those of the files, weight
 * normalisation undone. The 32 and 44 kHz files have local attention besides, which the paper's 24 kHz file has not.
 */
import { ArgumentError } from "../../../base/errors.js";
import { normals } from "../../../base/random.js";
import type { Engine } from "../../../engine/engine.js";
import { type Graph, GraphBuilder, type Value } from "../../../engine/graph.js";
import { opsOf } from "../../../engine/ops/index.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../../../engine/tensor.js";
import type { Checkpoint } from "../../../engine/weights/checkpoint.js";
import { settle } from "../../../engine/weights/settle.js";
import { withoutWeightNorm } from "../../../engine/weights/weight-norm.js";
import { compiledOnce } from "../../lazy-program.js";
import { type Tap, untapped } from "../../tap.js";
import { rotationTable } from "../rotations.js";
import { channelsOf, snakeOf, weightedLayers } from "../../../engine/blocks/layers.js";

export interface SnacConfig {
  readonly sampleRate: number;
  /** Channels in front of the encoder, which doubles them at each rate; and behind the first layers of the decoder, which halves them. */
  readonly encoderWidth: number;
  readonly decoderWidth: number;
  /** Down-sampling of the blocks of the encoder; the decoder has them the other way round. */
  readonly rates: readonly number[];
  readonly codebook: number;
  readonly codeSize: number;
  /** Latent frames of one code of each book. */
  readonly strides: readonly number[];
  /** Frames that attend to each other, block by block, behind the encoder and in front of the decoder; null where none do. */
  readonly window: number | null;
}

export const SNAC_CONFIGS = {
  "snac-24khz": {
    ...{ sampleRate: 24000, encoderWidth: 48, decoderWidth: 1024, rates: [2, 4, 8, 8] },
    ...{ codebook: 4096, codeSize: 8, strides: [4, 2, 1], window: null },
  },
} as const satisfies Readonly<Record<string, SnacConfig>>;

const latentOf = ({ encoderWidth, rates }: SnacConfig): number => encoderWidth * 2 ** rates.length;

/** Samples of a latent frame. */
const hopOf = ({ rates }: SnacConfig): number => rates.reduce((a, b) => a * b, 1);

/** Frames that audio is filled up to: whole codes of the coarsest book, and whole windows. */
const wholeOf = ({ strides, window }: SnacConfig): number => {
  const [a, b] = [strides[0]!, window ?? 1];
  let least = a;
  while (least % b !== 0) least += a;
  return least;
};

/** Channels of a head of the attention. */
export const HEAD = 64;
const NORM_EPSILON = 1e-5;

/** Attention within windows of x [B, C, T], T a multiple of the window, as a residual; places turn within their window. */
function localAttention(g: GraphBuilder, path: string, x: Value, window: number): Value {
  const o = opsOf(g);
  const { linear, norm, swapped, apart, together } = weightedLayers(g);
  const C = channelsOf(x);
  const places = swapped(x);
  const table = g.constant(rotationTable(window, HEAD));
  const all = linear(`${path}.to_qkv`, norm(`${path}.norm`, places, NORM_EPSILON), 3 * C, { bias: false });
  const windows = o.reshape(all, { shape: [-1, window, 3 * C] });
  const part = (j: number) => o.slice(windows, { axis: 2, start: j * C, end: (j + 1) * C });
  const turned = (j: number) => together(o.rotary(apart(part(j), C / HEAD), table, { pairs: "halves" }));
  const seen = o.openAttention(turned(0), turned(1), part(2), { heads: C / HEAD, scale: HEAD ** -0.5 });
  return o.add(x, swapped(linear(`${path}.to_out`, o.reshapeLike(seen, places), C, { bias: false })));
}

/** Frequencies of the turns, which the graph has as a table. */
const COMPUTED = [/\.rel_pos\.inv_freq$/];

/** Alphas are [1, C, 1] in these files. */
const snake = (g: GraphBuilder, path: string, x: Value): Value =>
  snakeOf(g, x, g.weight(`${path}.alpha`, [1, channelsOf(x), 1]));

/** Three residual units of growing dilation; `first` is the index of the first in its block. */
function units(g: GraphBuilder, path: string, first: number, x: Value): Value {
  const o = opsOf(g);
  const { conv } = weightedLayers(g);
  return [1, 3, 9].reduce((x, dilation, i) => {
    const unit = `${path}.block.${first + i}.block`;
    const C = channelsOf(x);
    const options = { dilation, groups: C, pads: [3 * dilation, 3 * dilation] } as const;
    const y = conv(`${unit}.1`, snake(g, `${unit}.0`, x), C, 7, options);
    return o.add(x, conv(`${unit}.3`, snake(g, `${unit}.2`, y), C, 1));
  }, x);
}

/** Samples [B, 1, L], L a multiple of all strides, to latents [B, C, L / hop]. */
export function snacLatents(g: GraphBuilder, config: SnacConfig, samples: Value): Value {
  const { conv } = weightedLayers(g);
  let x = conv("encoder.block.0", samples, config.encoderWidth, 7, { pads: [3, 3] });
  for (const [i, rate] of config.rates.entries()) {
    const path = `encoder.block.${i + 1}`;
    const half = Math.ceil(rate / 2);
    const y = snake(g, `${path}.block.3`, units(g, path, 0, x));
    x = conv(`${path}.block.4`, y, 2 * channelsOf(x), 2 * rate, { stride: rate, pads: [half, half] });
  }
  let next = config.rates.length + 1;
  if (config.window !== null) x = localAttention(g, `encoder.block.${next++}`, x, config.window);
  return conv(`encoder.block.${next}`, x, channelsOf(x), 7, { groups: channelsOf(x), pads: [3, 3] });
}

/** Latents to the ids of each book, [B, T / stride]: each book codes what those before it left. */
export function snacIds(g: GraphBuilder, config: SnacConfig, latents: Value): Value[] {
  const o = opsOf(g);
  const { conv, swapped } = weightedLayers(g);
  let rest = latents;
  return config.strides.map((stride, i) => {
    const path = `quantizer.quantizers.${i}`;
    const pooled =
      stride === 1 ? rest : o.mean(o.reshape(rest, { shape: [0, 0, -1, stride] }), { axis: 3, keepDims: false });
    const unit = (x: Value) => o.l2Normalize(x, { axis: -1, epsilon: 1e-12 });
    const z = unit(swapped(conv(`${path}.in_proj`, pooled, config.codeSize, 1)));
    const rows = unit(codebook(g, config, i));
    const ids = o.argmax(o.linear(z, rows, null), { axis: -1 });
    const coded = bookLatents(g, config, i, ids);
    rest = o.sub(rest, o.reshapeLike(stride === 1 ? coded : o.repeat(coded, { axis: 2, times: stride }), rest));
    return ids;
  });
}

const codebook = (g: GraphBuilder, { codebook, codeSize }: SnacConfig, i: number): Value =>
  g.weight(`quantizer.quantizers.${i}.codebook.weight`, [codebook, codeSize]);

/** Ids [B, N] of a book to its part of the latents, [B, C, N]. */
function bookLatents(g: GraphBuilder, config: SnacConfig, i: number, ids: Value): Value {
  const { conv, swapped } = weightedLayers(g);
  const rows = opsOf(g).embedding(ids, codebook(g, config, i));
  return conv(`quantizer.quantizers.${i}.out_proj`, swapped(rows), latentOf(config), 1);
}

/** Ids of each book, repeated to the rate of the latents, [B, T], and noise of each block to samples [B, 1, L]. */
export function snacSamples(
  g: GraphBuilder,
  config: SnacConfig,
  ids: readonly Value[],
  noise: (block: number, length: Value["shape"][number]) => Value,
  tap: Tap = untapped,
): Value {
  const o = opsOf(g);
  const { conv } = weightedLayers(g);
  const books = ids.map((row, i) => bookLatents(g, config, i, row));
  const z = tap(
    "latents",
    books.reduce((sum, book) => o.add(sum, book)),
  );
  let x = conv("decoder.model.0", z, latentOf(config), 7, { groups: latentOf(config), pads: [3, 3] });
  x = conv("decoder.model.1", x, config.decoderWidth, 1);
  let next = 2;
  if (config.window !== null) x = localAttention(g, `decoder.model.${next++}`, x, config.window);
  for (const [i, rate] of config.rates.toReversed().entries()) {
    const path = `decoder.model.${next++}`;
    const width = channelsOf(x) / 2;
    const half = Math.ceil(rate / 2);
    const kernel = g.weight(`${path}.block.1.weight`, [2 * width, width, 2 * rate]);
    const bias = g.weight(`${path}.block.1.bias`, [width]);
    const sweep = { stride: rate, pads: [half, half], outputPadding: rate % 2 } as const;
    const up = o.convTranspose1d(snake(g, `${path}.block.0`, x), kernel, bias, sweep);
    const loudness = conv(`${path}.block.2.linear`, up, width, 1, { bias: false });
    x = units(g, path, 3, o.add(up, o.mul(noise(i, up.shape[2]!), loudness)));
    tap(path, x);
  }
  return o.tanh(conv(`decoder.model.${next + 1}`, snake(g, `decoder.model.${next}`, x), 1, 7, { pads: [3, 3] }));
}

export function snacGraphs(
  config: SnacConfig,
  tap: Tap = untapped,
): { readonly encoder: Graph; readonly decoder: Graph } {
  const g = new GraphBuilder("snac-encoder");
  const latents = tap("encoder", snacLatents(g, config, g.input("samples", ["B", 1, "L"])));
  const books = snacIds(g, config, latents);
  const encoder = g.build(Object.fromEntries(books.map((ids, i) => [`ids ${i}`, ids])));
  const d = new GraphBuilder("snac-decoder");
  const ids = config.strides.map((_, i) => d.input(`ids ${i}`, ["B", "T"], "i32"));
  const noise = (block: number, length: Value["shape"][number]) => d.input(`noise ${block}`, ["B", 1, length]);
  return { encoder, decoder: d.build({ samples: snacSamples(d, config, ids, noise, tap) }) };
}

export interface Snac extends AsyncDisposable {
  readonly config: SnacConfig;
  /** Mono samples to the ids of each book, coarse ones first; silence is added up to whole codes of the coarsest, and to whole windows. */
  encode(samples: Float32Array): Promise<Int32Array[]>;
  /** Ids of each book to samples; noise of the decoder by `seed`, none where it is null. @throws ArgumentError for books of other lengths. */
  decode(books: readonly ArrayLike<number>[], seed: number | null): Promise<Float32Array>;
  close(): Promise<void>;
}

/** @throws WeightsError listing all weights that are missing, misshapen or unused. */
export function openSnac(engine: Engine, config: SnacConfig, checkpoint: Checkpoint): Snac {
  const weights = withoutWeightNorm(checkpoint);
  const graphs = snacGraphs(config);
  settle(weights, Object.values(graphs), { ignore: COMPUTED });
  const encoder = compiledOnce(engine, graphs.encoder, weights);
  const decoder = compiledOnce(engine, graphs.decoder, weights);
  const close = async () => {
    await Promise.all([encoder.close(), decoder.close()]);
  };
  return {
    config,
    async encode(samples) {
      const whole = hopOf(config) * wholeOf(config);
      const padded = new Float32Array(Math.max(Math.ceil(samples.length / whole), 1) * whole);
      padded.set(samples);
      const found = await (await encoder.get()).run({ samples: tensor([1, 1, padded.length], padded) });
      return config.strides.map((_, i) => found[`ids ${i}`]!.data as Int32Array);
    },
    async decode(books, seed) {
      const T = (books[0]?.length ?? 0) * config.strides[0]!;
      if (T % wholeOf(config) !== 0) {
        const ids = wholeOf(config) / config.strides[0]!;
        throw new ArgumentError(
          "books",
          `a multiple of ${ids} ids in book 0, which is a whole window`,
          books[0]!.length,
        );
      }
      const inputs: Record<string, Tensor> = {};
      config.strides.forEach((stride, i) => {
        const book = books[i] ?? [];
        if (book.length * stride !== T || T === 0)
          throw new ArgumentError("books", `${T / stride} ids in book ${i}`, book.length);
        inputs[`ids ${i}`] = i32(
          [1, T],
          Int32Array.from({ length: T }, (_, t) => book[Math.floor(t / stride)]!),
        );
      });
      let length = T;
      for (const [block, rate] of config.rates.toReversed().entries()) {
        length *= rate;
        const address = { seed: seed ?? 0, item: 0, position: block, purpose: "noise" } as const;
        inputs[`noise ${block}`] = tensor(
          [1, 1, length],
          seed === null ? new Float32Array(length) : normals(address, length),
        );
      }
      return ((await (await decoder.get()).run(inputs)) as Record<string, FloatTensor>).samples!.data;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
