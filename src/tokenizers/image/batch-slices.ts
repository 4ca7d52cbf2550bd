/** Large batches of pictures, run a slice at a time. */
import type { Tensor } from "../../engine/tensor.js";

/**
 * Pixels of one run: four pictures of 128 × 128. A larger batch is cut: a CPU gains nothing from it (10 ms of one core per picture, with four
 * as with eight), and maps of 128 channels take 512 bytes per pixel.
 */
const PIXELS_PER_RUN = 2 ** 16;

/** Runs `work` on as many items of the batch at once as PIXELS_PER_RUN allows, `area` pixels each, and joins the results. */
export async function inSlices<T extends Tensor>(
  batch: T,
  area: number,
  work: (slice: T) => Promise<Tensor>,
): Promise<Tensor> {
  const items = batch.shape[0]!;
  const step = Math.max(1, Math.floor(PIXELS_PER_RUN / area));
  if (items <= step) return work(batch);
  const stride = batch.data.length / items;
  let joined: Tensor | null = null;
  for (let start = 0; start < items; start += step) {
    const end = Math.min(items, start + step);
    const data = batch.data.subarray(start * stride, end * stride);
    const part = await work({ ...batch, shape: [end - start, ...batch.shape.slice(1)], data });
    const Kind = part.data.constructor as { new (length: number): Tensor["data"] };
    joined ??= { shape: [items, ...part.shape.slice(1)], data: new Kind((part.data.length / (end - start)) * items) };
    joined.data.set(part.data, (joined.data.length / items) * start);
  }
  return joined!;
}
