/**
 * Which text models can be run: by the `model_type` of a hub's config.json, the architecture and how a checkpoint of it is read.
 * One row for each.
 */
import { ArgumentError, UnknownNameError } from "../base/errors.js";
import type { Architecture } from "../core/architecture.js";
import { GPT2 } from "../core/gpt2/architecture.js";
import { readGpt2Config } from "../core/gpt2/config.js";
import { GPT2_MATRICES } from "../core/gpt2/graph.js";
import { type HubConfig, hubConfig } from "../core/hub-config.js";
import { LLAMA } from "../core/llama/architecture.js";
import { LLAMA_TYPES, readLlamaConfig } from "../core/llama/read-config.js";
import type { Prompts } from "../core/prompt/feeder.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { transposed } from "../engine/weights/views.js";

/** What every architecture says of its configuration. */
export interface TextConfig {
  readonly vocabulary: number;
  readonly contextLength: number;
}

/** A text model as far as its files say it: what openModel() takes. */
export interface TextNetwork {
  readonly architecture: Architecture<TextConfig, Prompts, number>;
  readonly config: TextConfig;
  readonly checkpoint: Checkpoint;
}

interface Row<Config extends TextConfig> {
  readonly architecture: Architecture<Config, Prompts, number>;
  /** A weight that every file has, and what may stand before its name. */
  readonly known: string;
  readonly prefixes: readonly string[];
  read(hub: HubConfig, prefix: string): Config;
  view(checkpoint: Checkpoint): Checkpoint;
}

const llama: Row<ReturnType<typeof readLlamaConfig>> = {
  architecture: LLAMA,
  known: "embed_tokens.weight",
  prefixes: ["model.", "language_model.model.", ""],
  read: readLlamaConfig,
  view: (checkpoint) => checkpoint,
};

const gpt2: Row<ReturnType<typeof readGpt2Config>> = {
  architecture: GPT2,
  known: "wte.weight",
  prefixes: ["transformer.", ""],
  read: readGpt2Config,
  view: (checkpoint) => transposed(checkpoint, GPT2_MATRICES),
};

const ROWS: ReadonlyMap<string, Row<never>> = new Map<string, Row<never>>([
  ["gpt2", gpt2 as unknown as Row<never>],
  ...Object.keys(LLAMA_TYPES).map((type) => [type, llama as unknown as Row<never>] as const),
]);

/** The values of `model_type` that can be run. */
export const TEXT_MODEL_TYPES: readonly string[] = [...ROWS.keys()].sort();

/** Reads a parsed config.json with the checkpoint beside it. Throws UnknownNameError for a type that is no row, ArgumentError for a field. */
export function textNetwork(json: unknown, checkpoint: Checkpoint): TextNetwork {
  const hub = hubConfig(json);
  const row = ROWS.get(hub.modelType);
  if (!row) throw new UnknownNameError("text architecture", hub.modelType, TEXT_MODEL_TYPES);
  const prefix = row.prefixes.find((each) => checkpoint.entries.has(each + row.known));
  if (prefix === undefined)
    throw new ArgumentError(
      "weights",
      `a checkpoint with "${row.known}"`,
      checkpoint.label,
      "Check that config.json and weights belong together.",
    );
  return {
    architecture: row.architecture as unknown as TextNetwork["architecture"],
    config: row.read(hub, prefix),
    checkpoint: row.view(checkpoint),
  };
}
