/** The contact sheet: every picture on one, with its prompt below it. */
import { join } from "node:path";
import sharp, { type OverlayOptions } from "sharp";
import { type ImageModel, markingOf, xmpOf } from "../index.js";
import { BACKGROUND, type Label, labelled } from "./labels.js";
import type { GalleryRow } from "./row.js";

const SIDE = 144;
const GAP = 20;
const LABEL = 36;
const COLUMNS = 9;

/** The bytes of a PNG with the pictures in rows. */
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
  const labels = rows.flatMap(({ prompt, style }, i): Label[] => {
    const { left, top } = placeOf(i, columns);
    const line = { x: left + SIDE / 2, anchor: "middle" } as const;
    return [
      { ...line, y: top + SIDE + 16, text: prompt, tone: "ink" },
      { ...line, y: top + SIDE + 31, text: style, tone: "soft" },
    ];
  });
  const mark = markingOf({ model: `${model.name} ${model.revision}`, prompt: null, seed: rows[0]!.seed, index: null });
  return sharp({ create: { width, height, channels: 3, background: BACKGROUND } })
    .composite([...placed, labelled({ width, height }, labels)])
    .withXmp(xmpOf(mark))
    .png({ compressionLevel: 9 })
    .toBuffer();
}

const placeOf = (i: number, columns: number) => ({
  left: GAP + (i % columns) * (SIDE + GAP),
  top: GAP + Math.floor(i / columns) * (SIDE + LABEL + GAP),
});
