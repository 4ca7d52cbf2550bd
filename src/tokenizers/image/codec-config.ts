/** What every convolutional image codec is asked for: pixels of a picture to a grid of codes and back (see codec-blocks.ts). */
import { isIntegerIn } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import type { Fields } from "../../base/fields.js";
import type { Channels } from "./pixels.js";

export interface CodecConfig {
  /** 3 = RGB, 4 = premultiplied RGBA. */
  readonly channels: Channels;
  /** Pixels of one side of a position of the first convolution (space to depth); 1 in LlamaGen and VAR. */
  readonly patch: number;
  /** Width of the finest level; level i has ch x multipliers[i]. */
  readonly ch: number;
  readonly multipliers: readonly number[];
  /** Residual blocks of a level of the encoder; the decoder has one more. */
  readonly resBlocks: number;
  /** Groups of every group normalisation. */
  readonly groups: number;
  readonly codeDim: number;
  readonly vocab: number;
  /** The small decoder that shows unfinished pictures; null: the file has none, and the full one shows them. */
  readonly preview: PreviewConfig | null;
}

export interface PreviewConfig {
  readonly width: number;
  /** Residual convolutions of that width, all at the size of the map of codes. */
  readonly blocks: number;
}

/** Pixels of one side of a code of the finest grid. */
export const downsampleOf = ({ patch, multipliers }: CodecConfig): number => patch * 2 ** (multipliers.length - 1);

/** Those fields of a config.json, checked. Bounds keep a hostile file from asking for absurd memory. */
export function parseCodecConfig(of: Fields, where: string): CodecConfig {
  const config: CodecConfig = {
    channels: of.number("channels", "3 or 4", (value) => value === 3 || value === 4) as Channels,
    patch: of.number("patch", "an integer from 1 to 64", isIntegerIn(1, 64)),
    ch: parseWidth(of, "ch"),
    multipliers: of.value("multipliers", "one to eight integers from 1 to 64", (value): value is number[] => {
      return Array.isArray(value) && value.length >= 1 && value.length <= 8 && value.every(isIntegerIn(1, 64));
    }),
    resBlocks: of.number("resBlocks", "an integer from 1 to 16", isIntegerIn(1, 16)),
    groups: parseWidth(of, "groups"),
    codeDim: parseWidth(of, "codeDim"),
    vocab: of.number("vocab", "an integer from 2 to 1048576", isIntegerIn(2, 2 ** 20)),
    preview: (of.take("preview") ?? null) === null ? null : parsePreview(of.object("preview")), // may be absent
  };
  const uneven = [1, ...config.multipliers].map((m) => m * config.ch).find((width) => width % config.groups !== 0);
  if (uneven !== undefined) {
    const received = `${config.groups} (a width is ${uneven})`;
    throw new ArgumentError(`${where}.groups`, "a divisor of ch and of every width", received);
  }
  return config;
}

function parsePreview(of: Fields): PreviewConfig {
  const blocks = of.number("blocks", "an integer from 0 to 16", isIntegerIn(0, 16));
  const config = { width: parseWidth(of, "width"), blocks };
  of.finish();
  return config;
}

/** A number of channels. */
export const parseWidth = (of: Fields, name: string): number =>
  of.number(name, "an integer from 1 to 4096", isIntegerIn(1, 4096));
