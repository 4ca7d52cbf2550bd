/** Settings that several kinds have, as schemas: what an editor offers and a manifest is checked by. */
import { z } from "zod";
import { hasControlCharacters } from "../plain-text.js";

/** A text for a model; no character in it is invisible to whoever reads the manifest. */
export const promptOf = (about: string): z.ZodType =>
  z
    .string()
    .min(1)
    .max(100_000)
    .refine((text) => !hasControlCharacters(text), "a text without control characters")
    .describe(about);

/** A name, such as that of a style. */
export const nameOf = (about: string): z.ZodType => z.string().min(1).max(200).describe(about);

/** The path of a file, relative to the manifest. */
export const fileOf = (about: string): z.ZodType =>
  z
    .string()
    .min(1)
    .max(1000)
    .refine((path) => !hasControlCharacters(path), "a path without control characters")
    .describe(`${about} A path relative to this file.`);

export const numberFrom = (low: number, high: number, about: string): z.ZodType =>
  z.number().min(low).max(high).describe(about);

export const wholeFrom = (low: number, high: number, about: string): z.ZodType =>
  z.int().min(low).max(high).describe(about);

const TEMPERATURE = numberFrom(0, 100, "Randomness of the draws; 0 takes the likeliest token each time.");
const TOP_P = numberFrom(0, 1, "Only the likeliest tokens that together exceed this probability; 1 is off.");

/** How tokens are drawn; every default is the model's. */
export const SAMPLING = {
  guidance: numberFrom(1, 100, "How strongly the prompt is followed; 1 is off."),
  guidanceUntil: numberFrom(0, 1, "Fraction of the tokens after which guidance ends; 1 is never."),
  temperature: TEMPERATURE,
  topK: wholeFrom(0, 2 ** 31 - 1, "Only the k likeliest tokens; 0 is off."),
  topP: TOP_P,
  minP: numberFrom(0, 1, "Only tokens at least this fraction as probable as the likeliest; 0 is off."),
} as const;

export const VOICE_SAMPLING = { temperature: TEMPERATURE, topP: TOP_P } as const;

export const DECODING = z.string().describe("Decoding order, such as next-scale, next-token, next-neighbor or jacobi.");
