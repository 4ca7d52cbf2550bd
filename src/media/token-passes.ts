/** Passes of the decode loop, for items that are made of tokens. */
import { decode } from "../core/decode/loop.js";
import type { Sampler } from "../core/decode/sampler.js";
import type { Accepted, Forward, Strategy } from "../core/decode/step.js";
import type { Pass } from "./generate.js";

/** The tokens of a batch, ready to be decoded. */
export interface Decodable {
  readonly session: Forward;
  readonly strategy: Strategy;
  readonly sampler: Sampler;
  /** Takes what became final in a pass, an entry for each item. */
  accept(accepted: readonly Accepted[]): void;
}

/** Decodes, one pass at a time, and hands all ids to `end` when they are final. Whoever opened the session closes it. */
export async function* tokenPasses(
  { session, strategy, sampler, accept }: Decodable,
  end: (ids: readonly Int32Array[]) => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<Pass, void, void> {
  let tried = 0;
  for await (const event of decode(session, strategy, sampler, { signal })) {
    if (event.type === "decode-end") {
      end(event.ids);
      continue;
    }
    accept(event.accepted);
    const predicted = event.usage.tried - tried;
    tried = event.usage.tried;
    yield { accepted: event.accepted.map(({ positions }) => positions.length), predicted };
  }
}
