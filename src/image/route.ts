/** The ways on which a model makes pictures, each opened when it is first taken. */
import { basename } from "node:path";
import { ClosedError } from "../base/errors.js";
import { once } from "../base/once.js";
import type { Engine, Precision } from "../engine/engine.js";
import { unpacked } from "../engine/weights/int8-blocks.js";
import { openCheckpoint } from "../engine/weights/open.js";
import type { LayoutName } from "../models/image-layouts.js";
import type { ImageNetworkConfig, ImageSampling } from "../models/network-config.js";
import { NETWORKS } from "./networks/index.js";
import type { ImageNetwork, NetworkFacts, TokenizerOf } from "./networks/network.js";
import type { Recipe } from "./recipe.js";

/** A transformer with its tokenizer, and how it is used. */
export interface ImageRoute extends NetworkFacts {
  /** How it is sampled where the caller says nothing. */
  readonly sampling: ImageSampling;
  readonly precision: Precision;
  /** SHA-256 of every file that a picture made on it comes from; empty where `verify` was off. */
  readonly sha256: Readonly<Record<string, string>>;
  /** Verifies and opens its files the first time. Throws CheckpointError, WeightsError. */
  network(): Promise<ImageNetwork>;
}

interface Part {
  close(): Promise<void>;
}

/** What was opened for a model, to be closed with it: the last first. */
export class Parts {
  private readonly opened: Part[] = [];
  private closed = false;

  /** Takes a part over. One that arrives after the end is closed at once, with a ClosedError. */
  async own<P extends Part>(opening: Promise<P>): Promise<P> {
    const part = await opening;
    this.opened.push(part);
    if (!this.closed) return part;
    await this.close();
    throw new ClosedError("model");
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const part of this.opened.splice(0).reverse()) await part.close();
  }
}

/** The routes of a recipe, that of the default order first. `precision` is the caller's, null: as the recipe states. */
export function routesOf(
  recipe: Recipe,
  engine: Engine,
  precision: Precision | null,
  parts: Parts,
): readonly ImageRoute[] {
  const checkpoint = async (file: string) => {
    await recipe.verify([file]);
    return parts.own(openCheckpoint(recipe.locate(file)));
  };
  const tokenizers = new Map<object, () => Promise<unknown>>();
  /** One that several transformers share is opened once. */
  const tokenizerOf = <L extends LayoutName>({ layout, tokenizer }: ImageNetworkConfig<L>): Promise<TokenizerOf[L]> => {
    const open = async () => {
      const weights = await checkpoint(tokenizer.weights);
      return parts.own(NETWORKS[layout].openTokenizer(engine, tokenizer.config, weights));
    };
    if (!tokenizers.has(tokenizer)) tokenizers.set(tokenizer, once(open));
    return tokenizers.get(tokenizer)!() as Promise<TokenizerOf[L]>;
  };
  const routeOf = <L extends LayoutName>(network: ImageNetworkConfig<L>): ImageRoute => {
    const { layout, transformer, tokenizer, sampling } = network;
    const files = [tokenizer.weights, transformer.weights, ...(recipe.captions ? [recipe.captions.file] : [])];
    const held = precision ?? network.precision;
    const open = async () => {
      const opened = await tokenizerOf(network);
      const weights = unpacked(await checkpoint(transformer.weights));
      return parts.own(NETWORKS[layout].open(engine, transformer.config, weights, held, opened));
    };
    return {
      ...NETWORKS[layout].facts(transformer.config),
      ...{ sampling, precision: held, sha256: digestsOf(recipe, files), network: once(open) },
    };
  };
  const routes = recipe.networks.map(routeOf);
  const isDefault = (route: ImageRoute) => route.decodings.includes(recipe.defaults.decoding);
  return [...routes.filter(isDefault), ...routes.filter((route) => !isDefault(route))];
}

function digestsOf({ sha256 }: Recipe, files: readonly string[]): Readonly<Record<string, string>> {
  const names = files.map((file) => basename(file)).filter((name) => Object.hasOwn(sha256, name));
  return Object.fromEntries(names.sort().map((name) => [name, sha256[name]!]));
}
