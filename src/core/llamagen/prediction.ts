/**
 * Which slot predicts which position, by which head: what `prediction` of a configuration means, told once for the graph and
 * the feeder.
 *
 * A place is a row of the table of positions: the condition slots, then the special slots, then the positions. Where a thing
 * is kept in the cache depends on when it was fed; its place does not, and rotation follows the place.
 */
import { regionGroups } from "../grid.js";
import { derive, type PredictionConfig, type TransformerConfig } from "./config.js";

/** A head: its name here, and its final norm and its matrix in the files. */
export interface Head {
  readonly name: string;
  readonly norm: string;
  readonly output: string;
}

/** Head h reads block layers + h, counted from 1. With several, head h predicts the neighbour along the h-th axis from the last. */
export const HEADS = {
  "next-token": [{ name: "next", norm: "norm", output: "output" }],
  "next-neighbor": [
    { name: "right", norm: "norm", output: "output" },
    { name: "below", norm: "medusa_norm", output: "medusa_output" },
  ],
  "next-neighbor-video": [
    { name: "right", norm: "norm_R", output: "output_R" },
    { name: "below", norm: "norm_D", output: "output_D" },
    { name: "back", norm: "norm_B", output: "output_B" },
  ],
  regions: [{ name: "next", norm: "norm", output: "output" }],
} as const satisfies Record<PredictionConfig["kind"], readonly Head[]>;

/** Blocks of a model: those below the first head, and one for every further head. */
export const blocksOf = ({ layers, prediction }: TransformerConfig): number =>
  layers + HEADS[prediction.kind].length - 1;

/** Where the logits of a position come from. Several predictors are averaged, before guidance. */
export interface Predictor {
  readonly place: number;
  /** An index into HEADS. */
  readonly head: number;
}

export interface Sequence {
  /** The place of position 0. */
  readonly first: number;
  /** The last position. */
  readonly last: number;
  /** Places fed after a position in the pass that asks one of them for logits; mostly none. */
  behind(position: number): readonly number[];
  predictors(position: number): readonly Predictor[];
}

/** The sequence of a model. */
export function sequenceOf(config: TransformerConfig): Sequence {
  const { conditionSlots, specialSlots, extents, positions } = derive(config);
  const first = conditionSlots + specialSlots;
  const last = positions - 1;
  const start = conditionSlots - 1; // the last slot of the condition predicts the first position
  const { prediction } = config;
  switch (prediction.kind) {
    case "next-token":
      return {
        ...{ first, last },
        behind: () => [],
        predictors: (position) => [{ place: position === 0 ? start : first + position - 1, head: 0 }],
      };
    case "next-neighbor":
    case "next-neighbor-video":
      return {
        ...{ first, last },
        behind: () => [],
        predictors: (position) =>
          position === 0
            ? HEADS[prediction.kind].map((_, head) => ({ place: start, head }))
            : neighbours(position, extents).map(({ position, head }) => ({ place: first + position, head })),
      };
    case "regions": {
      const n = prediction.regions;
      const order = regionGroups(config.grid, n).flat();
      const index = new Map(order.map((position, i) => [position, i]));
      const anchor = order[n - 1]!; // it and the special slots after it predict the second group (PAR §3.2)
      const specials = Array.from({ length: specialSlots }, (_, i) => conditionSlots + i);
      const predictor = (i: number): number => {
        if (i === 0) return start;
        if (i <= n) return first + order[i - 1]!;
        return i < 2 * n ? specials[i - n - 1]! : first + order[i - n]!;
      };
      return {
        ...{ first, last },
        behind: (position) => (position === anchor ? specials : []),
        predictors: (position) => [{ place: predictor(index.get(position)!), head: 0 }],
      };
    }
  }
}

/** The cells one step towards the first cell along each axis, where there is one; `head` counts axes from the last. */
function neighbours(
  position: number,
  extents: readonly number[],
): { readonly position: number; readonly head: number }[] {
  const found: { position: number; head: number }[] = [];
  for (let head = 0, stride = 1; head < extents.length; head++) {
    const size = extents[extents.length - 1 - head]!;
    if (Math.floor(position / stride) % size > 0) found.push({ position: position - stride, head });
    stride *= size;
  }
  return found;
}
