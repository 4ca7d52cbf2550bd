/** What finds masks: a segmenter and the tokenizer of masks, introduced to each other. */
import { type DecodeEvent, type DecodeOptions, decode } from "../core/decode/loop.js";
import { rowOf, sampler } from "../core/decode/sampler.js";
import type { Forward } from "../core/decode/step.js";
import { openModel } from "../core/model.js";
import { type Decoding, strategyOf } from "../core/orders.js";
import { guidance } from "../core/sampling/guidance.js";
import type { TokenSampling } from "../core/sampling/ranges.js";
import { SEGMENTER, type Segmenter } from "../core/segmenter/architecture.js";
import { deriveSegmenter, type SegmenterConfig, segmenterObjective } from "../core/segmenter/config.js";
import type { SegmenterStart } from "../core/segmenter/feeder.js";
import { openSession } from "../core/session.js";
import type { Engine, Precision } from "../engine/engine.js";
import { type FloatTensor, tensor } from "../engine/tensor.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { stateBytes } from "../media/batches.js";
import type { Closable } from "../media/parts.js";
import type { Decodable, TokenNetwork } from "../media/token-passes.js";

/** Masks to be found together: of one picture, or of none, by the same words. */
export interface MaskWork {
  readonly items: number;
  readonly caption: readonly number[];
  /** [1, 3, side, side] in [-1, 1], or null. */
  readonly picture: FloatTensor | null;
  /** How many tokens each gets, from coarse to fine. */
  readonly tokens: number;
  readonly sampling: TokenSampling;
  readonly decoding: Decoding;
  readonly seed: number;
  /** Number of the first mask among those of the seed. */
  readonly firstItem: number;
}

/** Masks in the making: their tokens come to be. */
export interface Masking extends Decodable<number>, Closable {
  /** What the segmenter knew when it chose the tokens of an item, [1, positions, vocabulary]; zeros where it has not chosen. */
  logits(item: number): FloatTensor;
}

export type MaskNetwork = TokenNetwork<MaskWork, Masking>;

type BoxOf = SegmenterStart["boxOf"];

export interface MaskNetworkOptions {
  readonly precision: Precision;
  /** What the tokenizer of masks knows: the box of two corners. */
  readonly boxOf: BoxOf;
}

/** Opens the segmenter. Throws WeightsError. */
export async function openMaskNetwork(
  engine: Engine,
  config: SegmenterConfig,
  weights: Checkpoint,
  { precision, boxOf }: MaskNetworkOptions,
): Promise<MaskNetwork> {
  const segmenter = await openModel(engine, SEGMENTER, config, weights, { precision });
  return {
    rowBytes: stateBytes(segmenter.decoder.graph, { B: 1, S: deriveSegmenter(config).slots }),
    begin: (work) => begin(segmenter, boxOf, work),
    close: () => segmenter.close(),
  };
}

async function begin(segmenter: Segmenter, boxOf: BoxOf, work: MaskWork): Promise<Masking> {
  const { items, caption, picture, tokens, decoding, seed, firstItem } = work;
  const { guidance: scale, guidanceUntil, ...sampling } = work.sampling;
  const { positions: N, vocabulary: V, side } = segmenter.config;
  const objective = { ...segmenterObjective(segmenter.config), positions: tokens };
  const strategy = strategyOf(items, objective as { kind: "next-token" } & typeof objective, decoding);
  const draws = sampler({ seed, sampling, guidance: guidance(scale, guidanceUntil * tokens), firstItem });
  const captions = Array.from({ length: items }, () => caption);
  const pictures = picture && tensor([items, 3, side, side], repeated(picture.data, items));
  const session = await openSession(segmenter, { captions, pictures, boxOf }, { guided: scale > 1 });
  const known = new Float32Array(items * N * V);
  const watched: Forward<number> = {
    items,
    async forward(step, guided) {
      const prediction = await session.forward(step, guided);
      for (let item = 0; item < items; item++)
        for (const [k, position] of step.fill.entries())
          known.set(rowOf(prediction.conditional, item, k), (item * N + position) * V);
      return prediction;
    },
  };
  return {
    decode: (options: DecodeOptions) => decode(watched, strategy, draws, options) as AsyncIterable<DecodeEvent<number>>,
    logits: (item) => tensor([1, N, V], known.slice(item * N * V, (item + 1) * N * V)),
    close: () => session.close(),
  };
}

function repeated(data: Float32Array, times: number): Float32Array {
  const out = new Float32Array(times * data.length);
  for (let i = 0; i < times; i++) out.set(data, i * data.length);
  return out;
}
