/** Masks as tokens from coarse to fine, of which any number may be decoded: HiMTok, arXiv 2503.13026 §3.1 and §3.3. */
import { ArgumentError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import type { Engine } from "../../engine/engine.js";
import { dtypeOf, type FloatTensor, type Tensor, tensor } from "../../engine/tensor.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import type { Tokenizer } from "../tokenizer.js";
import type { TitokConfig } from "./titok-config.js";
import { TitokNetwork } from "./titok-network.js";

/** Masks as batches [B, side, side] in [0, 1], ids as [B, tokens] or a prefix of that. */
export interface MaskTokenizer extends Tokenizer<FloatTensor, Tensor>, AsyncDisposable {
  /** Pixels of one side of every mask. A mask of another size is squashed to it, whatever its aspect ratio. */
  readonly side: number;
  /** Tokens of a whole mask. */
  readonly tokens: number;
  /**
   * Masks [B, side, side] in [0, 1] to ids [B, tokens].
   * @throws ArgumentError for another shape or a value outside of [0, 1].
   */
  encode(masks: FloatTensor): Promise<Tensor>;
  /**
   * Ids [B, n], 1 <= n <= tokens, to the probability that a pixel belongs to the mask [B, side, side]; above 0.5 it does.
   * @throws ArgumentError for another shape or an id outside the vocabulary.
   */
  decode(ids: Tensor): Promise<FloatTensor>;
  /**
   * The same from what a language model knew when it chose the ids [B, n]: logits [B, tokens, vocabularySize] of the mask tokens alone, before
   * any processing. Each of the n tokens that stands for a code is the mixture softmax(2 · logits) of codes; from token n on the code is zero.
   * @throws ArgumentError for another shape, an id outside the vocabulary, or a logit that is not finite.
   */
  decodeSoftly(ids: Tensor, logits: FloatTensor): Promise<FloatTensor>;
  close(): Promise<void>;
}

/**
 * Checks `checkpoint` against `config` and makes a tokenizer of it. Encoder and decoder are compiled at their first use, so the
 * checkpoint stays the caller's and must stay open until the tokenizer is closed.
 *
 * @throws WeightsError listing all weights that are missing, misshapen or unused.
 */
export async function openMaskTokenizer(
  engine: Engine,
  config: TitokConfig,
  checkpoint: Checkpoint,
): Promise<MaskTokenizer> {
  const network = new TitokNetwork(engine, config, checkpoint, "mask tokenizer");
  const { side, tokens, vocab } = config;
  const close = () => network.close();
  return {
    ...{ vocabularySize: vocab, side, tokens, close, [Symbol.asyncDispose]: close },
    async encode(masks) {
      checkMasks(masks, side);
      return network.encode(threefold(masks));
    },
    async decode(ids) {
      checkIds(ids, tokens, vocab);
      return probabilities(await network.decode(ids));
    },
    async decodeSoftly(ids, logits) {
      checkIds(ids, tokens, vocab);
      checkLogits(logits, [ids.shape[0]!, tokens, vocab]);
      return probabilities(await network.decodeMixtures(logits, ids.shape[1]!));
    },
  };
}

/** Masks [B, Y, X] as grey pictures [B, 3, Y, X]. */
function threefold({ shape: [B, Y, X], data }: FloatTensor): FloatTensor {
  const area = Y! * X!;
  const planes = Float32Array.from({ length: 3 * data.length }, (_, i) => {
    return data[Math.floor(i / (3 * area)) * area + (i % area)]!;
  });
  return tensor([B!, 3, Y!, X!], planes);
}

/** How steeply probability rises with the decoded grey level. */
const STEEPNESS = 5;

/** Decoded pictures [B, 3, Y, X] as probabilities [B, Y, X]: sigmoid(5 · (mean of the channels - 0.5)). */
function probabilities({ shape: [B, , Y, X], data }: FloatTensor): FloatTensor {
  const area = Y! * X!;
  const out = Float32Array.from({ length: B! * area }, (_, i) => {
    const at = Math.floor(i / area) * 3 * area + (i % area);
    const grey = (data[at]! + data[at + area]! + data[at + 2 * area]!) / 3;
    return 1 / (1 + Math.exp(-STEEPNESS * (grey - 0.5)));
  });
  return tensor([B!, Y!, X!], out);
}

/** Refuses what no tokenizer of masks of that side takes. Throws ArgumentError. */
export function checkMasks(masks: FloatTensor, side: number): void {
  const { shape, data } = masks;
  const [B, Y, X] = shape;
  if (shape.length !== 3 || !(B! > 0) || Y !== side || X !== side || dtypeOf(masks) !== "f32") {
    const received = described(`a tensor [${shape}] of ${dtypeOf(masks)}`);
    const remedy = `Squash the mask to ${side} x ${side} first; its aspect ratio does not matter.`;
    throw new ArgumentError("masks", `a float tensor [B, ${side}, ${side}]`, received, remedy);
  }
  const stray = data.find((value) => !(value >= 0 && value <= 1));
  if (stray !== undefined) throw new ArgumentError("masks", "values from 0 to 1", stray);
}

/** Refuses ids that are no masks of up to `tokens` tokens. Throws ArgumentError. */
export function checkIds(ids: Tensor, tokens: number, vocab: number): void {
  const [B, n] = ids.shape;
  if (ids.shape.length !== 2 || !(B! > 0) || !(n! >= 1 && n! <= tokens) || dtypeOf(ids) !== "i32") {
    const received = described(`a tensor [${ids.shape}] of ${dtypeOf(ids)}`);
    throw new ArgumentError("ids", `an int32 tensor [B, n] with 1 <= n <= ${tokens}`, received);
  }
  const stray = ids.data.find((id) => id < 0 || id >= vocab);
  if (stray !== undefined) throw new ArgumentError("ids", `ids from 0 to ${vocab - 1}`, stray);
}

/** Refuses logits of another shape than [B, tokens, vocab], and those that are not finite. Throws ArgumentError. */
export function checkLogits(logits: FloatTensor, shape: readonly [B: number, tokens: number, vocab: number]): void {
  if (logits.shape.join() !== shape.join() || dtypeOf(logits) !== "f32") {
    const received = described(`a tensor [${logits.shape}] of ${dtypeOf(logits)}`);
    throw new ArgumentError("logits", `a float tensor [${shape}]`, received);
  }
  const stray = logits.data.find((value) => !Number.isFinite(value));
  if (stray !== undefined) throw new ArgumentError("logits", "finite numbers", stray);
}
