/** Pictures as one grid of ids, in raster order, by diagonals or by regions: LlamaGen, NAR and PAR over a VQ tokenizer. */
import { itemsOf } from "../../core/condition.js";
import { keeping } from "../../core/decode/keeping.js";
import { decode } from "../../core/decode/loop.js";
import { sampler } from "../../core/decode/sampler.js";
import type { Accepted } from "../../core/decode/step.js";
import { LLAMAGEN, type Transformer } from "../../core/llamagen/architecture.js";
import { derive, objectiveOf } from "../../core/llamagen/config.js";
import { openModel } from "../../core/model.js";
import { ordersOf, strategyOf } from "../../core/orders.js";
import { guidance } from "../../core/sampling/guidance.js";
import { openSession } from "../../core/session.js";
import { tensor } from "../../engine/tensor.js";
import { stateBytes } from "../../media/batches.js";
import { picturesOf, pixelsOf } from "../../tokenizers/image/pixels.js";
import { UNKNOWN } from "../../tokenizers/image/preview.js";
import { type ImageTokenizer, openVqTokenizer } from "../../tokenizers/image/vq-tokenizer.js";
import type { Drawing, NetworkRow, Work } from "./network.js";

export const llamagen: NetworkRow<"llamagen"> = {
  facts(config) {
    const { positions } = derive(config);
    const { condition, grid: cells } = config;
    return { decodings: ordersOf(objectiveOf(config)), condition, positions, cells };
  },
  openTokenizer: openVqTokenizer,
  async open(engine, config, weights, precision, tokenizer) {
    const transformer = await openModel(engine, LLAMAGEN, config, weights, { precision });
    return {
      rowBytes: stateBytes(transformer.decoder.graph, { B: 1, S: derive(config).slots }),
      begin: (work) => begin(transformer, tokenizer, work),
      async idsOf(picture) {
        const { data } = await tokenizer.encode(pixelsOf([picture], tokenizer.channels));
        return Int32Array.from(data);
      },
      keptBy: ({ data }) => Uint8Array.from(data),
      close: () => transformer.close(),
    };
  },
};

async function begin(transformer: Transformer, tokenizer: ImageTokenizer, work: Work): Promise<Drawing> {
  const { config } = transformer;
  const { condition, decoding, seed, firstItem, given } = work;
  const { guidance: scale, guidanceUntil, ...sampling } = work.sampling;
  const items = itemsOf(condition);
  const { positions } = derive(config);
  const order = strategyOf(items, objectiveOf(config), decoding, { seed, firstItem });
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
    return tensor([items, config.grid, config.grid], ids);
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
