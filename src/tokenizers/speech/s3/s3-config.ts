/** Configurations of the tokenizer of speech: supervised semantic tokens (CosyVoice, arXiv 2407.05407 §2.1; 2, arXiv 2412.10117 §2.2). */
import { isIntegerIn } from "../../../base/check.js";
import { ArgumentError } from "../../../base/errors.js";
import { type Fields, fields } from "../../../base/fields.js";

export interface S3Config {
  readonly mels: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  /** Strides of the two convolutions in front: 160 samples times both are one token. */
  readonly strides: readonly [number, number];
  /** How positions and codes are made: a table and a codebook (generation 1), or rotations, a memory and rounded scalars (2, 3). */
  readonly codes: VectorCodes | ScalarCodes;
}

export interface VectorCodes {
  readonly kind: "vector";
  readonly codebook: number;
  /** Rows of the table of positions. */
  readonly positions: number;
}

export interface ScalarCodes {
  readonly kind: "scalar";
  /** Scalars of a code, each one of three values. */
  readonly scalars: number;
  /** Size of the convolution that is the memory of an attention layer. */
  readonly memory: number;
}

export const vocabularyOf = ({ codes }: S3Config): number =>
  codes.kind === "vector" ? codes.codebook : 3 ** codes.scalars;

const V2 = {
  ...{ mels: 128, width: 1280, heads: 20, layers: 6, strides: [2, 2] },
  codes: { kind: "scalar", scalars: 8, memory: 31 },
} as const satisfies S3Config;

/** The published tokenizers. */
export const S3_CONFIGS = {
  "s3-v1-50hz": {
    ...{ ...V2, strides: [1, 2] },
    codes: { kind: "vector", codebook: 4096, positions: 1500 },
  },
  "s3-v1-25hz": { ...V2, codes: { kind: "vector", codebook: 4096, positions: 1500 } },
  "s3-v2-25hz": V2,
  "s3-v3-25hz": { ...V2, layers: 12 },
} as const satisfies Readonly<Record<string, S3Config>>;

/** Checks the tokenizer of a config.json. Throws ArgumentError that names the field. */
export function parseS3Config(where: string, json: unknown): S3Config {
  const of = fields(json, where);
  const config: S3Config = {
    mels: count(of, "mels", 4096),
    width: count(of, "width", 8192),
    heads: count(of, "heads", 128),
    layers: count(of, "layers", 128),
    strides: of.value("strides", "a list of two integers from 1 to 4", (value): value is [number, number] => {
      return Array.isArray(value) && value.length === 2 && value.every(isIntegerIn(1, 4));
    }),
    codes: codes(of.object("codes")),
  };
  of.finish();
  if (config.width % config.heads !== 0 || (config.width / config.heads) % 2 !== 0)
    throw new ArgumentError(
      `${where}.heads`,
      "a number that leaves each head an even share of the width",
      config.heads,
    );
  return config;
}

function codes(of: Fields): S3Config["codes"] {
  const kind = of.word("kind", ["vector", "scalar"]);
  const found: S3Config["codes"] =
    kind === "vector"
      ? { kind, codebook: count(of, "codebook", 2 ** 20), positions: count(of, "positions", 2 ** 16) }
      : { kind, scalars: count(of, "scalars", 12), memory: count(of, "memory", 255) };
  of.finish();
  return found;
}

const count = (of: Fields, name: string, most: number): number =>
  of.number(name, `an integer from 1 to ${most}`, isIntegerIn(1, most));
