/** The ways on which a model makes pictures, each opened when it is first taken. */
import { once } from "../base/once.js";
import { openTransformer } from "../core/model.js";
import { openScaleTransformer } from "../core/scale-model.js";
import type { Engine, Precision } from "../engine/engine.js";
import { unpacked } from "../engine/weights/int8-blocks.js";
import type { Parts } from "../media/parts.js";
import { digestsOf, openFile } from "../media/recipe.js";
import type { Route } from "../media/routes.js";
import { openMultiScaleTokenizer } from "../tokenizers/image/multi-scale-tokenizer.js";
import { openVqTokenizer } from "../tokenizers/image/vq-tokenizer.js";
import type { ImageNetwork, NetworkFacts } from "./network.js";
import { rasterFacts, rasterNetwork } from "./raster-network.js";
import type { ImageRecipe } from "./recipe.js";
import { scaleFacts, scaleNetwork } from "./scale-network.js";

/** A transformer with its tokenizer, and how it is used. */
export interface ImageRoute extends NetworkFacts, Route<ImageNetwork> {}

/** The routes of a recipe. `precision` is the caller's, null: as the recipe states. */
export function routesOf(
  recipe: ImageRecipe,
  engine: Engine,
  precision: Precision | null,
  parts: Parts,
): readonly ImageRoute[] {
  const checkpoint = (file: string) => openFile(recipe, file, parts);
  return recipe.networks.map((network): ImageRoute => {
    const { transformer, tokenizer, sampling } = network;
    const files = [tokenizer.weights, transformer.weights, ...(recipe.captions ? [recipe.captions.file] : [])];
    const held = { precision: precision ?? network.precision };
    const weights = async () => unpacked(await checkpoint(transformer.weights));
    const open = async (): Promise<ImageNetwork> => {
      switch (network.layout) {
        case "llamagen": {
          const { config } = network.tokenizer;
          const opened = await parts.share(tokenizer, async () =>
            openVqTokenizer(engine, config, await checkpoint(tokenizer.weights)),
          );
          const decoder = openTransformer(engine, network.transformer.config, await weights(), held);
          return rasterNetwork(await parts.own(decoder), opened);
        }
        case "var": {
          const { config } = network.tokenizer;
          const opened = await parts.share(tokenizer, async () =>
            openMultiScaleTokenizer(engine, config, await checkpoint(tokenizer.weights)),
          );
          const decoder = openScaleTransformer(engine, network.transformer.config, await weights(), held);
          return scaleNetwork(await parts.own(decoder), opened);
        }
      }
    };
    return {
      ...(network.layout === "llamagen"
        ? rasterFacts(network.transformer.config)
        : scaleFacts(network.transformer.config)),
      ...{ sampling, ...held, sha256: digestsOf(recipe, files), network: once(open) },
    };
  });
}
