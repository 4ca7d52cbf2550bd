/**
 * The parts of the AI SDK's provider specification V4 that are implemented here, by their structure: whoever uses these models has the
 * `ai` package, and whoever does not needs no types of it. test/ai-sdk compares them with those of `@ai-sdk/provider`.
 */

export type CallWarning =
  | { readonly type: "unsupported"; readonly feature: string; readonly details?: string }
  | { readonly type: "other"; readonly message: string };

type Json = null | string | number | boolean | { [key: string]: Json | undefined } | Json[];
export type JsonObject = { [key: string]: Json | undefined };

/** Options of providers by their names; ours are under "tessera". */
export type ProviderOptions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface Facts {
  timestamp: Date;
  modelId: string;
  headers: Record<string, string> | undefined;
}

export interface ModelBase {
  readonly specificationVersion: "v4";
  readonly provider: string;
  readonly modelId: string;
}

export type CalledFile =
  | { readonly type: "file"; readonly mediaType: string; readonly data: string | Uint8Array }
  | { readonly type: "url"; readonly url: string };

export interface ImageCall {
  readonly prompt: string | undefined;
  readonly n: number;
  readonly size: string | undefined;
  readonly aspectRatio: string | undefined;
  readonly seed: number | undefined;
  readonly files: readonly CalledFile[] | undefined;
  readonly mask: CalledFile | undefined;
  readonly providerOptions?: ProviderOptions | undefined;
  readonly abortSignal?: AbortSignal | undefined;
}

export interface ImageAnswer {
  images: Uint8Array[];
  warnings: CallWarning[];
  providerMetadata: Record<string, { images: JsonObject[] }>;
  response: Facts;
  usage: { inputTokens: number; outputTokens: number; totalTokens: number };
}

export interface TesseraImageModel extends ModelBase {
  readonly maxImagesPerCall: number;
  readonly supportsFileInputs: boolean;
  readonly supportsMaskInputs: boolean;
  doGenerate(call: ImageCall): Promise<ImageAnswer>;
}

export interface SpeechCall {
  readonly text: string;
  readonly voice?: string | undefined;
  readonly outputFormat?: string | undefined;
  readonly instructions?: string | undefined;
  readonly speed?: number | undefined;
  readonly language?: string | undefined;
  readonly providerOptions?: ProviderOptions | undefined;
  readonly abortSignal?: AbortSignal | undefined;
}

export interface SpeechAnswer {
  audio: Uint8Array;
  warnings: CallWarning[];
  response: { timestamp: Date; modelId: string };
  providerMetadata: Record<string, JsonObject>;
}

export interface TesseraSpeechModel extends ModelBase {
  doGenerate(call: SpeechCall): Promise<SpeechAnswer>;
}

export interface CalledMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string | readonly { readonly type: string; readonly text?: string }[];
}

export interface TextCall {
  readonly prompt: readonly CalledMessage[];
  readonly maxOutputTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly stopSequences?: readonly string[] | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly presencePenalty?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly responseFormat?:
    | { readonly type: "text" }
    | { readonly type: "json"; readonly schema?: unknown }
    | undefined;
  readonly seed?: number | undefined;
  readonly tools?: readonly unknown[] | undefined;
  readonly reasoning?: string | undefined;
  readonly providerOptions?: ProviderOptions | undefined;
  readonly abortSignal?: AbortSignal | undefined;
}

export interface TextUsage {
  inputTokens: { total: number; noCache: number; cacheRead: number; cacheWrite: undefined };
  outputTokens: { total: number; text: number; reasoning: number };
}

export interface Finish {
  unified: "stop" | "length";
  raw: string | undefined;
}

export interface TextAnswer {
  content: { type: "text"; text: string }[];
  finishReason: Finish;
  usage: TextUsage;
  warnings: CallWarning[];
  response: { timestamp: Date; modelId: string };
  providerMetadata: Record<string, JsonObject>;
}

export type TextPart =
  | { type: "stream-start"; warnings: CallWarning[] }
  | { type: "response-metadata"; modelId: string; timestamp: Date }
  | { type: "text-start"; id: string }
  | { type: "text-delta"; id: string; delta: string }
  | { type: "text-end"; id: string }
  | {
      type: "finish";
      usage: TextUsage;
      finishReason: Finish;
      providerMetadata: Record<string, JsonObject>;
    }
  | { type: "error"; error: unknown };

export interface TesseraLanguageModel extends ModelBase {
  readonly supportedUrls: Record<string, RegExp[]>;
  doGenerate(call: TextCall): Promise<TextAnswer>;
  doStream(call: TextCall): Promise<{ stream: ReadableStream<TextPart> }>;
}
