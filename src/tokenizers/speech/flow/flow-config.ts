/** Configurations of the flow matching decoder: speech tokens to mel (CosyVoice, arXiv 2407.05407 §2.3; 2, arXiv 2412.10117 §2.4). */
import { isIntegerIn, isNumberIn } from "../../../base/check.js";
import { type Fields, fields } from "../../../base/fields.js";
import type { ConformerSizes } from "../../../engine/blocks/conformer.js";

/** A conformer over tokens; all of its attention knows distances (Transformer-XL, arXiv 1901.02860). */
export interface ConformerConfig extends ConformerSizes {
  readonly layers: number;
}

/** A U-Net over frames whose levels hold residual blocks and transformers. */
export interface UNetConfig {
  /** Channels of each level; between two levels the frames are halved. Causal nets have one level. */
  readonly channels: readonly number[];
  /** Transformers behind each residual block. */
  readonly transformers: number;
  /** Blocks at the bottom. */
  readonly middles: number;
  readonly heads: number;
  readonly headSize: number;
}

/** A diffusion transformer over frames (arXiv 2212.09748). */
export interface DiffusionTransformerConfig {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly hidden: number;
  /** The two convolutions that say where frames stand. */
  readonly convKernel: number;
  readonly convGroups: number;
}

interface Shared {
  readonly vocabulary: number;
  /** Length of the vector of a speaker. */
  readonly speaker: number;
  readonly mels: number;
  /** Tokens a second. */
  readonly tokenRate: number;
  /** Steps of the solver. */
  readonly steps: number;
  /** w of (1 + w) · conditional - w · unconditional; 0 for no guidance, at half the work. */
  readonly guidance: number;
}

interface Chunked {
  /** Frames of a token. */
  readonly framesPerToken: number;
  /** Tokens of a chunk: in streaming, a frame sees its own chunk and those before it. */
  readonly chunk: number;
}

export type FlowConfig =
  | (Shared & { readonly generation: 1; readonly encoder: ConformerConfig; readonly estimator: UNetConfig } & {
      /** Samples a second and a frame of mel: they say how many frames a token has, which is no whole number. */
      readonly sampleRate: number;
      readonly hop: number;
    })
  | (Shared &
      Chunked & { readonly generation: 2 } & {
        readonly encoder: ConformerConfig & { readonly upLayers: number };
        readonly estimator: UNetConfig;
      })
  | (Shared &
      Chunked & { readonly generation: 3 } & {
        /** Channels inside the convolutions that look ahead. */
        readonly lookaheadChannels: number;
        readonly estimator: DiffusionTransformerConfig;
      });

/** Tokens at the end that only the tokens before them see, until the speech is final. */
export const LOOKAHEAD = 3;

const PUBLISHED = { speaker: 192, mels: 80, steps: 10, guidance: 0.7 } as const;
const CONFORMER = { width: 512, heads: 8, hidden: 2048, layers: 6 } as const;
const UNET = { transformers: 4, middles: 12, heads: 8, headSize: 64 } as const;

/** The published decoders. */
export const FLOW_CONFIGS = {
  "cosyvoice-300m": {
    ...{ ...PUBLISHED, generation: 1, vocabulary: 4096, tokenRate: 50, sampleRate: 22050, hop: 256 },
    encoder: CONFORMER,
    estimator: { ...UNET, channels: [256, 256] },
  },
  "cosyvoice2-0.5b": {
    ...{ ...PUBLISHED, generation: 2, vocabulary: 6561, tokenRate: 25, framesPerToken: 2, chunk: 25 },
    encoder: { ...CONFORMER, upLayers: 4 },
    estimator: { ...UNET, channels: [256] },
  },
  "cosyvoice3-0.5b": {
    ...{ ...PUBLISHED, generation: 3, vocabulary: 6561, tokenRate: 25, framesPerToken: 2, chunk: 25 },
    lookaheadChannels: 1024,
    estimator: { width: 1024, layers: 22, heads: 16, hidden: 2048, convKernel: 31, convGroups: 16 },
  },
} as const satisfies Readonly<Record<string, FlowConfig>>;

/** Checks the decoder of a config.json. Throws ArgumentError that names the field. */
export function parseFlowConfig(where: string, json: unknown): FlowConfig {
  const of = fields(json, where);
  const shared: Shared = {
    vocabulary: of.number("vocabulary", "an integer from 2 to 1048576", isIntegerIn(2, 2 ** 20)),
    speaker: width(of, "speaker"),
    mels: width(of, "mels"),
    tokenRate: of.number("tokenRate", "a number from 1 to 200", isNumberIn(1, 200)),
    steps: of.number("steps", "an integer from 1 to 1000", isIntegerIn(1, 1000)),
    guidance: of.number("guidance", "a number from 0 to 10", isNumberIn(0, 10)),
  };
  const generation = of.number("generation", "1, 2 or 3", isIntegerIn(1, 3)) as FlowConfig["generation"];
  const config = byGeneration(of, shared, generation);
  of.finish();
  return config;
}

function byGeneration(of: Fields, shared: Shared, generation: FlowConfig["generation"]): FlowConfig {
  if (generation === 1) {
    const rates = { sampleRate: of.number("sampleRate", "an integer from 8000 to 48000", isIntegerIn(8000, 48000)) };
    const [encoder, estimator] = [conformer(of.object("encoder")), uNet(of.object("estimator"), 8)];
    return { ...shared, ...rates, generation, hop: width(of, "hop"), encoder, estimator };
  }
  const chunked: Chunked = { framesPerToken: small(of, "framesPerToken"), chunk: width(of, "chunk") };
  if (generation === 2) {
    const given = of.object("encoder");
    const upLayers = small(given, "upLayers");
    return {
      ...shared,
      ...chunked,
      generation,
      encoder: { ...conformer(given), upLayers },
      estimator: uNet(of.object("estimator"), 1),
    };
  }
  const inner = of.object("estimator");
  const estimator: DiffusionTransformerConfig = {
    width: width(inner, "width"),
    layers: small(inner, "layers"),
    heads: small(inner, "heads"),
    hidden: width(inner, "hidden"),
    convKernel: small(inner, "convKernel"),
    convGroups: small(inner, "convGroups"),
  };
  inner.finish();
  return { ...shared, ...chunked, generation, lookaheadChannels: width(of, "lookaheadChannels"), estimator };
}

function conformer(of: Fields): ConformerConfig {
  const config = {
    width: width(of, "width"),
    heads: small(of, "heads"),
    hidden: width(of, "hidden"),
    layers: small(of, "layers"),
  };
  of.finish();
  return config;
}

function uNet(of: Fields, levels: number): UNetConfig {
  const config: UNetConfig = {
    channels: of.value("channels", `a list of one to ${levels} widths`, (value): value is number[] => {
      return Array.isArray(value) && value.length >= 1 && value.length <= levels && value.every(isIntegerIn(1, 4096));
    }),
    transformers: small(of, "transformers"),
    middles: small(of, "middles"),
    heads: small(of, "heads"),
    headSize: width(of, "headSize"),
  };
  of.finish();
  return config;
}

const width = (of: Fields, name: string): number => of.number(name, "an integer from 1 to 4096", isIntegerIn(1, 4096));
const small = (of: Fields, name: string): number => of.number(name, "an integer from 1 to 64", isIntegerIn(1, 64));
