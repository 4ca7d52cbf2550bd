/** `tessera text FOLDER "Once upon"`: a text, printed while it is written. */
import { readFile } from "node:fs/promises";
import { Command } from "commander";
import {
  type ChatMessage,
  type Constraint,
  type DecodingName,
  type GenerateTextOptions,
  type JsonSchema,
  loadTextModel,
  streamText,
} from "../index.js";
import type { Context } from "./context.js";
import {
  type LoadOptions,
  loadSettingsOf,
  numberOf,
  printJson,
  type ReportOptions,
  type SamplingOptions,
  withLoadOptions,
  withReportOptions,
  withSamplingOptions,
} from "./options.js";
import { print, tell } from "./streams.js";

interface TextOptions extends LoadOptions, SamplingOptions, ReportOptions {
  readonly raw: boolean;
  readonly system?: string;
  readonly n: number;
  readonly seed: number;
  readonly maxTokens?: number;
  readonly stop?: string[];
  readonly repetitionPenalty?: number;
  readonly regex?: string;
  readonly jsonSchema?: string;
  readonly choice?: string[];
  readonly decoding?: DecodingName;
}

export function textCommand({ signal }: Context): Command {
  const command = new Command("text")
    .description("write a text that goes on from a prompt, or answers it")
    .argument("<model>", "a folder as the Hugging Face hub lays it out")
    .argument("<prompt>", "what to answer; with --raw, what to go on from")
    .optionsGroup("What to write:")
    .option("--raw", "go on from the prompt as it is, without the model's chat template", false)
    .option("--system <text>", "a system message before the prompt")
    .option("--n <count>", "number of texts", numberOf, 1)
    .option("--seed <number>", "seed; the same seed gives the same texts", numberOf, 0)
    .option("--max-tokens <count>", "tokens of a text, at most (default: as the model states)", numberOf)
    .option("--stop <text...>", "texts that end an answer")
    .option("--regex <expression>", "the whole answer matches this")
    .option("--json-schema <file>", "the answer is JSON of the schema in this file")
    .option("--choice <text...>", "the answer is one of these");
  withSamplingOptions(command, "temperature", "topK", "topP", "minP")
    .option("--repetition-penalty <number>", "above 1: tokens that occurred become less likely", numberOf)
    .option("--decoding <name>", "next-token or jacobi");
  return withReportOptions(withLoadOptions(command)).action(
    async (folder: string, prompt: string, options: TextOptions) => {
      const { maxTokens: maxOutputTokens, stop: stopSequences } = options;
      const { n, seed, temperature, topK, topP, minP, repetitionPenalty, decoding, json, quiet } = options;
      const constraint = await constraintOf(options);
      await using model = await loadTextModel(folder, loadSettingsOf(options));
      const chat = model.template !== null && !options.raw;
      const system: ChatMessage[] = options.system === undefined ? [] : [{ role: "system", content: options.system }];
      const subject = chat ? { messages: [...system, { role: "user", content: prompt }] } : { prompt };
      const sampling = { temperature, topK, topP, minP, repetitionPenalty };
      const settings = { n, seed, maxOutputTokens, stopSequences, ...sampling, decoding, constraint };
      for await (const event of streamText({ ...subject, ...settings, model, signal } as GenerateTextOptions)) {
        if (event.type === "text-delta" && n === 1 && !json) print(event.text);
        if (event.type === "text-end" && n > 1 && !json) print(`[${event.item.index}] ${event.item.text}\n`);
        if (event.type !== "run-end") continue;
        const { texts, usage, warnings } = event.result;
        if (json) {
          const told = texts.map(({ text, index, finishReason, stopSequence }) => ({
            index,
            text,
            finishReason,
            stopSequence,
          }));
          printJson({ texts: told, usage, warnings, seed });
        } else {
          if (n === 1) print("\n");
          const { inputTokens, outputTokens, milliseconds } = usage;
          const speed = (outputTokens / (milliseconds / 1000)).toFixed(1);
          if (!quiet) tell(`${inputTokens} tokens read, ${outputTokens} written, ${speed} tokens/s with the prompt\n`);
        }
      }
    },
  );
}

async function constraintOf({ regex, jsonSchema, choice }: TextOptions): Promise<Constraint | undefined> {
  if (regex !== undefined) return { regex };
  if (choice !== undefined) return { choices: choice };
  if (jsonSchema === undefined) return undefined;
  return { jsonSchema: JSON.parse(await readFile(jsonSchema, "utf8")) as JsonSchema };
}
