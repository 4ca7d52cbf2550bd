/** Pictures as one grid of ids behind a prompt of text ids: Janus over LlamaGen's codec, both in one file of weights. */
import { JANUS } from "../../core/janus/architecture.js";
import { janusObjective } from "../../core/janus/config.js";
import { openModel } from "../../core/model.js";
import { ordersOf } from "../../core/orders.js";
import { janusCodec, janusTransformer } from "../../models/janus.js";
import { openVqTokenizer } from "../../tokenizers/image/vq-tokenizer.js";
import { gridNetwork } from "./grid.js";
import type { NetworkRow } from "./network.js";

export const janus: NetworkRow<"janus"> = {
  facts(config) {
    const { condition, grid } = config;
    return { decodings: ordersOf(janusObjective(config)), condition, positions: grid ** 2, cells: grid };
  },
  openTokenizer: (engine, config, weights) => openVqTokenizer(engine, config, janusCodec(weights)),
  async open(engine, config, weights, precision, tokenizer) {
    const transformer = await openModel(engine, JANUS, config, janusTransformer(weights), { precision });
    const { grid: side, condition } = config;
    return gridNetwork(transformer, tokenizer, {
      ...{ objective: janusObjective(config), side },
      slots: condition.slots + side ** 2,
    });
  },
};
