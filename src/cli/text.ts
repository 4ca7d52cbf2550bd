/** `tessera text FOLDER "Once upon"`: a text, printed while it is written. */
import { Command } from "commander";
import { readBoundedJson } from "../base/read-file.js";
import {
  type ChatMessage,
  type Constraint,
  type DecodingName,
  type GeneratedText,
  type GenerateTextOptions,
  type JsonSchema,
  loadTextModel,
  streamText,
  type TextModel,
} from "../index.js";
import type { Context } from "./context.js";
import { factsOf, followed, withMakingOptions } from "./making.js";
import {
  type LoadOptions,
  loadSettingsOf,
  numberOf,
  printJson,
  type ReportOptions,
  type SamplingOptions,
  withSamplingOptions,
} from "./options.js";
import { print } from "./streams.js";

/** A schema beyond this is none. */
const MOST_BYTES = 2 ** 20;

interface TextOptions extends LoadOptions, SamplingOptions, ReportOptions {
  readonly raw: boolean;
  readonly system?: string;
  readonly negativePrompt?: string;
  readonly n: number;
  readonly seed: number;
  readonly maxTokens?: number;
  readonly stop?: string[];
  readonly regex?: string;
  readonly jsonSchema?: string;
  readonly choice?: string[];
  readonly decoding?: DecodingName;
}

export function textCommand({ signal }: Context): Command {
  const command = new Command("text")
    .description("continue a prompt, or answer it")
    .argument("<model>", "a folder as the Hugging Face hub lays it out")
    .argument("<prompt>", "what to answer; with --raw, what to continue")
    .optionsGroup("What to write:")
    .option("--raw", "continue the prompt as it is, without the model's chat template", false)
    .option("--system <text>", "a system message before the prompt")
    .option("--negative-prompt <text>", "what --guidance leads away from: in place of the prompt, or of --system")
    .option("--n <count>", "number of texts", numberOf, 1)
    .option("--seed <number>", "seed; the same seed gives the same texts", numberOf, 0)
    .option("--max-tokens <count>", "tokens of a text, at most (default: as the model states)", numberOf)
    .option("--stop <text...>", "texts that end an answer")
    .option("--regex <expression>", "regular expression that the whole answer matches")
    .option("--json-schema <file>", "file of a JSON schema that the answer follows")
    .option("--choice <text...>", "texts of which the answer is one");
  withSamplingOptions(command, ["guidance", "temperature", "topK", "topP", "minP", "repetitionPenalty"]).option(
    "--decoding <name>",
    "next-token, jacobi or prompt-lookup: the same text, in fewer passes where it can be guessed",
  );
  return withMakingOptions(command).action(async (folder: string, prompt: string, options: TextOptions) => {
    const { maxTokens: maxOutputTokens, stop: stopSequences, raw, system, json } = options;
    const { n, seed, negativePrompt, guidance, temperature, topK, topP, minP, repetitionPenalty, decoding } = options;
    const sampling = { negativePrompt, guidance, temperature, topK, topP, minP, repetitionPenalty };
    const constraint = await constraintOf(options);
    const settings = { n, seed, maxOutputTokens, stopSequences, ...sampling, decoding, constraint };
    const stream = (model: TextModel) => {
      const subject = model.template === null || raw ? { prompt } : { messages: conversation(system, prompt) };
      return streamText({ ...subject, ...settings, model, signal } as GenerateTextOptions);
    };
    const result = await followed(options, loadTextModel(folder, loadSettingsOf(options)), stream, (event) => {
      if (json) return;
      if (n > 1 && event.type === "text-end") print(`[${event.item.index}] ${event.item.text}\n`);
      else if (n === 1) print(event.type === "text-delta" ? event.text : "\n");
    });
    if (json) printJson({ texts: result.texts.map(rowOf), ...factsOf(result) });
  });
}

const conversation = (system: string | undefined, prompt: string): ChatMessage[] => [
  ...(system === undefined ? [] : [{ role: "system" as const, content: system }]),
  { role: "user", content: prompt },
];

const rowOf = ({ index, text, finishReason, stopSequence }: GeneratedText) => ({
  index,
  text,
  finishReason,
  stopSequence,
});

async function constraintOf({ regex, jsonSchema, choice }: TextOptions): Promise<Constraint | undefined> {
  if (regex !== undefined) return { regex };
  if (choice !== undefined) return { choices: choice };
  if (jsonSchema === undefined) return undefined;
  return { jsonSchema: (await readBoundedJson(jsonSchema, MOST_BYTES, "Name a file of JSON Schema.")) as JsonSchema };
}
