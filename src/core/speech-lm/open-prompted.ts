/** The language models that speak behind prompts: which there are, and how each is opened. */
import type { Engine, Precision } from "../../engine/engine.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import type { ConformerLmConfig } from "./conformer-lm.js";
import { behindMarks, type PromptLayout } from "./marked-prompt.js";
import { openConformerLm } from "./open-conformer-lm.js";
import type { PromptedLm } from "./prompted.js";
import { openSpeechLm, type SpeechLmConfig } from "./speech-lm.js";

export type PromptedLmConfig =
  /** CosyVoice 1. */
  | { readonly kind: "conformer"; readonly config: ConformerLmConfig }
  /** CosyVoice 2 and 3. */
  | { readonly kind: "marked"; readonly config: SpeechLmConfig; readonly layout: PromptLayout };

/**
 * @throws WeightsError listing all weights that are missing, misshapen or unused.
 */
export async function openPromptedLm(
  engine: Engine,
  model: PromptedLmConfig,
  checkpoint: Checkpoint,
  precision: Precision = "f32",
): Promise<PromptedLm> {
  switch (model.kind) {
    case "conformer":
      return openConformerLm(engine, model.config, checkpoint, precision);
    case "marked":
      return behindMarks(await openSpeechLm(engine, model.config, checkpoint, precision), model.layout);
  }
}
