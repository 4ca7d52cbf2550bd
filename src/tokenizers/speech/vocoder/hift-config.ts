/** Configurations of HiFT (HiFTNet, arXiv 2309.09493, as CosyVoice uses it). */
import { isIntegerIn, isNumberIn } from "../../../base/check.js";
import { ArgumentError } from "../../../base/errors.js";
import { type Fields, fields } from "../../../base/fields.js";

/** Whether a layer sees as much ahead as behind, or but a few frames ahead, so that speech can be streamed. */
const LAYERS = ["centred", "causal"] as const;

/** How the phase of the source follows the fundamental: sample by sample, in a straight line from frame to frame, or in steps. */
const PHASES = ["each sample", "between frames", "held by frames"] as const;

export interface HiftConfig {
  readonly layers: (typeof LAYERS)[number];
  readonly phase: (typeof PHASES)[number];
  /** Samples a second. */
  readonly sampleRate: number;
  readonly mels: number;
  /** Channels before the first upsampling, which halves them, as each does. */
  readonly channels: number;
  readonly upsampleRates: readonly number[];
  readonly upsampleKernels: readonly number[];
  /** Kernels of the parallel residual blocks after each upsampling, and the dilations of each. */
  readonly resKernels: readonly number[];
  readonly resDilations: readonly (readonly number[])[];
  /** The same of the one block that each upsampling has for the source. */
  readonly sourceKernels: readonly number[];
  readonly sourceDilations: readonly (readonly number[])[];
  /** Frames of the spectra of source and waveform. */
  readonly fftSize: number;
  readonly fftHop: number;
  /** Harmonics of the source above its fundamental. */
  readonly harmonics: number;
  readonly f0Channels: number;
  /** Amplitude of a harmonic, and of the noise on voiced samples; on others noise has a third of the former. */
  readonly sineAmplitude: number;
  readonly noiseAmplitude: number;
  /** A fundamental at or below it, in Hz, is no voice. */
  readonly voicedAbove: number;
}

/** Samples of a frame of mel. */
export const hopOf = ({ upsampleRates, fftHop }: HiftConfig): number =>
  upsampleRates.reduce((product, rate) => product * rate, fftHop);

const BRANCHES = {
  resKernels: [3, 7, 11],
  resDilations: [
    [1, 3, 5],
    [1, 3, 5],
    [1, 3, 5],
  ],
} as const;

const SOUND = {
  mels: 80,
  fftSize: 16,
  fftHop: 4,
  harmonics: 8,
  f0Channels: 512,
  sineAmplitude: 0.1,
  noiseAmplitude: 0.003,
  voicedAbove: 10,
} as const;

const V2 = {
  ...{ ...BRANCHES, ...SOUND, layers: "centred", phase: "between frames", sampleRate: 24000, channels: 512 },
  upsampleRates: [8, 5, 3],
  upsampleKernels: [16, 11, 7],
  sourceKernels: [7, 7, 11],
  sourceDilations: BRANCHES.resDilations,
} as const satisfies HiftConfig;

/** The published vocoders. */
export const HIFT_CONFIGS = {
  "cosyvoice-300m": {
    ...{ ...BRANCHES, ...SOUND, layers: "centred", phase: "each sample", sampleRate: 22050, channels: 512 },
    upsampleRates: [8, 8],
    upsampleKernels: [16, 16],
    sourceKernels: [7, 11],
    sourceDilations: BRANCHES.resDilations.slice(0, 2),
  },
  "cosyvoice2-0.5b": V2,
  "cosyvoice3-0.5b": { ...V2, layers: "causal", phase: "held by frames" },
} as const satisfies Readonly<Record<string, HiftConfig>>;

/** Checks the vocoder of a config.json. Throws ArgumentError that names the field. */
export function parseHiftConfig(where: string, json: unknown): HiftConfig {
  const of = fields(json, where);
  const config: HiftConfig = {
    layers: of.word("layers", LAYERS),
    phase: of.word("phase", PHASES),
    sampleRate: of.number("sampleRate", "an integer from 8000 to 48000", isIntegerIn(8000, 48000)),
    mels: width(of, "mels"),
    channels: width(of, "channels"),
    upsampleRates: integers(of, "upsampleRates"),
    upsampleKernels: integers(of, "upsampleKernels"),
    resKernels: integers(of, "resKernels"),
    resDilations: lists(of, "resDilations"),
    sourceKernels: integers(of, "sourceKernels"),
    sourceDilations: lists(of, "sourceDilations"),
    fftSize: of.number(
      "fftSize",
      "an even integer from 4 to 4096",
      (n) => isIntegerIn(4, 4096)(n) && Number(n) % 2 === 0,
    ),
    fftHop: width(of, "fftHop"),
    harmonics: of.number("harmonics", "an integer from 0 to 64", isIntegerIn(0, 64)),
    f0Channels: width(of, "f0Channels"),
    sineAmplitude: of.number("sineAmplitude", "a number from 0 to 1", isNumberIn(0, 1)),
    noiseAmplitude: of.number("noiseAmplitude", "a number from 0 to 1", isNumberIn(0, 1)),
    voicedAbove: of.number("voicedAbove", "a number from 0 to 1000", isNumberIn(0, 1000)),
  };
  of.finish();
  const agree = (
    name: "upsampleKernels" | "resDilations" | "sourceKernels" | "sourceDilations",
    partner: readonly unknown[],
  ) => {
    if (config[name].length !== partner.length)
      throw new ArgumentError(
        `${where}.${name}`,
        `a list of ${partner.length}, as its partner has`,
        config[name].length,
      );
  };
  agree("upsampleKernels", config.upsampleRates);
  agree("resDilations", config.resKernels);
  agree("sourceKernels", config.upsampleRates);
  agree("sourceDilations", config.upsampleRates);
  return config;
}

const SMALL = isIntegerIn(1, 64);

const width = (of: Fields, name: string): number => of.number(name, "an integer from 1 to 4096", isIntegerIn(1, 4096));

const integers = (of: Fields, name: string): readonly number[] =>
  of.value(
    name,
    "a list of one to eight integers from 1 to 64",
    (value): value is number[] => isShortList(value) && value.every(SMALL),
  );

const lists = (of: Fields, name: string): readonly (readonly number[])[] =>
  of.value(name, "a list of lists of integers from 1 to 64", (value): value is number[][] => {
    return isShortList(value) && value.every((list) => isShortList(list) && list.every(SMALL));
  });

const isShortList = (value: unknown): value is unknown[] =>
  Array.isArray(value) && value.length >= 1 && value.length <= 8;
