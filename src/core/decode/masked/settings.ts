/** The rules of iterative unmasking by name, for models of ids. */
import { check, checkName, isIntegerIn, isNumberIn, type Options, withDefaults } from "../../../base/check.js";
import { gumbel } from "../../../base/random.js";
import { probabilityOf } from "../../sampling/sampling.js";
import type { TokenDraws } from "../step.js";
import type { Drawn, MaskedGroup } from "./group.js";
import { type Annealed, annealed, passesOf, SCHEDULES, type ScheduleName } from "./schedules.js";

export interface MaskedSettings {
  /** Passes over a group: more passes, fewer positions that are drawn without knowing each other. */
  readonly passes: number;
  /** How many become final when: see SCHEDULES. */
  readonly schedule: ScheduleName;
  /** What becomes final first: see CONFIDENCES; or positions in an order of chance. */
  readonly order: ConfidenceName | "random";
  /** What Gumbel noise is multiplied by that is added to confidences. Without any, pictures come out poor and alike. */
  readonly confidenceNoise: Annealed;
  /** What the temperature of the sampler is multiplied by. */
  readonly temperature: Annealed;
}

/** How sure a draw is. */
export const CONFIDENCES = {
  /** The logarithm of the probability with which it was drawn: MaskGIT (arXiv 2202.04200 §3.2). */
  probability: ({ item, k, value }, draws) => Math.log(probabilityOf(draws.distribution(item, k), value)),
  /** Its guided logit: TiTok (arXiv 2406.07550, its code). */
  logit: ({ item, k, value }, draws) => draws.logit(item, k, value),
} as const satisfies Record<string, (drawn: Drawn<number>, draws: TokenDraws) => number>;

export type ConfidenceName = keyof typeof CONFIDENCES;

/** MaskGIT's for pictures of 256 × 256: its code's noise of 4.5 is multiplied by what is left of the passes after each of them. */
export const MASKED_DEFAULTS: MaskedSettings = Object.freeze({
  passes: 12,
  schedule: "cosine",
  order: "probability",
  confidenceNoise: Object.freeze({ from: (4.5 * 11) / 12, to: 0 }),
  temperature: Object.freeze({ from: 1, to: 1 }),
});

/** Passes at most: see the addresses of draws in sampler.ts. */
const MOST_PASSES = 4096;

/** Completes and checks settings. Throws ArgumentError or UnknownNameError. */
export function maskedSettings(options: Options<MaskedSettings> = {}, where = "masked"): MaskedSettings {
  const settings = withDefaults(where, MASKED_DEFAULTS, options);
  const { passes, schedule, order, confidenceNoise, temperature } = settings;
  check(`${where}.passes`, `a whole number from 1 to ${MOST_PASSES}`, passes, isIntegerIn(1, MOST_PASSES));
  checkName("schedule", schedule, Object.keys(SCHEDULES) as ScheduleName[]);
  checkName("order of unmasking", order, [...(Object.keys(CONFIDENCES) as ConfidenceName[]), "random"]);
  return {
    ...{ passes, schedule, order },
    confidenceNoise: numbers(confidenceNoise, `${where}.confidenceNoise`),
    temperature: numbers(temperature, `${where}.temperature`),
  };
}

function numbers(value: Annealed, where: string): Annealed {
  const { from, to } = withDefaults(where, { from: Number.NaN, to: Number.NaN }, value);
  for (const [name, number] of Object.entries({ from, to }))
    check(`${where}.${name}`, "a number from 0 to 1000", number, isNumberIn(0, 1000));
  return { from, to };
}

/**
 * TiTok's settings (arXiv 2406.07550, its code): of `passes` passes, the k-th from 0 multiplies both noises, of ids and of confidences,
 * by noise · (1 - (k + 1) / passes), so that the last one takes the most probable ids. The 32 tokens of its largest model take 8
 * passes at a noise of 9.5.
 */
export function titokSettings(passes: number, noise: number): MaskedSettings {
  const falling = { from: noise * (1 - 1 / passes), to: 0 };
  const settings = { passes, schedule: "arccos", order: "logit", confidenceNoise: falling, temperature: falling };
  return maskedSettings(settings as MaskedSettings);
}

/** The positions as a group that is unmasked by these settings. */
export function maskedGroup(positions: readonly number[], settings: MaskedSettings): MaskedGroup {
  const { passes, schedule, order, confidenceNoise, temperature } = settings;
  const group = { positions, passes, schedule: SCHEDULES[schedule], temperature };
  if (order === "random") return { ...group, confidence: null };
  return {
    ...group,
    confidence(drawn, draws) {
      const { item, position, pass, progress } = drawn;
      const noise = annealed(confidenceNoise, progress);
      const sure = CONFIDENCES[order](drawn, draws);
      return noise === 0 ? sure : sure + noise * gumbel(draws.coin(item, position, "confidence", pass));
    },
  };
}

/** How many of `count` positions stand when each pass over them begins: where guidance that grows from pass to pass takes its steps. */
export function standingBefore(count: number, { passes, schedule }: MaskedSettings): number[] {
  return [0, ...passesOf(count, passes, SCHEDULES[schedule]).map(({ masked }) => count - masked)].slice(0, -1);
}
