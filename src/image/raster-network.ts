/** Pictures as one grid of ids, in raster order, by diagonals or by regions: LlamaGen, NAR and PAR over a VQ tokenizer. */
import { itemsOf } from "../core/condition.js";
import { derive, type TransformerConfig } from "../core/configs.js";
import { keeping } from "../core/decode/keeping.js";
import { ordersOf, strategyOf } from "../core/decode/orders.js";
import { sampler } from "../core/decode/sampler.js";
import { guidance } from "../core/guidance.js";
import type { Transformer } from "../core/model.js";
import { openSession } from "../core/session.js";
import { tensor } from "../engine/tensor.js";
import { stateBytes } from "../media/batches.js";
import { picturesOf, pixelsOf } from "../tokenizers/image/pixels.js";
import { UNKNOWN } from "../tokenizers/image/preview.js";
import type { ImageTokenizer } from "../tokenizers/image/vq-tokenizer.js";
import type { Drawing, ImageNetwork, NetworkFacts, Work } from "./network.js";

export function rasterFacts(config: TransformerConfig): NetworkFacts {
  const { condition, grid: cells } = config;
  return { decodings: ordersOf(config), condition, positions: derive(config).positions, cells };
}

/** The network of a transformer and its tokenizer, both of which stay the caller's. */
export function rasterNetwork(transformer: Transformer, tokenizer: ImageTokenizer): ImageNetwork {
  return {
    rowBytes: stateBytes(transformer.decoder.graph, { B: 1, S: derive(transformer.config).slots }),
    begin: (work) => begin(transformer, tokenizer, work),
    async idsOf(picture) {
      const { data } = await tokenizer.encode(pixelsOf([picture], tokenizer.channels));
      return Int32Array.from(data);
    },
    keptBy: ({ data }) => Uint8Array.from(data),
  };
}

async function begin(transformer: Transformer, tokenizer: ImageTokenizer, work: Work): Promise<Drawing> {
  const { config } = transformer;
  const { condition, decoding, seed, firstItem, given } = work;
  const { guidance: scale, guidanceUntil, ...sampling } = work.sampling;
  const items = itemsOf(condition);
  const { positions } = derive(config);
  const order = strategyOf(items, config, decoding, { seed, firstItem });
  const until = guidanceUntil * positions;
  const lines = Array.from({ length: items }, () => given?.ids ?? new Int32Array());
  const known = lines.map((ids) =>
    Int32Array.from({ length: positions }, (_, position) => (given?.keep[position] === 1 ? ids[position]! : UNKNOWN)),
  );
  const grids = () => {
    const ids = new Int32Array(items * positions);
    known.forEach((line, item) => ids.set(line, item * positions));
    return tensor([items, config.grid, config.grid], ids);
  };
  return {
    strategy: given ? keeping(order, { ids: lines, keep: given.keep }) : order,
    sampler: sampler({ seed, sampling, guidance: guidance(scale, until, order.drawnBefore), firstItem }),
    session: await openSession(transformer, { condition, guided: scale > 1 }),
    accept(accepted) {
      accepted.forEach(({ positions, ids }, item) => {
        positions.forEach((position, i) => (known[item]![position] = ids[i]!));
      });
    },
    previews: async () => picturesOf(await tokenizer.preview(grids())),
    pictures: async () => picturesOf(await tokenizer.decode(grids())),
  };
}
