/** Pictures as one grid of ids, in raster order, by diagonals or by regions: LlamaGen, NAR and PAR over a VQ tokenizer. */
import { LLAMAGEN } from "../../core/llamagen/architecture.js";
import { derive, objectiveOf } from "../../core/llamagen/config.js";
import { openModel } from "../../core/model.js";
import { ordersOf } from "../../core/orders.js";
import { openVqTokenizer } from "../../tokenizers/image/vq-tokenizer.js";
import { gridNetwork } from "./grid.js";
import type { NetworkRow } from "./network.js";

export const llamagen: NetworkRow<"llamagen"> = {
  facts(config) {
    const { positions } = derive(config);
    const { condition, grid: cells } = config;
    return { decodings: ordersOf(objectiveOf(config)), condition, positions, cells };
  },
  openTokenizer: openVqTokenizer,
  async open(engine, config, weights, precision, tokenizer) {
    const transformer = await openModel(engine, LLAMAGEN, config, weights, { precision });
    const grid = { objective: objectiveOf(config), side: config.grid, slots: derive(config).slots };
    return gridNetwork(transformer, tokenizer, grid);
  },
};
