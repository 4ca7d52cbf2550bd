/** `tessera text FOLDER "Once upon"`: a text, printed while it is written. */
import { readFile } from "node:fs/promises";
import { Command } from "commander";
import {
  type ChatMessage,
  type Constraint,
  type DecodingName,
  type DeviceName,
  type GenerateTextOptions,
  type JsonSchema,
  loadTextModel,
  type Precision,
  streamText,
} from "../index.js";
import { PRECISIONS } from "../engine/index.js";
import type { Context } from "./context.js";
import { numberOf, printJson } from "./options.js";
import { print, tell } from "./streams.js";

interface TextOptions {
  readonly raw: boolean;
  readonly system?: string;
  readonly n: number;
  readonly seed: number;
  readonly maxTokens?: number;
  readonly stop?: string[];
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly repetitionPenalty?: number;
  readonly regex?: string;
  readonly jsonSchema?: string;
  readonly choice?: string[];
  readonly decoding?: DecodingName;
  readonly device: string;
  readonly threads?: number;
  readonly precision?: Precision;
  readonly json: boolean;
  readonly quiet: boolean;
}

export const textCommand = ({ signal }: Context): Command =>
  new Command("text")
    .description("write a text that goes on from a prompt, or answers it")
    .argument("<model>", "a folder as the Hugging Face hub lays it out")
    .argument("<prompt>", "what to answer; with --raw, what to go on from")
    .option("--raw", "go on from the prompt as it is, without the model's chat template", false)
    .option("--system <text>", "a system message before the prompt")
    .option("--n <count>", "number of texts", numberOf, 1)
    .option("--seed <number>", "seed; the same seed gives the same texts", numberOf, 0)
    .option("--max-tokens <count>", "tokens of a text, at most (default: as the model states)", numberOf)
    .option("--stop <text...>", "texts that end an answer")
    .option("--temperature <number>", "0 takes the likeliest token each time (default: as the model states)", numberOf)
    .option("--top-k <count>", "only the k likeliest tokens; 0 is off", numberOf)
    .option("--top-p <number>", "only the likeliest tokens that together exceed this probability", numberOf)
    .option("--min-p <number>", "only tokens at least this fraction as probable as the likeliest", numberOf)
    .option("--repetition-penalty <number>", "above 1: tokens that occurred become less likely", numberOf)
    .option("--regex <expression>", "the whole answer matches this")
    .option("--json-schema <file>", "the answer is JSON of the schema in this file")
    .option("--choice <text...>", "the answer is one of these")
    .option("--decoding <name>", "next-token or jacobi")
    .option("--device <name>", "auto, or a device listed by `tessera doctor`", "auto")
    .option("--threads <count>", "CPU threads (default: one per core)", numberOf)
    .option("--precision <kind>", `precision of the weights: ${PRECISIONS.join(", ")} (default: f32)`)
    .option("--json", "print the result as one JSON object", false)
    .option("--quiet", "print nothing but the texts", false)
    .action(async (folder: string, prompt: string, options: TextOptions) => {
      const { device, threads, precision, maxTokens: maxOutputTokens, stop: stopSequences } = options;
      const { n, seed, temperature, topK, topP, minP, repetitionPenalty, decoding, json, quiet } = options;
      const constraint = await constraintOf(options);
      await using model = await loadTextModel(folder, { device: device as DeviceName | "auto", threads, precision });
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
    });

async function constraintOf({ regex, jsonSchema, choice }: TextOptions): Promise<Constraint | undefined> {
  if (regex !== undefined) return { regex };
  if (choice !== undefined) return { choices: choice };
  if (jsonSchema === undefined) return undefined;
  return { jsonSchema: JSON.parse(await readFile(jsonSchema, "utf8")) as JsonSchema };
}
