/** Mask tokenizers that say a box first, then the shape within it: how they are laid out. */
import { isIntegerIn, isNumberIn } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import { type Fields, fields } from "../../base/fields.js";
import { type ConvolutionRow, parseConvolutions, shrinkage } from "../../engine/blocks/silu-convolution.js";
import { parseWidth } from "../image/codec-config.js";

export interface FramedConfig {
  /** Pixels of one side of a mask. */
  readonly side: number;
  /** Places of a corner along one side; a corner is one of places² ids, as is every other token. */
  readonly places: number;
  /** Pixels of one side of the shape, into which its box is stretched. */
  readonly frame: number;
  /** Tokens along one side of each grid of the shape, from coarse to fine. */
  readonly scales: readonly number[];
  readonly codeDim: number;
  /** Convolutions from the frame to the finest grid. */
  readonly encoder: readonly ConvolutionRow[];
  /** Convolutions from the finest grid to half of the frame. */
  readonly decoder: readonly GrowingRow[];
  /** Height and width of a box of which one corner alone is known, in fractions of the mask. */
  readonly usual: readonly [height: number, width: number];
}

/** A convolution whose input is enlarged before it. */
export interface GrowingRow {
  readonly channels: number;
  /** How many times its input is enlarged, along each side. */
  readonly factor: number;
}

/** Tokens of the two corners of a box. */
export const CORNERS = 2;

export const shapeTokens = ({ scales }: FramedConfig): number => scales.reduce((sum, side) => sum + side * side, 0);

/** What follows from a row. */
export const deriveFramed = (config: FramedConfig) => ({
  vocab: config.places ** 2,
  tokens: CORNERS + shapeTokens(config),
  /** Codes along one side of the finest grid. */
  grid: config.scales.at(-1)!,
});

/**
 * Reads a row out of parsed JSON, with the fields of FramedConfig by their names.
 *
 * @throws ArgumentError naming the field: unknown, absent or out of range; places that do not divide the side; grids that do not grow;
 * convolutions that do not lead from the frame to the finest grid and back to half of it.
 */
export function parseFramedConfig(json: unknown, where = "tokenizer"): FramedConfig {
  const of = fields(json, where);
  const side = of.number("side", "an integer from 1 to 4096", isIntegerIn(1, 4096));
  const config: FramedConfig = {
    side,
    places: of.number("places", "an integer from 2 to 1024 that divides the side", (value) => {
      return isIntegerIn(2, 1024)(value) && side % (value as number) === 0;
    }),
    frame: of.number("frame", "an integer from 2 to 4096", isIntegerIn(2, 4096)),
    scales: of.value("scales", "one to sixteen integers from 1 to 64, each above the last", isRising),
    codeDim: parseWidth(of, "codeDim"),
    encoder: parseConvolutions(of, "encoder"),
    decoder: parseGrowing(of, "decoder"),
    usual: of.value("usual", "a height and a width from 0 to 1", isExtent),
  };
  of.finish();
  const { frame, encoder, decoder } = config;
  const { grid } = deriveFramed(config);
  const grown = grid * decoder.reduce((product, { factor }) => product * factor, 1);
  for (const [name, meets, found] of [
    ["encoder", frame === grid * shrinkage(encoder), `a frame of ${frame} that shrinks ${shrinkage(encoder)} times`],
    ["decoder", frame === 2 * grown, `a grid that grows to ${grown}`],
  ] as const)
    if (!meets)
      throw new ArgumentError(
        `${where}.${name}`,
        `sizes between ${frame} pixels and a grid of ${grid}`,
        described(found),
      );
  return config;
}

const isRising = (value: unknown): value is number[] =>
  Array.isArray(value) &&
  isIntegerIn(1, 16)(value.length) &&
  value.every(isIntegerIn(1, 64)) &&
  value.every((side, i) => i === 0 || side > value[i - 1]!);

const isExtent = (value: unknown): value is [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every(isNumberIn(0, 1));

function parseGrowing(of: Fields, name: string): readonly GrowingRow[] {
  return of.objects(name).map((row) => {
    const channels = row.number("channels", "an integer from 1 to 65536", isIntegerIn(1, 2 ** 16));
    const factor = row.number("factor", "an integer from 1 to 16", isIntegerIn(1, 16));
    row.finish();
    return { channels, factor };
  });
}
