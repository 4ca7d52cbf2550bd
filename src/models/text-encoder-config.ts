/**
 * Which text encoders can be run: by the `model_type` of a hub's config.json, the architecture and how a checkpoint of it is read. One row
 * for each.
 */
import { ArgumentError, UnknownNameError } from "../base/errors.js";
import { readClipTextConfig } from "../core/clip-text/config.js";
import { CLIP_TEXT } from "../core/clip-text/graph.js";
import { type HubConfig, hubConfig } from "../core/hub-config.js";
import { readT5Config } from "../core/t5/config.js";
import { T5 } from "../core/t5/graph.js";
import type { TextEncoderArchitecture, TextEncoderConfig } from "../core/text-encoder.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";

/** A text encoder as far as its config.json and the names in its file say it: what openTextEncoder() takes. */
export interface TextEncoderNetworkConfig {
  readonly architecture: TextEncoderArchitecture<TextEncoderConfig>;
  readonly config: TextEncoderConfig;
  /** What stands around the tokens of a text: what the tokenizer puts there, or nothing before and this id behind. */
  readonly around: "tokenizer" | { readonly end: number; readonly pad: number };
  /** Texts that are shorter than others get no vectors for their padding, or, of models that are used so, vectors like those of tokens. */
  readonly padding: "no-vectors" | "vectors";
}

type Row = (hub: HubConfig, checkpoint: Checkpoint) => TextEncoderNetworkConfig;

const t5: Row = (hub, checkpoint) => ({
  architecture: T5 as object as TextEncoderNetworkConfig["architecture"],
  config: readT5Config(hub, firstOf(checkpoint, ["shared.weight", "encoder.embed_tokens.weight"])),
  around: { end: idOf(hub, "eos_token_id", 1), pad: idOf(hub, "pad_token_id", 0) },
  padding: "no-vectors",
});

const PROJECTION = "text_projection.weight";

const clipText: Row = (hub, checkpoint) => clip(hub, hub, checkpoint);

/** A whole CLIP keeps the fields of its text half apart; what older files state twice, the second place decides, as in the reference. */
const wholeClip: Row = (hub, checkpoint) => {
  const stated = { ...hub.object("text_config")?.json, ...hub.object("text_config_dict")?.json };
  return clip(hub, hubConfig(stated, `${hub.where}.text_config`), checkpoint);
};

function clip(hub: HubConfig, text: HubConfig, checkpoint: Checkpoint): TextEncoderNetworkConfig {
  firstOf(checkpoint, ["text_model.embeddings.token_embedding.weight"]);
  const projection = checkpoint.entries.has(PROJECTION) ? hub.whole("projection_dim", 512) : null;
  return {
    architecture: CLIP_TEXT as object as TextEncoderNetworkConfig["architecture"],
    config: readClipTextConfig(text, projection),
    around: "tokenizer",
    padding: "vectors",
  };
}

const ROWS: ReadonlyMap<string, Row> = new Map([
  ["clip", wholeClip],
  ["clip_text_model", clipText],
  ["t5", t5],
]);

/** The values of `model_type` that can be run. */
export const TEXT_ENCODER_TYPES: readonly string[] = [...ROWS.keys()];

/**
 * Reads a parsed config.json with the checkpoint beside it.
 *
 * @throws UnknownNameError for a type that is no row, ArgumentError for a field that cannot be.
 */
export function textEncoderNetwork(json: unknown, checkpoint: Checkpoint): TextEncoderNetworkConfig {
  const hub = hubConfig(json);
  const row = ROWS.get(hub.modelType);
  if (!row) throw new UnknownNameError("text encoder", hub.modelType, TEXT_ENCODER_TYPES);
  return row(hub, checkpoint);
}

/** The first of those names that the file has. */
function firstOf(checkpoint: Checkpoint, names: readonly string[]): string {
  const found = names.find((name) => checkpoint.entries.has(name));
  if (found !== undefined) return found;
  const remedy = "Check that config.json and weights belong together.";
  throw new ArgumentError("weights", `a checkpoint with "${names[0]}"`, checkpoint.label, remedy);
}

/** An id, which may be 0, unlike a size. */
function idOf(hub: HubConfig, name: string, fallback: number): number {
  const id = hub.json[name] ?? fallback;
  if (Number.isInteger(id) && (id as number) >= 0) return id as number;
  throw new ArgumentError(`${hub.where}.${name}`, "an id", id);
}
