/**
 * What draws pictures: a transformer and the tokenizer that it was trained with, introduced to each other. One file per layout:
 * llamagen.ts and janus.ts cover one grid token by token (grid.ts), var.ts one grid after the other.
 */
import type { Condition, ConditionConfig } from "../../core/condition.js";
import type { Decoding, DecodingName } from "../../core/orders.js";
import type { TokenSampling } from "../../core/sampling/ranges.js";
import type { Engine, Precision } from "../../engine/engine.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import type { Closable } from "../../media/parts.js";
import type { Decodable, TokenNetwork } from "../../media/token-passes.js";
import type { LayoutConfigs, LayoutName } from "../../models/image-layouts.js";
import type { Mask } from "../../tokenizers/image/kept-cells.js";
import type { MultiScaleTokenizer } from "../../tokenizers/image/multi-scale-tokenizer.js";
import type { Picture } from "../../tokenizers/image/pixels.js";
import type { ImageTokenizer } from "../../tokenizers/image/vq-tokenizer.js";

/** What follows from the configuration of a transformer, before any file is open. */
export interface NetworkFacts {
  /** The orders in which it can be decoded, its own first. */
  readonly decodings: readonly DecodingName[];
  /** What it is conditioned on. */
  readonly condition: ConditionConfig;
  /** Ids of one picture. */
  readonly positions: number;
  /** Cells of one side of the grid that becomes pixels. */
  readonly cells: number;
}

/** Closing it closes the transformer; the tokenizer, which others may share, is the caller's. */
export interface ImageNetwork extends TokenNetwork<Work, Drawing> {
  /** The ids of a picture of the model's own side, as many as there are positions. */
  idsOf(picture: Picture): Promise<Int32Array>;
  /** For each position, whether an edit keeps it: 1 or 0. The mask has a flag for each cell, and keeps some, but not all. */
  keptBy(mask: Mask): Uint8Array;
}

/** A tokenizer of a layout, open. */
export interface TokenizerOf {
  readonly llamagen: ImageTokenizer;
  readonly var: MultiScaleTokenizer;
  readonly janus: ImageTokenizer;
}

/** How the files of a layout become a network. */
export interface NetworkRow<L extends LayoutName> {
  facts(config: LayoutConfigs[L]["transformer"]): NetworkFacts;
  /** Both throw WeightsError for weights that are missing, misshapen or left over. */
  openTokenizer(engine: Engine, config: LayoutConfigs[L]["tokenizer"], weights: Checkpoint): Promise<TokenizerOf[L]>;
  open(
    engine: Engine,
    config: LayoutConfigs[L]["transformer"],
    weights: Checkpoint,
    precision: Precision,
    tokenizer: TokenizerOf[L],
  ): Promise<ImageNetwork>;
}

/** Pictures to be drawn together, an entry of the condition for each. */
export interface Work {
  readonly condition: Condition;
  readonly decoding: Decoding;
  readonly sampling: TokenSampling;
  /** The seed of each picture. */
  readonly seed: readonly number[];
  /** Number of each picture among those of its seed. */
  readonly firstItem: readonly number[];
  /** Ids of one picture and which of them all pictures keep; null: none. */
  readonly given: { readonly ids: Int32Array; readonly keep: Uint8Array } | null;
}

/** Pictures in the making. */
export interface Drawing extends Decodable, Closable {
  /** What can be seen of the pictures so far, at the model's own side. */
  previews(): Promise<Picture[]>;
  /** The finished pictures, at the same side, when everything was accepted. */
  pictures(): Promise<Picture[]>;
}
