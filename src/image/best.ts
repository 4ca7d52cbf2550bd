/** Which of several pictures of one prompt fits it best, by the model's own picture encoder. */
import type { FloatTensor } from "../engine/tensor.js";
import { type Channels, type Picture, pixelsOf } from "../tokenizers/image/pixels.js";
import type { Prepared } from "./condition.js";
import { resized } from "./encode.js";
import type { ImageModel } from "./model.js";

/** The number of the picture, the first one among equals and where the prompt says nothing. */
export async function best(
  { pictureEncoder }: ImageModel,
  { vectorsOf }: Prepared,
  subject: number,
  pictures: readonly Picture[],
): Promise<number> {
  const [encoder, vectors] = await Promise.all([pictureEncoder!.open(), vectorsOf(subject)]);
  if (vectors === null || vectors.length === 0) return 0;
  const { side, channels } = encoder.config;
  const twice = await Promise.all(pictures.map((picture) => resized(picture, 2 * side)));
  const nearness = await encoder.nearness(vectors, halved(pixelsOf(twice, channels as Channels)));
  return nearness.indexOf(Math.max(...nearness));
}

/** The mean of each 2 x 2 pixels, as the encoder saw pictures in training. */
function halved({ shape, data }: FloatTensor): FloatTensor {
  const [B, C, Y, X] = shape as [number, number, number, number];
  const [rows, columns] = [Y / 2, X / 2];
  const out = Float32Array.from({ length: B * C * rows * columns }, (_, i) => {
    const at = 2 * (i % columns) + 2 * X * Math.floor(i / columns);
    return (data[at]! + data[at + 1]! + data[at + X]! + data[at + X + 1]!) / 4;
  });
  return { shape: [B, C, rows, columns], data: out };
}
