/** Which multi-scale residual VQ tokenizers exist: one row each. VAR, arXiv 2404.02905 §3.2 and appendix. */
import { isIntegerIn, isNumberIn } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import { fields } from "../../base/fields.js";
import { type CodecConfig, downsampleOf, parseCodecConfig } from "./codec-config.js";

/** Rows and columns of the token map of one scale. */
export type Grid = readonly [rows: number, columns: number];

export interface MultiScaleConfig extends CodecConfig {
  readonly phi: PhiConfig;
  /** From the smallest to the one that the whole map has. All scales share the codebook. */
  readonly scales: readonly Grid[];
}

/** The convolutions that refine an up-sampled map of codes. */
export interface PhiConfig {
  /** How many there are; 0: one per scale. */
  readonly share: number;
  /** The part of the map that goes through the convolution, above 0 and up to 1. */
  readonly ratio: number;
}

const squares = (...sides: readonly number[]): readonly Grid[] => sides.map((side) => [side, side]);

const published = (scales: readonly Grid[]) =>
  ({
    channels: 3,
    patch: 1,
    ch: 160,
    multipliers: [1, 1, 2, 2, 4],
    resBlocks: 2,
    groups: 32,
    codeDim: 32,
    vocab: 4096,
    preview: null,
    phi: { share: 4, ratio: 0.5 },
    scales,
  }) as const satisfies MultiScaleConfig;

/** The published tokenizer, vae_ch160v4096z32.pth: one file, cut into scales in two ways. */
export const MULTI_SCALE_CONFIGS = {
  "var-256": published(squares(1, 2, 3, 4, 5, 6, 8, 10, 13, 16)),
  "var-512": published(squares(1, 2, 3, 4, 6, 9, 13, 18, 24, 32)),
} as const satisfies Record<string, MultiScaleConfig>;

/** What follows from a row: pixels of a token's side, the grid of the whole map, and where each scale begins among the ids. */
export function deriveMultiScale(config: MultiScaleConfig) {
  const { scales } = config;
  const starts = [0];
  for (const [rows, columns] of scales) starts.push(starts.at(-1)! + rows * columns);
  return {
    downsample: downsampleOf(config),
    grid: scales.at(-1)!,
    /** One more than there are scales: the last is the number of all ids. */
    starts: starts as readonly number[],
    positions: starts.at(-1)!,
  };
}

/**
 * Which phi serves scale s of K: that whose tick lies nearest to s / (K - 1), the first of equals. Computed in float64 step by
 * step as the reference computes it, because for K = 10 and K = 14 some scales lie exactly between two ticks and rounding decides.
 */
export function phiOf({ share }: PhiConfig, scale: number, scales: number): number {
  const count = share === 0 ? scales : share;
  const margin = count === 4 ? 1 / 3 / count : 1 / 2 / count;
  const spacing = (1 - margin - margin) / (count - 1);
  const tick = (i: number) => (i === 0 ? margin : i === count - 1 ? 1 - margin : i * spacing + margin);
  const distance = (i: number) => Math.abs(tick(i) - scale / (scales - 1));
  let nearest = 0;
  for (let i = 1; i < count; i++) if (distance(i) < distance(nearest)) nearest = i;
  return nearest;
}

/**
 * A row out of parsed JSON, with the fields of MultiScaleConfig by their names; a square scale may be its side alone.
 *
 * @throws ArgumentError naming the field: unknown, absent or out of range; widths that the groups do not divide; scales that shrink.
 */
export function parseMultiScaleConfig(where: string, json: unknown): MultiScaleConfig {
  const of = fields(json, where);
  const phi = of.object("phi");
  const config: MultiScaleConfig = {
    ...parseCodecConfig(of, where),
    phi: {
      share: phi.number("share", "an integer from 0 to 64", isIntegerIn(0, 64)),
      ratio: phi.number("ratio", "a number above 0 and up to 1", (r) => isNumberIn(0, 1)(r) && r !== 0),
    },
    scales: parseScales(`${where}.scales`, of.take("scales")),
  };
  phi.finish();
  of.finish();
  return config;
}

function parseScales(where: string, json: unknown): readonly Grid[] {
  const side = isIntegerIn(1, 1024);
  if (!Array.isArray(json) || json.length < 2 || json.length > 64)
    throw new ArgumentError(where, "2 to 64 scales", json);
  const scales = json.map((scale: unknown): Grid => {
    const pair: unknown = typeof scale === "number" ? [scale, scale] : scale;
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every(side))
      throw new ArgumentError(where, "sides, or pairs [rows, columns], from 1 to 1024", scale);
    return [pair[0]!, pair[1]!];
  });
  const [rows, columns] = scales.at(-1)!;
  const larger = scales.find(([r, c]) => r > rows || c > columns);
  if (larger)
    throw new ArgumentError(
      where,
      `scales within the last one, ${rows} x ${columns}`,
      described(`a scale of ${larger.join(" x ")}`),
    );
  return scales;
}
