/** What a caller asks for, checked against the model once; after this, nothing about it is in doubt. */
import { check, isIntegerIn, isNumberIn, type Options, withDefaults } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import { type Decoding, type DecodingOption, decodingOf, ordersOf } from "../core/orders.js";
import { completeSampling } from "../core/sampling/ranges.js";
import { checkPrompt } from "../media/prompt.js";
import { RUN_DEFAULTS, type RunSettings, runSettings } from "../media/settings.js";
import type { ChatMessage } from "../tokenizers/text/chat-template.js";
import { type Constraint, compileConstraint, type TokenConstraint } from "../tokenizers/text/constrained/constraint.js";
import type { TextModel } from "./model.js";
import { TEXT_SAMPLING, type TextSampling } from "./sampling.js";

/** What the model goes on from. */
export type TextSubject =
  /** A text to be continued, up to a million characters. Names of special tokens in it are those tokens. */
  | { readonly prompt: string }
  /** A conversation, as the chat template of the model writes it. */
  | {
      readonly messages: readonly ChatMessage[];
      /** Further variables that the template knows, such as { enable_thinking: false }. */
      readonly templateVariables?: Readonly<Record<string, unknown>> | undefined;
      /** Whether the last message is continued instead of answered. Default: no. */
      readonly continueLast?: boolean | undefined;
    };

/** Everything else that decides about the texts. null: as the model's folder states. */
export interface TextSettings extends RunSettings {
  /** Tokens of the answer, at most. */
  readonly maxOutputTokens: number | null;
  /** Texts that end an answer; they are not part of it. At most 16. */
  readonly stopSequences: readonly string[];
  /**
   * How strongly the subject is followed, 1 … 100; 1 is off (classifier-free guidance for texts: Sanchez et al. 2023, arXiv
   * 2306.17806). Above 1 a pass computes two rows for each text.
   */
  readonly guidance: number | null;
  /**
   * What guidance leads away from: a text in place of the prompt, or, in a conversation, in place of what its system message says.
   * null: from the last token of the prompt alone.
   */
  readonly negativePrompt: string | null;
  /** 0 … 100; 0 takes the likeliest token each time. */
  readonly temperature: number | null;
  /** Only the k likeliest tokens; 0 is off. */
  readonly topK: number | null;
  /** Only the likeliest tokens that together exceed this probability; 1 is off. */
  readonly topP: number | null;
  /** Only tokens at least this fraction as probable as the likeliest; 0 is off. */
  readonly minP: number | null;
  /** Divides positive and multiplies negative logits of tokens in the prompt and the answer so far; 1 is off. */
  readonly repetitionPenalty: number | null;
  /** Subtracted from the logits of tokens that the answer holds: once, and for each time. -100 … 100; 0 is off. */
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  /** Added to the logits of these ids, -100 … 100. */
  readonly logitBias: Readonly<Record<number, number>>;
  /** How probable each token was by the model alone, and this many of the likeliest ones beside it, 0 … 20; null: neither. */
  readonly logprobs: number | null;
  /** What an answer must look like. One that ends by itself meets it; one cut off at maxOutputTokens begins so. */
  readonly constraint: Constraint | null;
  /** "next-token"; or "jacobi" or "prompt-lookup", with their settings, which take fewer passes for the same tokens. */
  readonly decoding: DecodingOption | null;
}

export const TEXT_DEFAULTS: TextSettings = Object.freeze({
  ...RUN_DEFAULTS,
  maxOutputTokens: null,
  stopSequences: [],
  guidance: null,
  negativePrompt: null,
  temperature: null,
  topK: null,
  topP: null,
  minP: null,
  repetitionPenalty: null,
  presencePenalty: 0,
  frequencyPenalty: 0,
  logitBias: {},
  logprobs: null,
  constraint: null,
  decoding: null,
});

export interface TextRequest extends RunSettings {
  /** The prompt as the model reads it, and as text. */
  readonly ids: readonly number[];
  readonly prompt: string;
  /** What guidance compares with; null where it is off. */
  readonly negative: readonly number[] | null;
  readonly negativePrompt: string | null;
  readonly maxOutputTokens: number;
  readonly stopSequences: readonly string[];
  readonly sampling: TextSampling;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly logitBias: ReadonlyMap<number, number>;
  readonly logprobs: number | null;
  readonly constraint: TokenConstraint | null;
  readonly decoding: Decoding;
}

const SUBJECT_NAMES = ["prompt", "messages", "templateVariables", "continueLast"];

/** Completes and checks what a caller wrote. Throws ArgumentError, UnknownNameError, TemplateError, ConstraintError, TokenizerError. */
export function requestOf(model: TextModel, options: Readonly<Record<string, unknown>>): TextRequest {
  const rest = Object.fromEntries(Object.entries(options).filter(([name]) => !SUBJECT_NAMES.includes(name)));
  const s = withDefaults("options", TEXT_DEFAULTS, rest as Options<TextSettings>);
  const settings = runSettings(s);
  const { presencePenalty, frequencyPenalty, logprobs, stopSequences, constraint } = s;
  check("presencePenalty", "a number from -100 to 100", presencePenalty, isNumberIn(-100, 100));
  check("frequencyPenalty", "a number from -100 to 100", frequencyPenalty, isNumberIn(-100, 100));
  check("logprobs", "a whole number from 0 to 20, or null", logprobs, (n) => n === null || isIntegerIn(0, 20)(n));
  check("stopSequences", "at most 16 texts of 1 to 1000 characters", stopSequences, (texts) => {
    const fits = (text: unknown) => typeof text === "string" && text.length > 0 && text.length <= 1000;
    return Array.isArray(texts) && texts.length <= 16 && texts.every(fits);
  });
  const { prompt, ids } = subjectOf(model, options);
  const sampling = completeSampling(TEXT_SAMPLING, model.defaults, s);
  const negative = negativeOf(model, options, ids, { ...sampling, negativePrompt: s.negativePrompt });
  if (constraint !== null && model.ends.length === 0)
    throw new ArgumentError(
      "constraint",
      "no constraint for a model that does not say where an answer ends",
      described("a constraint"),
      "Set eos_token_id in the model's config.json or generation_config.json.",
    );
  return {
    ...settings,
    ...{ ids, prompt, negative, negativePrompt: s.negativePrompt, stopSequences, sampling },
    ...{ presencePenalty, frequencyPenalty, logprobs },
    maxOutputTokens: roomFor(model, Math.max(ids.length, negative?.length ?? 0), s.maxOutputTokens),
    logitBias: biasOf(model, s.logitBias),
    constraint: constraint && compileConstraint(constraint, model.tokenizer, model.ends),
    decoding: decodingFor(model, s.decoding),
  };
}

function subjectOf(model: TextModel, options: Readonly<Record<string, unknown>>): { prompt: string; ids: number[] } {
  const {
    prompt,
    messages,
    templateVariables,
    continueLast = false,
  } = options as {
    readonly [K in "prompt" | "messages" | "templateVariables" | "continueLast"]?: unknown;
  };
  if ((prompt === undefined) === (messages === undefined))
    throw new ArgumentError(
      "prompt",
      "either a prompt or messages",
      described(prompt === undefined ? "neither" : "both"),
    );
  if (prompt !== undefined) {
    for (const name of ["templateVariables", "continueLast"] as const)
      if (options[name] !== undefined) throw new ArgumentError(name, "nothing beside a prompt", options[name]);
    const text = checkPrompt("prompt", prompt);
    const ids = Array.from(model.tokenizer.encode(text));
    if (ids.length === 0) throw new ArgumentError("prompt", "a text of at least one token", text);
    return { prompt: text, ids };
  }
  if (!model.template)
    throw new ArgumentError(
      "messages",
      `a prompt instead, as ${model.name} has no chat template`,
      described("messages"),
      "Pass a prompt to be continued, or use a model that was trained on conversations.",
    );
  check("continueLast", "true or false", continueLast, (value) => typeof value === "boolean");
  check(
    "templateVariables",
    "an object",
    templateVariables,
    (value) => value === undefined || (typeof value === "object" && value !== null),
  );
  const isMessage = (message: unknown) => typeof (message as ChatMessage | null)?.role === "string";
  check(
    "messages",
    "a list of at least one { role, content }",
    messages,
    (list) => Array.isArray(list) && list.length > 0 && list.every(isMessage),
  );
  const text = model.template.render(messages as readonly ChatMessage[], {
    end: continueLast ? "continue" : "generate",
    variables: (templateVariables ?? {}) as Readonly<Record<string, unknown>>,
  });
  const ids = Array.from(model.tokenizer.encode(checkPrompt("messages", text), { addSpecialTokens: false }));
  if (ids.length === 0) throw new ArgumentError("messages", "a conversation of at least one token", described(text));
  return { prompt: text, ids };
}

/** The ids that guidance compares with; null where it is off. */
function negativeOf(
  model: TextModel,
  options: Readonly<Record<string, unknown>>,
  ids: readonly number[],
  { guidance, negativePrompt }: { readonly guidance: number; readonly negativePrompt: unknown },
): readonly number[] | null {
  if (negativePrompt === null) return guidance === 1 ? null : ids.slice(-1);
  const text = checkPrompt("negativePrompt", negativePrompt);
  if (guidance === 1)
    throw new ArgumentError("negativePrompt", "no negative prompt without guidance", text, "Pass a guidance above 1.");
  if (options.prompt !== undefined) return subjectOf(model, { prompt: text }).ids;
  const others = (options.messages as readonly ChatMessage[]).filter(({ role }) => role !== "system");
  return subjectOf(model, { ...options, messages: [{ role: "system", content: text }, ...others] }).ids;
}

/** How many tokens may follow the prompt. */
function roomFor({ contextLength, defaults, name }: TextModel, prompt: number, asked: number | null): number {
  const room = contextLength - prompt;
  if (room < 1)
    throw new ArgumentError(
      "prompt",
      `at most ${contextLength - 1} tokens, as ${name} reads ${contextLength}, its answer included`,
      described(`${prompt} tokens`),
      "Shorten the prompt, or use a model with a longer context.",
    );
  if (asked === null) return Math.min(defaults.maxOutputTokens, room);
  check("maxOutputTokens", "a whole number of at least 1", asked, isIntegerIn(1, 2 ** 24));
  if (asked > room)
    throw new ArgumentError(
      "maxOutputTokens",
      `at most ${room}, as the prompt takes ${prompt} of the ${contextLength} tokens that ${name} reads`,
      asked,
    );
  return asked;
}

function biasOf({ network }: TextModel, bias: Readonly<Record<number, number>>): ReadonlyMap<number, number> {
  check("logitBias", "an object of ids and numbers", bias, (value) => typeof value === "object" && value !== null);
  return new Map(
    Object.entries(bias).map(([id, value]) => {
      check(
        "logitBias",
        `ids from 0 to ${network.config.vocabulary - 1}`,
        Number(id),
        isIntegerIn(0, network.config.vocabulary - 1),
      );
      return [Number(id), check(`logitBias.${id}`, "a number from -100 to 100", value, isNumberIn(-100, 100))];
    }),
  );
}

/** Guesses of jacobi repeat the last token: neighbours in a text are alike in nothing else. */
function decodingFor({ network: { architecture, config }, name }: TextModel, option: DecodingOption | null): Decoding {
  const known = ordersOf(architecture.objective(config));
  const decoding = decodingOf(option ?? known[0], known, `decoding of ${name}`);
  const stated = typeof option === "object" && option !== null && "initialiser" in option;
  return decoding.kind === "jacobi" && !stated ? { ...decoding, initialiser: "repeat-horizontal" } : decoding;
}
