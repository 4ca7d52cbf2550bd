/** Which one-dimensional tokenizers exist: TiTok (arXiv 2406.07550 §3) for pictures, HiMTok (arXiv 2503.13026 §3) for masks. */
import { isIntegerIn } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import { type Fields, fields } from "../../base/fields.js";
import { described } from "../../base/words.js";
import { parseWidth } from "../image/codec-config.js";

/**
 * How the forms of the network differ.
 *
 * `reading`: how the last convolution of the encoder reads the latent matrix [N, C]: turned into [C, N], or its numbers taken as
 * [C, N] in the order in which they lie in memory, so that every token mixes all latents.
 * `sight`: whether latents see each other, or only those before them.
 * `codebook`: the rows of the file, or those rows times a projection.
 */
export const TITOK_FORMS = {
  /** The form of TiTok's later checkpoints (`is_legacy: false`), whose decoder paints pixels directly. */
  plain: { reading: "turned", sight: "open", codebook: "rows" },
  /** The form of TiTok's first checkpoints, whose decoder mixes codes of a convolutional picture codec. */
  legacy: { reading: "as it lies", sight: "open", codebook: "rows" },
  /** HiMTok, whose tokens run from coarse to fine; its decoder makes the features of a convolutional decoder. */
  hierarchical: { reading: "as it lies", sight: "causal", codebook: "projected" },
} as const;

export type TitokForm = keyof typeof TITOK_FORMS;

interface Shared {
  /** Pixels of one side of the picture, and of a patch. */
  readonly side: number;
  readonly patch: number;
  /** Tokens of a picture. */
  readonly tokens: number;
  readonly codeDim: number;
  readonly vocab: number;
  readonly encoder: TowerConfig;
  readonly decoder: TowerConfig;
}

export type TitokConfig =
  | (Shared & { readonly form: "plain" })
  | (Shared & {
      readonly form: "legacy";
      /** Codes of the picture codec, which the decoder mixes by a softmax. */
      readonly pixelCodes: number;
      readonly pixelDecoder: PixelDecoderConfig;
    })
  | (Shared & { readonly form: "hierarchical"; readonly pixelDecoder: PixelDecoderConfig });

/** A transformer; its MLP is four times as wide. */
export interface TowerConfig {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
}

/** The decoder of MaskGIT's VQGAN (arXiv 2202.04200). */
export interface PixelDecoderConfig {
  /** Channels that come in. */
  readonly zChannels: number;
  /** Width of the finest level; level i has ch x multipliers[i]. */
  readonly ch: number;
  readonly multipliers: readonly number[];
  /** Residual blocks of a level. */
  readonly resBlocks: number;
}

/** Groups of every group normalisation. */
export const GROUPS = 32;

/** Patches of one side of the picture. */
export const gridOf = ({ side, patch }: TitokConfig): number => side / patch;

const MASKGIT = { ch: 128, multipliers: [1, 1, 2, 2, 4], resBlocks: 2 } as const;

const picture = (tower: TowerConfig, tokens: number) =>
  ({
    form: "legacy",
    ...{ side: 256, patch: 16, tokens, codeDim: 12, vocab: 4096, encoder: tower, decoder: tower },
    ...{ pixelCodes: 1024, pixelDecoder: { ...MASKGIT, zChannels: 256 } },
  }) as const satisfies TitokConfig;

const LARGE = { width: 1024, layers: 24, heads: 16 } as const;

/** The published tokenizers: tokenizer_titok_{l32, b64, s128}_imagenet and the mask tokenizer of HiMTok. */
export const TITOK_CONFIGS = {
  "titok-l-32": picture(LARGE, 32),
  "titok-b-64": picture({ width: 768, layers: 12, heads: 12 }, 64),
  "titok-s-128": picture({ width: 512, layers: 8, heads: 8 }, 128),
  himtok: {
    form: "hierarchical",
    ...{ side: 256, patch: 16, tokens: 32, codeDim: 12, vocab: 1024, encoder: LARGE, decoder: LARGE },
    pixelDecoder: { ...MASKGIT, zChannels: 1024 },
  },
} as const satisfies Record<string, TitokConfig>;

/**
 * Reads a row out of parsed JSON, with the fields of TitokConfig by their names.
 *
 * @throws ArgumentError naming the field: unknown, absent or out of range; heads that do not divide their width; a patch that does
 * not divide the side, or that the levels of the pixel decoder do not undo; widths that 32 groups do not divide.
 */
export function parseTitokConfig(where: string, json: unknown): TitokConfig {
  const of = fields(json, where);
  const form = of.word("form", Object.keys(TITOK_FORMS) as TitokForm[]);
  const side = of.number("side", "an integer from 1 to 4096", isIntegerIn(1, 4096));
  const patch = of.number("patch", "an integer from 1 to 64 that divides the side", (value) => {
    return isIntegerIn(1, 64)(value) && side % (value as number) === 0;
  });
  const shared: Shared = {
    ...{ side, patch },
    tokens: of.number("tokens", "an integer from 1 to 4096", isIntegerIn(1, 4096)),
    codeDim: parseWidth(of, "codeDim"),
    vocab: of.number("vocab", "an integer from 2 to 1048576", isIntegerIn(2, 2 ** 20)),
    encoder: parseTower(of, "encoder"),
    decoder: parseTower(of, "decoder"),
  };
  const config: TitokConfig =
    form === "plain"
      ? { form, ...shared }
      : form === "legacy"
        ? {
            form,
            ...shared,
            pixelCodes: parseWidth(of, "pixelCodes"),
            pixelDecoder: parsePixelDecoder(of, where, patch),
          }
        : { form, ...shared, pixelDecoder: parsePixelDecoder(of, where, patch) };
  of.finish();
  return config;
}

function parseTower(of: Fields, name: string): TowerConfig {
  const tower = of.object(name);
  const width = parseWidth(tower, "width");
  const layers = tower.number("layers", "an integer from 1 to 256", isIntegerIn(1, 256));
  const heads = tower.number("heads", "an integer from 1 to 256 that divides the width", (value) => {
    return isIntegerIn(1, 256)(value) && width % (value as number) === 0;
  });
  tower.finish();
  return { width, layers, heads };
}

function parsePixelDecoder(of: Fields, where: string, patch: number): PixelDecoderConfig {
  const decoder = of.object("pixelDecoder");
  const config: PixelDecoderConfig = {
    zChannels: parseWidth(decoder, "zChannels"),
    ch: decoder.number("ch", `a multiple of ${GROUPS} from ${GROUPS} to 4096`, (value) => {
      return isIntegerIn(GROUPS, 4096)(value) && (value as number) % GROUPS === 0;
    }),
    multipliers: decoder.value("multipliers", "one to eight integers from 1 to 64", (value): value is number[] => {
      return Array.isArray(value) && value.length >= 1 && value.length <= 8 && value.every(isIntegerIn(1, 64));
    }),
    resBlocks: decoder.number("resBlocks", "an integer from 1 to 16", isIntegerIn(1, 16)),
  };
  decoder.finish();
  const factor = 2 ** (config.multipliers.length - 1);
  if (factor !== patch) {
    const received = described(`${config.multipliers.length} levels, which enlarge ${factor} times`);
    throw new ArgumentError(
      `${where}.pixelDecoder.multipliers`,
      `levels that enlarge ${patch} times, as a patch`,
      received,
    );
  }
  return config;
}
