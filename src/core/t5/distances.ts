/** Distances between tokens as T5 knows them: small ones each by itself, large ones in buckets that grow (arXiv 1910.10683 §2.1). */
import { type Tensor, tensor } from "../../engine/tensor.js";
import type { DistanceBuckets } from "./config.js";

/**
 * The bucket of a key that stands `distance` places after the query; negative: before it. In float32 like the reference: at powers of
 * two the logarithms come out even, and the last bit decides.
 */
export function bucketOf(distance: number, { buckets, most }: DistanceBuckets): number {
  const half = buckets / 2;
  const exact = Math.floor(half / 2);
  const [after, apart] = [distance > 0 ? half : 0, Math.abs(distance)];
  if (apart < exact) return after + apart;
  const f = Math.fround;
  const growth = f(f(Math.log(f(apart / exact))) / f(Math.log(most / exact)));
  return after + Math.min(exact + Math.trunc(f(growth * (half - exact))), half - 1);
}

/** The buckets of all pairs of `length` tokens, int32 [1, length, length]: a row for each query. */
export function bucketTable(length: number, distances: DistanceBuckets): Tensor {
  const row = Array.from({ length: 2 * length - 1 }, (_, i) => bucketOf(i - length + 1, distances));
  const data = new Int32Array(length * length);
  for (let query = 0; query < length; query++)
    data.set(row.slice(length - 1 - query, 2 * length - 1 - query), query * length);
  return tensor([1, length, length], data);
}
