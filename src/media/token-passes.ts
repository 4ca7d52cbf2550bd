/** Items that are made of tokens: what makes them, and the passes in which their tokens come to be. */
import type { DecodeEvent, DecodeOptions } from "../core/decode/loop.js";
import type { Accepted, Token } from "../core/decode/step.js";
import type { Pass } from "./generate.js";
import type { Closable } from "./parts.js";

/** The tokens of a batch, ready to be decoded. */
export interface Decodable<T = Token> {
  decode(options: DecodeOptions): AsyncIterable<DecodeEvent<T>>;
}

/** What makes items: opened once, and begun for each batch. */
export interface TokenNetwork<Work, Items extends Closable> extends Closable {
  /** Bytes of the states of one row of a batch. */
  readonly rowBytes: number;
  /** Begins items that are made together. Whoever began them closes them. */
  begin(work: Work): Promise<Items>;
}

/** The memory that one item takes while it is made: guidance computes a second row for it. */
export const itemBytes = ({ rowBytes }: { rowBytes: number }, { guidance }: { guidance: number }): number =>
  (guidance > 1 ? 2 : 1) * rowBytes;

/** Calls for those who follow the tokens of a batch. */
export interface TokenListener<T> {
  /** After each pass: what became final, an entry for each item. */
  accept?(accepted: readonly Accepted<T>[]): void;
  /** When all values are final, an array for each item. */
  end?(values: readonly (readonly T[])[]): void;
}

/** Decodes, one pass at a time. The listener hears of a pass before it is yielded. */
export async function* tokenPasses<T>(
  items: Decodable<T>,
  told: TokenListener<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Pass, void, void> {
  let tried = 0;
  for await (const event of items.decode({ signal })) {
    if (event.type === "decode-end") {
      told.end?.(event.values);
      continue;
    }
    told.accept?.(event.accepted);
    const predicted = event.usage.tried - tried;
    tried = event.usage.tried;
    yield { accepted: event.accepted.map(({ positions }) => positions.length), predicted };
  }
}
