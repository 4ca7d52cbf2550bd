/** The ways on which a model makes pictures, each opened when it is first taken. */
import { basename } from "node:path";
import { ClosedError } from "../base/errors.js";
import { once } from "../base/once.js";
import { openTransformer } from "../core/model.js";
import { openScaleTransformer } from "../core/scale-model.js";
import type { Engine, Precision } from "../engine/engine.js";
import { unpacked } from "../engine/weights/int8-blocks.js";
import { openCheckpoint } from "../engine/weights/open.js";
import type { ImageNetworkConfig, ImageSampling } from "../models/network-config.js";
import { openMultiScaleTokenizer } from "../tokenizers/image/multi-scale-tokenizer.js";
import { openVqTokenizer } from "../tokenizers/image/vq-tokenizer.js";
import type { ImageNetwork, NetworkFacts } from "./network.js";
import { rasterFacts, rasterNetwork } from "./raster-network.js";
import type { Recipe } from "./recipe.js";
import { scaleFacts, scaleNetwork } from "./scale-network.js";

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
  const tokenizers = new Map<ImageNetworkConfig["tokenizer"], () => Promise<unknown>>();
  /** One that several transformers share is opened once. */
  const shared = <T>(key: ImageNetworkConfig["tokenizer"], open: () => Promise<T>): Promise<T> => {
    if (!tokenizers.has(key)) tokenizers.set(key, once(open));
    return tokenizers.get(key)!() as Promise<T>;
  };
  const routes = recipe.networks.map((network): ImageRoute => {
    const { transformer, tokenizer, sampling } = network;
    const files = [tokenizer.weights, transformer.weights, ...(recipe.captions ? [recipe.captions.file] : [])];
    const held = { precision: precision ?? network.precision };
    const weights = async () => unpacked(await checkpoint(transformer.weights));
    const open = async (): Promise<ImageNetwork> => {
      switch (network.layout) {
        case "llamagen": {
          const { config } = network.tokenizer;
          const opened = await shared(tokenizer, async () =>
            parts.own(openVqTokenizer(engine, config, await checkpoint(tokenizer.weights))),
          );
          const decoder = openTransformer(engine, network.transformer.config, await weights(), held);
          return rasterNetwork(await parts.own(decoder), opened);
        }
        case "var": {
          const { config } = network.tokenizer;
          const opened = await shared(tokenizer, async () =>
            parts.own(openMultiScaleTokenizer(engine, config, await checkpoint(tokenizer.weights))),
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
  const isDefault = (route: ImageRoute) => route.decodings.includes(recipe.defaults.decoding);
  return [...routes.filter(isDefault), ...routes.filter((route) => !isDefault(route))];
}

function digestsOf({ sha256 }: Recipe, files: readonly string[]): Readonly<Record<string, string>> {
  const names = files.map((file) => basename(file)).filter((name) => Object.hasOwn(sha256, name));
  return Object.fromEntries(names.sort().map((name) => [name, sha256[name]!]));
}
