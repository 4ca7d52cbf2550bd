/** The code of a codebook that lies nearest to a vector: vector quantisation itself (van den Oord et al. 2017, arXiv 1711.00937 §3.1). */
import type { GraphBuilder, Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import type { Tap } from "../tap.js";

/**
 * z [..., D] and codes [K, D] to ids [...] by the smallest |z|² + |e|² - 2·z·e; of equals the lowest. `tap` sees the
 * distances [..., K] and the ids.
 */
export function nearestCode(g: GraphBuilder, z: Value, codes: Value, tap: Tap): Value {
  const o = opsOf(g);
  const square = (x: Value, keepDims: boolean) => o.sum(o.mul(x, x), { axis: -1, keepDims });
  // Doubling z instead of the products is exact, and one tensor of this size less: K times as large as the map.
  const products = o.matmul(o.affine(z, { scale: 2 }), o.transpose(codes, { permutation: [1, 0] })); // [..., K]
  const lengths = o.add(square(z, true), square(codes, false)); //                                     [..., K]
  const distances = tap("quantize.distances", o.sub(lengths, products));
  return tap("quantize.ids", o.argmin(distances, { axis: -1 }));
}
