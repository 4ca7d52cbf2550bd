/**
 * The convolution of small networks of ours: 3 x 3, then SiLU; added to its input where it changes no size (arXiv 1512.03385 §3.2). The batch
 * normalisation of training is folded into its weights.
 */
import { isIntegerIn } from "../../base/check.js";
import type { Fields } from "../../base/fields.js";
import type { GraphBuilder, Value } from "../graph.js";
import { opsOf } from "../ops/index.js";

/** A row of a tower of them. */
export interface ConvolutionRow {
  /** Channels that come out. */
  readonly channels: number;
  /** Pixels from one place to the next, so that sides shrink by that factor. */
  readonly stride: number;
}

/** x [B, C, Y, X] to [B, channels, Y / stride, X / stride]; weights `PATH.weight` and `PATH.bias`. */
export function siluConvolution(g: GraphBuilder, path: string, x: Value, { channels, stride }: ConvolutionRow): Value {
  const o = opsOf(g);
  const before = x.shape[1] as number;
  const kernel = g.weight(`${path}.weight`, [channels, before, 3, 3]);
  const y = o.silu(o.conv2d(x, kernel, g.weight(`${path}.bias`, [channels]), { stride, pads: [1, 1, 1, 1] }));
  return before === channels && stride === 1 ? o.add(x, y) : y;
}

/** How many times smaller the sides are behind a tower. */
export const shrinkage = (rows: readonly ConvolutionRow[]): number =>
  rows.reduce((product, { stride }) => product * stride, 1);

/** The rows of a tower out of a config.json. Throws ArgumentError naming the field. */
export function parseConvolutions(of: Fields, name: string): readonly ConvolutionRow[] {
  return of.objects(name).map((row) => {
    const channels = row.number("channels", "an integer from 1 to 65536", isIntegerIn(1, 2 ** 16));
    const stride = row.number("stride", "an integer from 1 to 16", isIntegerIn(1, 16));
    row.finish();
    return { channels, stride };
  });
}
