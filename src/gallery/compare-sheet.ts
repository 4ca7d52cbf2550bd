/** The comparison as one PNG: a row for each order, with its cost, its previews and its picture. */
import sharp, { type OverlayOptions } from "sharp";
import { markingOf, xmpOf } from "../index.js";
import { type Compared, type ComparedOrder, PREVIEWS } from "./compare-orders.js";
import { BACKGROUND, labelled, type Label } from "./labels.js";

const SIDE = 144; // of a picture
const STEP = 96; // of a preview
const GAP = 20;
const TEXT = 150; // width of the labels

/** The bytes of the sheet. */
export async function compareSheetOf(
  { model, prompt, seed }: Compared,
  orders: readonly ComparedOrder[],
): Promise<Uint8Array> {
  const strip = GAP + TEXT;
  const last = strip + PREVIEWS * (STEP + GAP);
  const size = { width: last + SIDE + GAP, height: GAP + orders.length * (SIDE + GAP) };
  const top = (row: number) => GAP + row * (SIDE + GAP);
  const placed: Promise<OverlayOptions>[] = [];
  const place = (file: Uint8Array, side: number, left: number, y: number) => {
    const input = sharp(file).resize(side, side, { kernel: "lanczos3" }).png().toBuffer();
    placed.push(input.then((input) => ({ input, left, top: y })));
  };
  const labels: Label[] = [];
  for (const [row, { decoding, image, previews, forwardPasses, milliseconds }] of orders.entries()) {
    const first = last - previews.length * (STEP + GAP); // fewer passes, fewer previews: they end where the others end
    for (const [i, file] of previews.entries())
      place(file, STEP, first + i * (STEP + GAP), top(row) + (SIDE - STEP) / 2);
    place(image.bytes, SIDE, last, top(row));
    const middle = top(row) + SIDE / 2;
    labels.push({ x: GAP, y: middle - 12, text: decoding, tone: "ink", anchor: "start" });
    labels.push({ x: GAP, y: middle + 6, text: `${forwardPasses} passes`, tone: "soft", anchor: "start" });
    labels.push({ x: GAP, y: middle + 22, text: `${Math.round(milliseconds)} ms`, tone: "soft", anchor: "start" });
  }
  const mark = markingOf({ model: `${model.name} ${model.revision}`, prompt, seed, index: null });
  return sharp({ create: { ...size, channels: 3, background: BACKGROUND } })
    .composite([...(await Promise.all(placed)), labelled(size, labels)])
    .withXmp(xmpOf(mark))
    .png({ compressionLevel: 9 })
    .toBuffer();
}
