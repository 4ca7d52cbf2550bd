/** Texts from a prompt or a conversation. */
import type { Options } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { type RunOptions, resultOf, running } from "../media/run.js";
import type { TextEvent, TextResult } from "./events.js";
import { TEXT_MODELS, type TextModel } from "./model.js";
import { requestOf, type TextSettings, type TextSubject } from "./request.js";
import { writeTexts } from "./write-texts.js";

export type GenerateTextOptions = TextSubject & Options<TextSettings> & RunOptions<TextModel>;

/**
 * Writes texts and answers them with warnings, usage and manifests. The same model, device, precision and seed give the same texts,
 * however many are written at once, as far as the device's arithmetic does not depend on the size of a batch.
 *
 * @throws ArgumentError, UnknownNameError for options; TemplateError for a conversation that the template refuses; ConstraintError
 *   for a constraint that cannot be met; what loadTextModel throws; ExecutionError; the reason of `signal`.
 * @example
 * const { text } = await generateText({ model, messages: [{ role: "user", content: "Name a colour." }], temperature: 0 });
 */
export async function generateText(options: GenerateTextOptions): Promise<TextResult> {
  return resultOf(streamText(options));
}

/**
 * The same as a stream of events: characters as they become certain, each text when it is complete, the result at the end. Leaving
 * the loop early stops the work.
 */
export function streamText({ model, signal, ...rest }: GenerateTextOptions): AsyncGenerator<TextEvent, void, void> {
  if (model === undefined)
    throw new ArgumentError(
      "model",
      "a model of loadTextModel, or the path of its folder, as there is no default one",
      model,
    );
  return running({ model, signal }, TEXT_MODELS, (model) => writeTexts(model, requestOf(model, rest), signal));
}
