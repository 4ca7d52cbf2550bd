/** A language model of the AI SDK. */
import { randomInt } from "node:crypto";
import {
  ArgumentError,
  type ChatMessage,
  type Constraint,
  generateText,
  type GenerateTextOptions,
  type JsonSchema,
  streamText,
  type TextEvent,
  type TextModel,
  type TextResult,
  type Usage,
} from "../index.js";
import type {
  CalledMessage,
  CallWarning,
  Finish,
  TesseraLanguageModel,
  TextCall,
  TextPart,
  TextUsage,
} from "./specification.js";

export const languageModelOf = (modelId: string, model: TextModel | string): TesseraLanguageModel => ({
  ...{ specificationVersion: "v4", provider: "tessera.text", modelId, supportedUrls: {} },
  async doGenerate(call) {
    const { options, warnings } = optionsOf(call, model, call.abortSignal);
    const made = await generateText(options);
    const { timestamp, modelId } = made.response;
    return {
      content: [{ type: "text", text: made.text }],
      finishReason: finishOf(made),
      usage: usageOf(made.usage),
      warnings: [...warnings, ...made.warnings],
      response: { timestamp, modelId },
      providerMetadata: { tessera: { seed: made.seed } },
    };
  },
  async doStream(call) {
    const left = new AbortController();
    const signal = call.abortSignal ? AbortSignal.any([call.abortSignal, left.signal]) : left.signal;
    const { options, warnings } = optionsOf(call, model, signal);
    const parts = partsOf(streamText(options), warnings);
    const stream = new ReadableStream<TextPart>({
      async pull(controller) {
        const { done, value } = await parts.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel(reason) {
        left.abort(reason);
      },
    });
    return { stream };
  },
});

const ID = "0";

async function* partsOf(events: AsyncIterable<TextEvent>, warnings: readonly CallWarning[]): AsyncGenerator<TextPart> {
  try {
    for await (const event of events) {
      switch (event.type) {
        case "run-start":
          yield { type: "stream-start", warnings: [...warnings, ...event.warnings] };
          yield { type: "response-metadata", modelId: event.model.name, timestamp: new Date() };
          yield { type: "text-start", id: ID };
          break;
        case "text-delta":
          yield { type: "text-delta", id: ID, delta: event.text };
          break;
        case "run-end": {
          const { usage, seed } = event.result;
          yield { type: "text-end", id: ID };
          const providerMetadata = { tessera: { seed } };
          yield { type: "finish", usage: usageOf(usage), finishReason: finishOf(event.result), providerMetadata };
        }
      }
    }
  } catch (error) {
    yield { type: "error", error };
  }
}

function optionsOf(
  call: TextCall,
  model: TextModel | string,
  signal: AbortSignal | undefined,
): { readonly options: GenerateTextOptions; readonly warnings: readonly CallWarning[] } {
  const warnings: CallWarning[] = [];
  const unsupported = (feature: string, details: string) => warnings.push({ type: "unsupported", feature, details });
  if (call.tools?.length) unsupported("tools", "The model does not see them.");
  if (call.reasoning !== undefined && call.reasoning !== "provider-default")
    unsupported("reasoning", "Set the variables of the model's template by providerOptions.tessera.templateVariables.");
  const { maxOutputTokens, temperature, stopSequences, topP, topK, presencePenalty, frequencyPenalty } = call;
  const settings = { maxOutputTokens, temperature, stopSequences, topP, topK, presencePenalty, frequencyPenalty };
  const options = {
    ...{ messages: call.prompt.map(messageOf), ...settings, model, signal },
    seed: call.seed ?? randomInt(2 ** 32),
    constraint: constraintOf(call.responseFormat),
    ...call.providerOptions?.tessera,
  };
  return { options: options as GenerateTextOptions, warnings };
}

/** JSON without a schema is any value. */
const constraintOf = (format: TextCall["responseFormat"]): Constraint | null =>
  format?.type === "json" ? { jsonSchema: (format.schema ?? true) as JsonSchema } : null;

function messageOf({ role, content }: CalledMessage): ChatMessage {
  if (typeof content === "string") return { role, content };
  const texts = content.flatMap((part) => {
    if (part.type === "text") return [part.text!];
    if (part.type === "reasoning") return []; // what a model thought is not said again
    throw new ArgumentError(
      "prompt",
      "messages of text, as the model sees nothing else",
      `a part of type ${part.type}`,
    );
  });
  return { role, content: texts.join("") };
}

const finishOf = ({ finishReason }: TextResult): Finish => ({ unified: finishReason, raw: finishReason });

const usageOf = ({ inputTokens: read, outputTokens: written }: Usage): TextUsage => ({
  inputTokens: { total: read, noCache: read, cacheRead: 0, cacheWrite: undefined },
  outputTokens: { total: written, text: written, reasoning: 0 },
});
