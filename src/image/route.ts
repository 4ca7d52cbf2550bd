/** The ways on which a model makes pictures, each opened when it is first taken. */
import { once } from "../base/once.js";
import type { Engine, Precision } from "../engine/engine.js";
import { unpacked } from "../engine/weights/block-codes.js";
import type { Parts } from "../media/parts.js";
import { digestsOf, openFile } from "../media/recipe.js";
import type { Route } from "../media/routes.js";
import { captionFiles } from "../models/image-config.js";
import type { LayoutName } from "../models/image-layouts.js";
import type { ImageNetworkConfig } from "../models/network-config.js";
import { NETWORKS } from "./networks/index.js";
import type { ImageNetwork, NetworkFacts, TokenizerOf } from "./networks/network.js";
import type { ImageRecipe } from "./recipe.js";

/** A transformer with its tokenizer, and how it is used. */
export interface ImageRoute extends NetworkFacts, Route<ImageNetwork> {}

/** The routes of a recipe. `precision` is the caller's, null: as the recipe states. */
export function routesOf(
  recipe: ImageRecipe,
  engine: Engine,
  precision: Precision | null,
  parts: Parts,
): readonly ImageRoute[] {
  const checkpoint = async (file: string) => unpacked(await openFile(recipe, file, parts));
  const routeOf = <L extends LayoutName>(network: ImageNetworkConfig<L>): ImageRoute => {
    const { layout, transformer, tokenizer, sampling } = network;
    const files = [tokenizer.weights, transformer.weights, ...captionFiles(recipe.captions)];
    const held = precision ?? network.precision;
    const openTokenizer = async (): Promise<TokenizerOf[L]> =>
      NETWORKS[layout].openTokenizer(engine, tokenizer.config, await checkpoint(tokenizer.weights));
    const open = async () => {
      const opened = await parts.share(tokenizer, openTokenizer);
      const weights = await checkpoint(transformer.weights);
      return parts.own(NETWORKS[layout].open(engine, transformer.config, weights, held, opened));
    };
    return {
      ...NETWORKS[layout].facts(transformer.config),
      ...{ sampling, precision: held, sha256: digestsOf(recipe, files), network: once(open) },
    };
  };
  return recipe.networks.map(routeOf);
}
