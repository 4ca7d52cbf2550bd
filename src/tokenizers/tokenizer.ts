/** Media become ids, and ids become media again. A tokenizer has never seen a language model. */

export type Awaitable<T> = T | Promise<T>;

/**
 * What every tokenizer offers, whatever it tokenizes.
 *
 * `Media` is what goes in: a string for text, a batch of pictures [B, C, Y, X] for images. `Ids` is what comes out, in the
 * order in which a language model predicts it. Both directions may wait, because image and speech codecs run on an engine.
 */
export interface Tokenizer<Media, Ids = Int32Array> {
  /** Every id is an integer from 0 to vocabularySize - 1. */
  readonly vocabularySize: number;
  encode(media: Media): Awaitable<Ids>;
  decode(ids: Ids): Awaitable<Media>;
}
