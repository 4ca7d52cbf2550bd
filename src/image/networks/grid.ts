/** Pictures as one grid of ids over a VQ tokenizer, whatever transformer predicts them and in whichever order. */
import type { Model } from "../../core/architecture.js";
import { type Condition, itemsOf } from "../../core/condition.js";
import { keeping } from "../../core/decode/keeping.js";
import { decode } from "../../core/decode/loop.js";
import { sampler } from "../../core/decode/sampler.js";
import type { Accepted } from "../../core/decode/step.js";
import { strategyOf, type TokenObjective } from "../../core/orders.js";
import { guidance } from "../../core/sampling/guidance.js";
import { openSession } from "../../core/session.js";
import { tensor } from "../../engine/tensor.js";
import { stateBytes } from "../../media/batches.js";
import { picturesOf, pixelsOf } from "../../tokenizers/image/pixels.js";
import { UNKNOWN } from "../../tokenizers/image/preview.js";
import type { ImageTokenizer } from "../../tokenizers/image/vq-tokenizer.js";
import type { Drawing, ImageNetwork, Work } from "./network.js";

/** What a transformer says of its pictures. */
interface Grid {
  readonly objective: TokenObjective;
  /** Ids in a row; a picture has as many rows. */
  readonly side: number;
  /** Slots of a whole sequence. */
  readonly slots: number;
}

/** A transformer and its tokenizer as a network. */
export function gridNetwork<Config>(
  transformer: Model<Config, Condition, number>,
  tokenizer: ImageTokenizer,
  grid: Grid,
): ImageNetwork {
  return {
    rowBytes: stateBytes(transformer.decoder.graph, { B: 1, S: grid.slots }),
    begin: (work) => begin(transformer, tokenizer, grid, work),
    async idsOf(picture) {
      const { data } = await tokenizer.encode(pixelsOf([picture], tokenizer.channels));
      return Int32Array.from(data);
    },
    keptBy: ({ data }) => Uint8Array.from(data),
    close: () => transformer.close(),
  };
}

async function begin<Config>(
  transformer: Model<Config, Condition, number>,
  tokenizer: ImageTokenizer,
  { objective, side }: Grid,
  work: Work,
): Promise<Drawing> {
  const { condition, decoding, seed, firstItem, given } = work;
  const { guidance: scale, guidanceUntil, ...sampling } = work.sampling;
  const items = itemsOf(condition);
  const positions = side ** 2;
  const order = strategyOf(items, objective, decoding, { seed, firstItem });
  const lines = Array.from({ length: items }, () => given?.ids ?? new Int32Array());
  const strategy = given ? keeping(order, { ids: lines, keep: given.keep }) : order;
  const draws = sampler({ seed, sampling, guidance: guidance(scale, guidanceUntil * positions), firstItem });
  const session = await openSession(transformer, condition, { guided: scale > 1 });
  const known = lines.map((ids) =>
    Int32Array.from({ length: positions }, (_, position) => (given?.keep[position] === 1 ? ids[position]! : UNKNOWN)),
  );
  let guesses: readonly Accepted[] = [];
  const grids = (lines: readonly Int32Array[]) => {
    const ids = new Int32Array(items * positions);
    lines.forEach((line, item) => ids.set(line, item * positions));
    return tensor([items, side, side], ids);
  };
  return {
    async *decode(options) {
      for await (const event of decode(session, strategy, draws, options)) {
        if (event.type === "tokens-accept") {
          known.forEach((line, item) => write(line, event.accepted[item]!));
          guesses = event.guesses;
        }
        yield event;
      }
    },
    async previews() {
      const seen = known.map((line) => line.slice());
      guesses.forEach((guess, item) => write(seen[item]!, guess));
      return picturesOf(await tokenizer.preview(grids(seen)));
    },
    pictures: async () => picturesOf(await tokenizer.decode(grids(known))),
    close: () => session.close(),
  };
}

function write(line: Int32Array, { positions, values }: Accepted): void {
  positions.forEach((position, i) => {
    line[position] = values[i]!;
  });
}
