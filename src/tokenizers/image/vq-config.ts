/** Which VQ tokenizers exist: a row states what the checkpoint does not say itself. LlamaGen, arXiv 2406.06525 §3.1. */
import { isIntegerIn } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import type { Channels } from "./pixels.js";

export interface VqConfig {
  /** 3 = RGB, 4 = premultiplied RGBA. */
  readonly channels: Channels;
  /** Pixels of one side of a position of the first convolution (space to depth); 1 in LlamaGen. */
  readonly patch: number;
  /** Width of the finest level; level i has ch x multipliers[i]. */
  readonly ch: number;
  readonly multipliers: readonly number[];
  /** Residual blocks of a level of the encoder; the decoder has one more. */
  readonly resBlocks: number;
  /** Groups of every group normalisation. */
  readonly groups: number;
  readonly zChannels: number;
  readonly codeDim: number;
  readonly vocab: number;
}

/** The published tokenizers. vq_ds16_c2i and vq_ds16_t2i share a row: only their numbers differ. */
export const VQ_CONFIGS = {
  "vq-ds16": published([1, 1, 2, 2, 4]),
  "vq-ds8": published([1, 2, 2, 4]),
} as const satisfies Record<string, VqConfig>;

function published(multipliers: readonly number[]): VqConfig {
  return {
    channels: 3,
    patch: 1,
    ch: 128,
    multipliers,
    resBlocks: 2,
    groups: 32,
    zChannels: 256,
    codeDim: 8,
    vocab: 16_384,
  };
}

/** Pixels of one side of a token. */
export const downsampleOf = ({ patch, multipliers }: VqConfig): number => patch * 2 ** (multipliers.length - 1);

/** What each field may be, and the words for it. Bounds keep a hostile config.json from asking for absurd memory. */
const FIELDS: { readonly [K in keyof VqConfig]: readonly [expected: string, ok: (value: unknown) => boolean] } = {
  channels: ["3 or 4", (value) => value === 3 || value === 4],
  patch: ["an integer from 1 to 64", isIntegerIn(1, 64)],
  ch: ["an integer from 1 to 4096", isIntegerIn(1, 4096)],
  multipliers: [
    "one to eight integers from 1 to 64",
    (value) => Array.isArray(value) && value.length >= 1 && value.length <= 8 && value.every(isIntegerIn(1, 64)),
  ],
  resBlocks: ["an integer from 1 to 16", isIntegerIn(1, 16)],
  groups: ["an integer from 1 to 4096", isIntegerIn(1, 4096)],
  zChannels: ["an integer from 1 to 4096", isIntegerIn(1, 4096)],
  codeDim: ["an integer from 1 to 4096", isIntegerIn(1, 4096)],
  vocab: ["an integer from 2 to 1048576", isIntegerIn(2, 2 ** 20)],
};

/**
 * A row out of parsed JSON, with the fields of VqConfig by their names.
 *
 * @throws ArgumentError naming the field: unknown, absent or out of range; or widths that the groups do not divide.
 */
export function parseVqConfig(where: string, json: unknown): VqConfig {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new ArgumentError(where, `an object with ${Object.keys(FIELDS).join(", ")}`, json);
  }
  for (const name of Object.keys(json)) {
    if (!Object.hasOwn(FIELDS, name)) {
      throw new ArgumentError(where, `only the fields ${Object.keys(FIELDS).join(", ")}`, name, `Remove "${name}".`);
    }
  }
  const row = json as VqConfig; // each field is looked at before the row is used
  for (const [name, [expected, ok]] of Object.entries(FIELDS)) {
    const value: unknown = Object.hasOwn(row, name) ? row[name as keyof VqConfig] : undefined;
    if (!ok(value)) throw new ArgumentError(`${where}.${name}`, expected, value);
  }
  const uneven = row.multipliers.map((m) => m * row.ch).find((width) => width % row.groups !== 0);
  if (uneven !== undefined || row.ch % row.groups !== 0) {
    throw new ArgumentError(
      `${where}.groups`,
      "a divisor of ch and of every width",
      `${row.groups} (a width is ${uneven ?? row.ch})`,
    );
  }
  return row;
}
