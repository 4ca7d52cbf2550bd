/** The numbers by which a transformer is sampled, each with its range: one table for arguments, configurations and manifests. */
import { check, isIntegerIn, isNumberIn } from "../../base/check.js";
import type { Fields } from "../../base/fields.js";

interface Range {
  /** In words, for messages. */
  readonly expected: string;
  readonly ok: (value: unknown) => boolean;
}

/** One row per number. guidance.ts says what the first two do, sampling.ts what the others do. */
export const SAMPLING_RANGES = {
  guidance: { expected: "a number from 1 to 100", ok: isNumberIn(1, 100) },
  guidanceUntil: { expected: "a number from 0 to 1", ok: isNumberIn(0, 1) },
  temperature: { expected: "a number from 0 to 100", ok: isNumberIn(0, 100) },
  topK: { expected: "a whole number, 0 to keep all", ok: isIntegerIn(0, 2 ** 31 - 1) },
  topP: { expected: "a number above 0 and up to 1", ok: (p: unknown) => isNumberIn(0, 1)(p) && p !== 0 },
  minP: { expected: "a number from 0 to 1", ok: isNumberIn(0, 1) },
  repetitionPenalty: { expected: "a number from 0.01 to 100", ok: isNumberIn(0.01, 100) },
} as const satisfies Record<string, Range>;

export type SamplingName = keyof typeof SAMPLING_RANGES;

export type SamplingNumbers<N extends SamplingName> = { readonly [K in N]: number };

/** The numbers that a model of a medium states. `guidance` is in LlamaGen's convention for every architecture: 1 is off. */
export interface TokenSampling {
  readonly guidance: number;
  /** The part of the tokens that are there when guidance ends: passes that begin with fewer are guided. 1: to the end. */
  readonly guidanceUntil: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
}

/** Their names, in the order in which manifests list them. */
export const TOKEN_SAMPLING = [
  "guidance",
  "guidanceUntil",
  "temperature",
  "topK",
  "topP",
  "minP",
] as const satisfies readonly (keyof TokenSampling)[];

/** Refuses a number out of its range by an ArgumentError; `argument` is what the message calls it. */
export function checkSampling(name: SamplingName, value: number, argument: string = name): number {
  const { expected, ok }: Range = SAMPLING_RANGES[name];
  return check(argument, expected, value, ok);
}

/** The numbers that a caller gave, completed by `defaults` where they are null, and checked. */
export function completeSampling<N extends SamplingName>(
  names: readonly N[],
  defaults: SamplingNumbers<N>,
  given: { readonly [K in N]: number | null },
): SamplingNumbers<N> {
  const entries = names.map((name) => [name, checkSampling(name, given[name] ?? defaults[name])]);
  return Object.fromEntries(entries) as SamplingNumbers<N>;
}

/** Reads the numbers out of untrusted JSON that holds these names and no others. Throws ArgumentError naming the field. */
export function parseSampling<N extends SamplingName>(of: Fields, names: readonly N[]): SamplingNumbers<N> {
  const read = (name: N): number => {
    const { expected, ok }: Range = SAMPLING_RANGES[name];
    return of.number(name, expected, ok);
  };
  const sampling = Object.fromEntries(names.map((name) => [name, read(name)])) as SamplingNumbers<N>;
  of.finish();
  return sampling;
}
