/** The contact sheet: every picture on one, with its prompt below it. */
import { join } from "node:path";
import sharp, { type OverlayOptions } from "sharp";
import { type ImageModel, markingOf, xmpOf } from "../index.js";
import type { GalleryRow } from "./row.js";

const SIDE = 144;
const GAP = 20;
const LABEL = 36;
const COLUMNS = 9;
const BACKGROUND = "#f7f5f2";

/**
 * The bytes of a PNG with the pictures in rows. Labels are set by the fonts of the system; where it has none, they stay empty
 * and nothing else changes, which is why all that the sheet says is on the page, too.
 */
export async function sheetOf(model: ImageModel, folder: string, rows: readonly GalleryRow[]): Promise<Uint8Array> {
  const columns = Math.min(COLUMNS, rows.length);
  const width = GAP + columns * (SIDE + GAP);
  const height = GAP + Math.ceil(rows.length / columns) * (SIDE + LABEL + GAP);
  const placed = await Promise.all(
    rows.map(async ({ file }, i): Promise<OverlayOptions> => {
      const input = await sharp(join(folder, file)).resize(SIDE, SIDE, { kernel: "lanczos3" }).png().toBuffer();
      return { input, ...placeOf(i, columns) };
    }),
  );
  const labels: OverlayOptions = { input: Buffer.from(labelsOf(rows, columns, width, height)), left: 0, top: 0 };
  const mark = markingOf({ model: `${model.name} ${model.revision}`, prompt: null, seed: rows[0]!.seed, index: null });
  return sharp({ create: { width, height, channels: 3, background: BACKGROUND } })
    .composite([...placed, labels])
    .withXmp(xmpOf(mark))
    .png({ compressionLevel: 9 })
    .toBuffer();
}

const placeOf = (i: number, columns: number) => ({
  left: GAP + (i % columns) * (SIDE + GAP),
  top: GAP + Math.floor(i / columns) * (SIDE + LABEL + GAP),
});

function labelsOf(rows: readonly GalleryRow[], columns: number, width: number, height: number): string {
  const texts = rows.map(({ prompt, style }, i) => {
    const { left, top } = placeOf(i, columns);
    const x = left + SIDE / 2;
    const line = (y: number, fill: string, text: string) =>
      `<text x="${x}" y="${top + SIDE + y}" fill="${fill}">${xml(text)}</text>`;
    return line(16, "#2b2926", prompt) + line(31, "#8a857d", style);
  });
  const font = 'font-family="sans-serif" font-size="13" text-anchor="middle"';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><g ${font}>${texts.join("")}</g></svg>`;
}

const xml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
