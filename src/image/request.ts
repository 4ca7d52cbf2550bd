/** What a caller asks for, checked against the model once; after this, nothing about it is in doubt. */
import { check, checkName, checkNames, isIntegerIn, type Options, withDefaults } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import type { ConditionConfig } from "../core/condition.js";
import type { Decoding } from "../core/orders.js";
import { completeSampling, TOKEN_SAMPLING, type TokenSampling } from "../core/sampling/ranges.js";
import type { FloatTensor } from "../engine/tensor.js";
import { needsEncoder } from "../media/given-text-encoder.js";
import { checkPrompt } from "../media/prompt.js";
import { checkCandidates } from "../media/candidates.js";
import { RUN_DEFAULTS, type RunSettings, runSettings, TOKEN_DEFAULTS, type TokenSettings } from "../media/settings.js";
import { routeFor } from "../media/routes.js";
import { NO_STYLE } from "../models/image-config.js";
import { ENCODINGS, type ImageFormat } from "./encode.js";
import type { ImageModel } from "./model.js";
import type { ImageRoute } from "./route.js";

/** What the picture shows. Which of these a model takes follows from how it was trained. */
export type ImageSubject =
  | {
      /**
       * Up to a million characters; what does not fit into the model's slots is cut off, and a warning says so. A list: `n` pictures of
       * each, drawn in common batches; each picture is the one that its prompt alone would give.
       */
      readonly prompt: string | readonly string[];
      /** One of model.styles, or "none"; of models that have styles. */
      readonly style?: string | undefined;
    }
  /** A class of ImageNet, 0 … 999. */
  | { readonly classId: number }
  /** What the text encoder of the model made of a prompt: [tokens, size], without padding. */
  | { readonly features: FloatTensor };

/** Everything else that decides about the pictures. */
export interface ImageSettings extends RunSettings, TokenSettings {
  /**
   * The side in pixels, or "SIDExSIDE", up to four times the model's own; null: the model's own. Larger ones are drawn by the upscaler of
   * the model; where it has none, and for smaller ones, pictures are resampled, with a warning.
   */
  readonly size: number | string | null;
  /**
   * Pictures drawn of each one asked for, 1 … 16, of which the one is kept that fits the prompt best by the model's own picture encoder.
   * Candidate c of picture i is the one that { n: 1, firstIndex: i * candidates + c } draws; previews show candidate 0.
   */
  readonly candidates: number;
  readonly format: ImageFormat;
  /** streamImage only: passes from one preview to the next; 0: no previews. */
  readonly previewEvery: number;
  /** streamImage only: the most previews of a picture, spread evenly over its tokens, besides those of previewEvery. */
  readonly previewCount: number;
}

export const IMAGE_DEFAULTS: ImageSettings = Object.freeze({
  ...RUN_DEFAULTS,
  size: null,
  candidates: 1,
  format: "png",
  ...TOKEN_DEFAULTS,
  previewEvery: 0,
  previewCount: 0,
});

/** One subject that fits the model, with its style resolved. */
export type Subject =
  | { readonly kind: "caption"; readonly prompt: string; readonly style: string }
  | { readonly kind: "class"; readonly classId: number }
  /** A prompt that the model's text encoder reads. */
  | { readonly kind: "text"; readonly prompt: string }
  | { readonly kind: "features"; readonly features: FloatTensor };

export interface ImageRequest extends RunSettings {
  /** Several for a list of prompts: `n` pictures of each. */
  readonly subjects: readonly Subject[];
  readonly decoding: Decoding;
  /** That of the model which draws in this order. */
  readonly route: ImageRoute;
  readonly sampling: TokenSampling;
  readonly side: number;
  readonly candidates: number;
  readonly format: ImageFormat;
  readonly previewEvery: number;
  readonly previewCount: number;
}

const SUBJECT_NAMES = ["prompt", "style", "classId", "features"] as const;

/** What a model of each kind of condition takes. */
const SUBJECTS: Readonly<Record<ConditionConfig["kind"], readonly string[]>> = {
  caption: ["prompt", "style"],
  prompt: ["prompt", "style"],
  class: ["classId"],
  features: ["features"],
};

/** All that a caller may write, for suggestions; what concerns the run and not the pictures is taken off before. */
const OPTION_NAMES: readonly string[] = [...SUBJECT_NAMES, ...Object.keys(IMAGE_DEFAULTS), "model", "signal"];

/** Completes and checks what a caller wrote. Throws ArgumentError or UnknownNameError; an option without a use is refused. */
export function requestOf(model: ImageModel, options: Readonly<Record<string, unknown>>): ImageRequest {
  checkNames("options", options, OPTION_NAMES);
  const rest = Object.fromEntries(Object.entries(options).filter(([name]) => !isSubjectName(name)));
  const s = withDefaults("options", IMAGE_DEFAULTS, rest as Options<ImageSettings>);
  const settings = runSettings(s);
  check("previewEvery", "a whole number, 0 for no previews", s.previewEvery, isIntegerIn(0, 2 ** 31 - 1));
  check("previewCount", "a whole number, 0 for no previews", s.previewCount, isIntegerIn(0, 2 ** 31 - 1));
  checkName("format", s.format, Object.keys(ENCODINGS));
  const { format, previewEvery, previewCount } = s;
  const { decoding, route } = routeFor(model, s.decoding);
  return {
    ...settings,
    subjects: subjectsOf(model, route.condition, options, settings.n),
    ...{ decoding, route },
    sampling: completeSampling(TOKEN_SAMPLING, route.sampling, s),
    side: sideOf(model, s.size),
    candidates: candidatesOf(model, s.candidates, settings),
    ...{ format, previewEvery, previewCount },
  };
}

/** Pictures of one call, over all prompts. */
const MOST_PICTURES = 1000;

function subjectsOf(
  model: ImageModel,
  condition: ConditionConfig,
  options: Readonly<Record<string, unknown>>,
  n: number,
): readonly Subject[] {
  const { prompt } = options;
  if (!Array.isArray(prompt)) return [subjectOf(model, condition, options)];
  check("prompt", "a text, or a list of at least one", prompt, (list) => list.length > 0);
  const most = `at most ${MOST_PICTURES} pictures in one call, which are n of each prompt`;
  check("prompt", most, prompt, (list) => list.length * n <= MOST_PICTURES);
  return prompt.map((each: unknown) => subjectOf(model, condition, { ...options, prompt: each }));
}

function subjectOf(model: ImageModel, condition: ConditionConfig, options: Readonly<Record<string, unknown>>): Subject {
  const given = SUBJECT_NAMES.filter((name) => options[name] !== undefined);
  const encoded = condition.kind === "features" && model.textEncoder !== null && options.features === undefined;
  const takes = encoded ? ["prompt"] : SUBJECTS[condition.kind];
  const stray = given.find((name) => !takes.includes(name));
  if (stray) {
    const unread = stray === "prompt" && condition.kind === "features" && model.textEncoder === null;
    const remedy = unread ? needsEncoder(model.name, "features") : `${model.name} takes ${takes.join(" and ")}.`;
    throw new ArgumentError(stray, "nothing", options[stray], remedy);
  }
  if (encoded) return { kind: "text", prompt: checkPrompt("prompt", options.prompt) };
  switch (condition.kind) {
    case "prompt":
    case "caption": {
      const prompt = checkPrompt("prompt", options.prompt);
      const style = options.style ?? model.defaults.style;
      return { kind: "caption", prompt, style: checkName("style", style, [...model.styles, NO_STYLE]) };
    }
    case "class": {
      const expected = `a whole number from 0 to ${condition.classes - 1}`;
      const classId = check("classId", expected, options.classId, isIntegerIn(0, condition.classes - 1));
      return { kind: "class", classId: classId as number };
    }
    case "features": {
      const { slots, size } = condition;
      const expected = `a float32 tensor [1 to ${slots}, ${size}] of finite numbers`;
      const features = check("features", expected, options.features, isFeatures(slots, size));
      return { kind: "features", features: features as FloatTensor };
    }
  }
}

/** The side of the pictures asked for. */
function sideOf({ side }: ImageModel, size: number | string | null): number {
  if (size === null) return side;
  const expected = `a side from 1 to ${4 * side}, or "SIDExSIDE", such as "${side}x${side}"`;
  const match = /^(\d{1,5})(?:x\1)?$/.exec(typeof size === "string" ? size : "");
  const asked = typeof size === "number" ? size : Number(match?.[1]);
  if (!isIntegerIn(1, 4 * side)(asked))
    throw new ArgumentError("size", expected, size, "Use an image editor for larger or non-square pictures.");
  return asked;
}

/** The candidates asked for, of a model that can choose among them. */
function candidatesOf({ name, pictureEncoder }: ImageModel, candidates: number, settings: RunSettings): number {
  checkCandidates(candidates, settings);
  if (candidates === 1 || pictureEncoder) return candidates;
  const remedy = `${name} has no picture encoder to choose by. Draw n pictures and choose yourself.`;
  throw new ArgumentError("candidates", "1", candidates, remedy);
}

const isSubjectName = (name: string): boolean => (SUBJECT_NAMES as readonly string[]).includes(name);

const isFeatures =
  (slots: number, size: number) =>
  (value: unknown): boolean => {
    const { shape, data } = (value ?? {}) as Partial<FloatTensor>;
    if (!Array.isArray(shape) || !(data instanceof Float32Array)) return false;
    const [tokens] = shape as number[];
    const fits =
      shape.length === 2 && isIntegerIn(1, slots)(tokens) && shape[1] === size && data.length === tokens! * size;
    return fits && data.every(Number.isFinite);
  };
