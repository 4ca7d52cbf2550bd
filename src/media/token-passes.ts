/** Passes of the decode loop, for items that are made of tokens. */
import type { DecodeEvent, DecodeOptions } from "../core/decode/loop.js";
import type { Token } from "../core/decode/step.js";
import type { Pass } from "./generate.js";

/** The tokens of a batch, ready to be decoded. */
export interface Decodable<T = Token> {
  /** Decodes all items. What an event tells is taken over before it is passed on. */
  decode(options: DecodeOptions): AsyncIterable<DecodeEvent<T>>;
}

/** Decodes, one pass at a time, and hands all values to `end` when they are final. */
export async function* tokenPasses<T>(
  items: Decodable<T>,
  end: (values: readonly (readonly T[])[]) => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<Pass, void, void> {
  let tried = 0;
  for await (const event of items.decode({ signal })) {
    if (event.type === "decode-end") {
      end(event.values);
      continue;
    }
    const predicted = event.usage.tried - tried;
    tried = event.usage.tried;
    yield { accepted: event.accepted.map(({ positions }) => positions.length), predicted };
  }
}
