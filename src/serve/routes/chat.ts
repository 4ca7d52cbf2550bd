/** /v1/chat/completions. */
import { randomInt, randomUUID } from "node:crypto";
import { isObject } from "../../base/check.js";
import {
  ArgumentError,
  type ChatMessage,
  type ChosenLogprob,
  type Constraint,
  type DecodingName,
  type GeneratedText,
  type GenerateTextOptions,
  type JsonSchema,
  streamText,
  type TextEvent,
  type TextModel,
  type TextResult,
  type TokenLogprob,
  type Usage,
} from "../../index.js";
import type { Body } from "../body.js";
import { HttpRefusal } from "../errors.js";
import { eventStream, type ServerSentEvent } from "../sse.js";
import { type Handling, resultOf } from "./handling.js";

/** Parameters that are about the account or the price, not about the answer. */
const UNUSED = [
  ...["user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"],
  "parallel_tool_calls",
];

/** What every object of an answer begins with. */
interface Head {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: string;
}

export async function completions(body: Body, handling: Handling): Promise<Response> {
  const model = body.text("model");
  const logprobs = body.flag("logprobs") ?? false;
  const stop = body.take("stop");
  const options = {
    messages: messagesOf(body.take("messages")),
    n: body.number("n"),
    seed: body.number("seed") ?? randomInt(2 ** 32),
    ...atMost(body),
    stopSequences: typeof stop === "string" ? [stop] : (stop as readonly string[] | undefined),
    ...{ guidance: body.number("guidance"), negativePrompt: body.text("negative_prompt") },
    decoding: body.text("decoding") as DecodingName | undefined,
    ...{ temperature: body.number("temperature"), topP: body.number("top_p") },
    ...{ topK: body.number("top_k"), minP: body.number("min_p"), repetitionPenalty: body.number("repetition_penalty") },
    ...{ presencePenalty: body.number("presence_penalty"), frequencyPenalty: body.number("frequency_penalty") },
    logitBias: body.take("logit_bias") as Readonly<Record<number, number>> | undefined,
    ...topOf(body.number("top_logprobs"), logprobs),
    constraint: constraintOf(body.take("response_format")),
    templateVariables: body.take("chat_template_kwargs") as Readonly<Record<string, unknown>> | undefined,
  };
  const stream = body.flag("stream") ?? false;
  const streamOptions = body.take("stream_options");
  const withUsage = isObject(streamOptions) && streamOptions.include_usage === true;
  body.withoutEffect(UNUSED);
  body.finish();
  const served = handling.find("text", model);
  const run = (signal: AbortSignal) => streamText({ ...options, model: served.model, signal } as GenerateTextOptions);
  const events = handling.events(served, run);
  const head = headOf(served.model);
  if (stream) return eventStream(chunks(head, events, withUsage), handling.tell);
  const { texts, usage, seed } = await resultOf<TextResult>(events);
  return Response.json({
    ...head,
    object: "chat.completion",
    choices: texts.map((item) => ({
      index: item.index,
      message: { role: "assistant", content: item.text, refusal: null },
      ...endOf(item),
    })),
    usage: usageOf(usage),
    seed, // beyond OpenAI's interface: brings the same answer again
  });
}

function headOf({ name, revision, device, precision }: TextModel): Head {
  const fingerprint = `${revision}-${device.name}-${precision}`;
  const created = Math.floor(Date.now() / 1000);
  return { id: `chatcmpl-${randomUUID()}`, created, model: name, system_fingerprint: fingerprint };
}

/** The events of OpenAI's stream: characters as they become certain, how each text ended, the usage where it was asked for. */
async function* chunks(
  head: Head,
  events: AsyncGenerator<TextEvent, void, void>,
  withUsage: boolean,
): AsyncGenerator<ServerSentEvent, void, void> {
  const chunk = (choices: readonly object[], usage: object | null = null) => ({
    data: { ...head, object: "chat.completion.chunk", choices, ...(withUsage && { usage }) },
  });
  for await (const event of events) {
    switch (event.type) {
      case "run-start":
        for (let index = 0; index < event.n; index++)
          yield chunk([{ index, delta: { role: "assistant", content: "" }, finish_reason: null, logprobs: null }]);
        break;
      case "text-delta": {
        const { index, text } = event;
        yield chunk([{ index, delta: { content: text }, finish_reason: null, logprobs: null }]);
        break;
      }
      case "text-end":
        yield chunk([{ index: event.item.index, delta: {}, ...endOf(event.item) }]);
        break;
      case "run-end":
        if (withUsage) yield chunk([], usageOf(event.result.usage));
    }
  }
  yield { data: "[DONE]" };
}

const endOf = ({ finishReason, logprobs }: GeneratedText) => ({
  finish_reason: finishReason,
  logprobs: logprobs && { content: logprobs.map(logprobOf), refusal: null },
});

const tokenOf = ({ token, logprob }: TokenLogprob) => ({
  ...{ token, logprob },
  bytes: [...Buffer.from(token)],
});

const logprobOf = (chosen: ChosenLogprob) => ({ ...tokenOf(chosen), top_logprobs: chosen.top.map(tokenOf) });

const usageOf = ({ inputTokens, outputTokens, totalTokens }: Usage) => ({
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  total_tokens: totalTokens,
});

/** A conversation as chat templates know it: "developer" is OpenAI's later word for "system"; parts are texts. */
function messagesOf(value: unknown): readonly ChatMessage[] {
  if (!Array.isArray(value)) throw new ArgumentError("messages", "a list of at least one { role, content }", value);
  return value.map((message: unknown, i) => {
    const where = `messages.${i}`;
    if (!isObject(message) || typeof message.role !== "string")
      throw new ArgumentError(where, "an object with a role", message);
    if (message.tool_calls)
      throw new HttpRefusal(400, "unsupported", "Tools are not supported.", `${where}.tool_calls`);
    const role = message.role === "developer" ? "system" : message.role;
    return { role, content: contentOf(message.content, `${where}.content`) };
  });
}

function contentOf(content: unknown, where: string): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) throw new ArgumentError(where, "a text, or a list of parts", content);
  const texts = content.map((part: unknown): string => {
    if (isObject(part) && part.type === "text" && typeof part.text === "string") return part.text;
    throw new ArgumentError(where, "parts of the type text, as the model sees nothing else", part);
  });
  return texts.join("");
}

/** max_tokens is the old name. */
function atMost(body: Body): { readonly maxOutputTokens: number | undefined } {
  const [now, old] = [body.number("max_completion_tokens"), body.number("max_tokens")];
  return { maxOutputTokens: now ?? old };
}

function topOf(top: number | undefined, asked: boolean): { readonly logprobs: number | null } {
  if (top !== undefined && !asked)
    throw new HttpRefusal(400, "argument", "top_logprobs needs logprobs to be true.", "top_logprobs");
  return { logprobs: asked ? (top ?? 0) : null };
}

function constraintOf(format: unknown): Constraint | null {
  if (format === undefined) return null;
  const { type, json_schema: wrapped } = isObject(format) ? format : {};
  if (type === "text") return null;
  if (type === "json_schema" && isObject(wrapped) && wrapped.schema !== undefined)
    return { jsonSchema: wrapped.schema as JsonSchema };
  throw new ArgumentError(
    "response_format",
    '{ type: "text" }, or { type: "json_schema", json_schema: { schema } }',
    isObject(format) ? String(type) : format,
    "Describe the answer by a JSON schema.",
  );
}
