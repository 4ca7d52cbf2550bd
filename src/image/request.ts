/** What a caller asks for, checked against the model once; after this, nothing about it is in doubt. */
import { check, isIntegerIn, isNumberIn, type Options, withDefaults } from "../base/check.js";
import { ArgumentError, UnknownNameError } from "../base/errors.js";
import type { ConditionConfig } from "../core/condition.js";
import { type Decoding, type DecodingOption, decodingOf } from "../core/orders.js";
import type { FloatTensor } from "../engine/tensor.js";
import { NO_STYLE } from "../models/image-config.js";
import type { ImageSampling } from "../models/network-config.js";
import { ENCODINGS, type ImageFormat } from "./encode.js";
import type { ImageModel } from "./model.js";
import type { ImageRoute } from "./route.js";

/** What is to be seen. Which of these a model takes follows from how it was trained. */
export type ImageSubject =
  | {
      /** Up to a million characters; what does not fit into the model's slots is cut off, and a warning says so. */
      readonly prompt: string;
      /** One of model.styles, or "none". */
      readonly style?: string | undefined;
    }
  /** A class of ImageNet, 0 … 999. */
  | { readonly classId: number }
  /** What the text encoder of the model made of a prompt: [tokens, size], without padding. */
  | { readonly features: FloatTensor };

/** Everything else that decides about the pictures. */
export interface ImageSettings {
  /** Pictures to make, 1 … 1000. */
  readonly n: number;
  /** 0 … 2^53 - 1. The same seed gives the same pictures. */
  readonly seed: number;
  /** Number of the first picture among all of this seed: picture 3 alone is { n: 1, firstIndex: 3 }. */
  readonly firstIndex: number;
  /** "WIDTHxHEIGHT", square, up to four times the model's own side; null: the model's own. Others are resampled, with a warning. */
  readonly size: string | null;
  readonly format: ImageFormat;
  /** How strongly the subject is followed, 1 … 100; 1 is off. null here and below: as the model states for the decoding. */
  readonly guidance: number | null;
  /** Guidance ends when this part of a picture's tokens is there, 0 … 1; 1 is never. */
  readonly guidanceUntil: number | null;
  /** 0 … 100; 0 takes the likeliest token each time. */
  readonly temperature: number | null;
  /** Only the k likeliest tokens; 0 is off. */
  readonly topK: number | null;
  /** Only the likeliest tokens that together exceed this probability; 1 is off. */
  readonly topP: number | null;
  /** Only tokens at least this fraction as probable as the likeliest; 0 is off. */
  readonly minP: number | null;
  /** In which order tokens come to be: one of model.decodings, or an object with such a `kind` and its settings. */
  readonly decoding: DecodingOption | null;
  /** streamImage only: a preview after every so many passes; 0: none. */
  readonly previewEvery: number;
}

export const IMAGE_DEFAULTS: ImageSettings = Object.freeze({
  n: 1,
  seed: 0,
  firstIndex: 0,
  size: null,
  format: "png",
  guidance: null,
  guidanceUntil: null,
  temperature: null,
  topK: null,
  topP: null,
  minP: null,
  decoding: null,
  previewEvery: 0,
});

/** A subject that fits the model, with its style resolved. */
export type Subject =
  | { readonly kind: "caption"; readonly prompt: string; readonly style: string }
  | { readonly kind: "class"; readonly classId: number }
  | { readonly kind: "features"; readonly features: FloatTensor };

export interface ImageRequest {
  readonly subject: Subject;
  readonly decoding: Decoding;
  /** That of the model which draws in this order. */
  readonly route: ImageRoute;
  readonly sampling: ImageSampling;
  readonly n: number;
  readonly seed: number;
  readonly firstIndex: number;
  readonly side: number;
  readonly format: ImageFormat;
  readonly previewEvery: number;
}

const SUBJECT_NAMES = ["prompt", "style", "classId", "features"] as const;
const MOST_CHARACTERS = 1_000_000;

/** Completes and checks what a caller wrote. Throws ArgumentError or UnknownNameError; an option without a use is refused. */
export function requestOf(model: ImageModel, options: Readonly<Record<string, unknown>>): ImageRequest {
  const rest = Object.fromEntries(Object.entries(options).filter(([name]) => !isSubjectName(name)));
  const s = withDefaults("options", IMAGE_DEFAULTS, rest as Options<ImageSettings>);
  check("n", "a whole number from 1 to 1000", s.n, isIntegerIn(1, 1000));
  check("seed", "a whole number from 0 to 2^53 - 1", s.seed, isIntegerIn(0, Number.MAX_SAFE_INTEGER));
  check("firstIndex", "a whole number from 0 to 2^31 - 1001", s.firstIndex, isIntegerIn(0, 2 ** 31 - 1001));
  check("previewEvery", "a whole number, 0 for no previews", s.previewEvery, isIntegerIn(0, 2 ** 31 - 1));
  if (!Object.hasOwn(ENCODINGS, s.format))
    throw new UnknownNameError("format", String(s.format), Object.keys(ENCODINGS));
  const { n, seed, firstIndex, format, previewEvery } = s;
  const decoding = decodingOf(s.decoding ?? model.decodings[0], model.decodings, `decoding of ${model.name}`);
  const route = model.routes.find(({ decodings }) => decodings.includes(decoding.kind))!;
  return {
    subject: subjectOf(model, route.condition, options),
    ...{ decoding, route },
    sampling: samplingOf(route.sampling, s),
    side: sideOf(model, s.size),
    n,
    seed,
    firstIndex,
    format,
    previewEvery,
  };
}

function samplingOf(defaults: ImageSampling, s: ImageSettings): ImageSampling {
  return {
    guidance: check("guidance", "a number from 1 to 100", s.guidance ?? defaults.guidance, isNumberIn(1, 100)),
    guidanceUntil: check(
      "guidanceUntil",
      "a number from 0 to 1",
      s.guidanceUntil ?? defaults.guidanceUntil,
      isNumberIn(0, 1),
    ),
    temperature: check(
      "temperature",
      "a number from 0 to 100",
      s.temperature ?? defaults.temperature,
      isNumberIn(0, 100),
    ),
    topK: check("topK", "a whole number, 0 to keep all", s.topK ?? defaults.topK, isIntegerIn(0, 2 ** 31 - 1)),
    topP: check("topP", "a number above 0 and up to 1", s.topP ?? defaults.topP, (p) => isNumberIn(0, 1)(p) && p !== 0),
    minP: check("minP", "a number from 0 to 1", s.minP ?? defaults.minP, isNumberIn(0, 1)),
  };
}

function subjectOf(model: ImageModel, condition: ConditionConfig, options: Readonly<Record<string, unknown>>): Subject {
  const given = SUBJECT_NAMES.filter((name) => options[name] !== undefined);
  const takes = { caption: ["prompt", "style"], class: ["classId"], features: ["features"] }[condition.kind];
  const stray = given.find((name) => !takes.includes(name));
  if (stray) throw new ArgumentError(stray, `${takes[0]} instead, which is what ${model.name} takes`, options[stray]);
  switch (condition.kind) {
    case "caption": {
      const prompt = check("prompt", `a text of at most ${MOST_CHARACTERS} characters`, options.prompt, isPrompt);
      const style = options.style ?? model.defaults.style;
      const names = [...model.styles, NO_STYLE];
      if (!names.includes(style as string)) throw new UnknownNameError("style", String(style), names);
      return { kind: "caption", prompt: prompt as string, style: style as string };
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
function sideOf({ side }: ImageModel, size: string | null): number {
  if (size === null) return side;
  const expected = `"SIDExSIDE" with a side from 1 to ${4 * side}, such as "${side}x${side}"`;
  const match = /^(\d{1,5})x(\d{1,5})$/.exec(typeof size === "string" ? size : "");
  if (!match || match[1] !== match[2] || !isIntegerIn(1, 4 * side)(Number(match[1]))) {
    throw new ArgumentError(
      "size",
      expected,
      size,
      "Larger pictures and other shapes are for an image editor to make.",
    );
  }
  return Number(match[1]);
}

const isSubjectName = (name: string): boolean => (SUBJECT_NAMES as readonly string[]).includes(name);

const isPrompt = (value: unknown): boolean => typeof value === "string" && value.length <= MOST_CHARACTERS;

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
