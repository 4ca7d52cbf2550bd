/** Pictures as a line of tokens instead of a grid: TiTok, arXiv 2406.07550. */
import { ArgumentError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import type { Engine } from "../../engine/engine.js";
import { type FloatTensor, type Tensor, tensor } from "../../engine/tensor.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import { checkPixels } from "../image/pixels.js";
import type { Tokenizer } from "../tokenizer.js";
import { checkIds } from "./mask-tokenizer.js";
import type { TitokConfig } from "./titok-config.js";
import { TitokNetwork } from "./titok-network.js";

/** Pictures as batches [B, 3, side, side] of RGB, ids as [B, tokens]. */
export interface LineTokenizer extends Tokenizer<FloatTensor, Tensor>, AsyncDisposable {
  /** Pixels of one side of every picture. */
  readonly side: number;
  /** Tokens of a picture. */
  readonly tokens: number;
  /**
   * Pixels [B, 3, side, side] in [-1, 1] to ids [B, tokens].
   * @throws ArgumentError for another shape, or values that are no pixels.
   */
  encode(pixels: FloatTensor): Promise<Tensor>;
  /**
   * Ids [B, tokens] to pixels [B, 3, side, side]: about [-1, 1], not clamped.
   * @throws ArgumentError for another shape or an id outside the vocabulary.
   */
  decode(ids: Tensor): Promise<FloatTensor>;
  close(): Promise<void>;
}

/**
 * Checks `checkpoint` against `config` and makes a tokenizer of it. Encoder and decoder are compiled at their first use, so the
 * checkpoint stays the caller's and must stay open until the tokenizer is closed.
 *
 * @throws WeightsError listing all weights that are missing, misshapen or unused.
 */
export async function openTitokTokenizer(
  engine: Engine,
  config: TitokConfig,
  checkpoint: Checkpoint,
): Promise<LineTokenizer> {
  const network = new TitokNetwork(engine, config, checkpoint, "image tokenizer");
  const { side, tokens, vocab } = config;
  const close = () => network.close();
  return {
    ...{ vocabularySize: vocab, side, tokens, close, [Symbol.asyncDispose]: close },
    async encode(pixels) {
      checkPixels(pixels, 3);
      const [, , Y, X] = pixels.shape;
      if (Y !== side || X !== side) {
        const remedy = "Crop or resize the picture first; centreCrop() does what the models were trained with.";
        throw new ArgumentError("pixels", `pictures of ${side} x ${side}`, described(`${X} x ${Y} pixels`), remedy);
      }
      return network.encode(
        tensor(
          pixels.shape,
          pixels.data.map((value) => (value + 1) / 2),
        ),
      );
    },
    async decode(ids) {
      if (ids.shape[1] !== tokens) {
        throw new ArgumentError("ids", `a tensor [B, ${tokens}]`, described(`a tensor [${ids.shape}]`));
      }
      checkIds(ids, tokens, vocab);
      const { shape, data } = await network.decode(ids);
      return tensor(
        shape,
        data.map((value) => 2 * value - 1),
      );
    },
  };
}
