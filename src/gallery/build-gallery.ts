/**
 * A folder of pictures from fixed seeds: each as PNG with its manifest, a contact sheet, a comparison of the orders of decoding, and a
 * page over these and whatever else of the folder has manifests. A second run keeps every picture whose manifest and pixels are those
 * that it would make, so an interrupted gallery goes on where it stopped.
 */
import { join } from "node:path";
import { nameFrom, slugOf } from "../base/slug.js";
import { writeWhole } from "../base/write-file.js";
import { ArgumentError, type DecodingName, type ImageModel, streamImage } from "../index.js";
import { buildComparison, COMPARISON_PAGE } from "./build-comparison.js";
import { isKept } from "./kept-picture.js";
import { GALLERY_PROMPTS, type GalleryPrompt } from "./prompts.js";
import type { GalleryRow } from "./row.js";
import { sheetOf } from "./sheet.js";
import { previewsOf, writeGallery } from "./write-gallery.js";

export interface GallerySettings {
  readonly model: ImageModel;
  readonly folder: string;
  readonly seed: number;
  /** A sentence above the cards; by default, what there is and who made it. */
  readonly title?: string | undefined;
  /** How many are made, from the first on; undefined: all. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onPicture?:
    | ((event: { readonly row: GalleryRow; readonly done: number; readonly total: number }) => void)
    | undefined;
}

export interface Gallery {
  readonly page: string;
  readonly sheet: string;
  readonly rows: readonly GalleryRow[];
}

/**
 * Builds or completes the gallery and answers where its page and sheet are.
 *
 * @throws ArgumentError for a limit below 1; OutputError; whatever generateImage throws; the reason of `signal`.
 */
export async function buildGallery({
  model,
  folder,
  seed,
  title,
  limit,
  signal,
  onPicture,
}: GallerySettings): Promise<Gallery> {
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1)) {
    throw new ArgumentError("limit", "a whole number from 1", limit);
  }
  const wanted = promptsFor(model).slice(0, limit);
  const rows: GalleryRow[] = [];
  for (const prompt of wanted) {
    signal?.throwIfAborted();
    const row = await rowOf(model, folder, prompt, seed, signal);
    rows.push(row);
    onPicture?.({ row, done: rows.length, total: wanted.length });
  }
  const sheet = join(folder, "sheet.png");
  await writeWhole(sheet, await sheetOf(model, folder, rows));
  const several = model.decodings.length > 1;
  if (several) await buildComparison({ ...COMPARED, model, seed, folder, signal, back: "index.html" });
  const sheetLink = { file: "sheet.png", text: "All pictures on one sheet" };
  const comparison = { file: COMPARISON_PAGE, text: "The same picture in every order of decoding" };
  const { page } = await writeGallery({
    folder,
    title,
    links: several ? [sheetLink, comparison] : [sheetLink],
    signal,
  });
  return { page, sheet, rows };
}

/** What the gallery draws in every order; its style is the model's default. */
const COMPARED = { prompt: "guitar" } as const;

/** Passes from one preview to the next: about five of a picture of 256 tokens. */
const PREVIEW_EVERY: Readonly<Record<DecodingName, number>> = {
  ...{
    "next-scale": 1,
    "next-token": 43,
    jacobi: 15,
    "prompt-lookup": 15,
    "run-lookup": 15,
    "next-neighbor": 6,
    "parallel-regions": 11,
    masked: 2,
    "masked-octree": 16,
  },
};

/** Makes one picture, or keeps it. */
async function rowOf(
  model: ImageModel,
  folder: string,
  wanted: GalleryPrompt,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<GalleryRow> {
  const file = `${slugOf(wanted.prompt)}-${nameFrom(wanted.style)}.png`;
  if (await isKept(model, join(folder, file), wanted, seed)) return { ...wanted, file, seed, milliseconds: null };
  const previewEvery = PREVIEW_EVERY[model.decodings[0]!];
  const previews: Uint8Array[] = [];
  let milliseconds = 0;
  for await (const event of streamImage({ ...wanted, seed, model, signal, previewEvery })) {
    if (event.type === "image-preview") previews.push(event.bytes);
    if (event.type === "image-end") await event.image.save(join(folder, file), { manifest: true });
    if (event.type === "run-end") milliseconds = Math.round(event.result.usage.milliseconds);
  }
  for (const [i, bytes] of previews.entries()) await writeWhole(join(folder, previewsOf(file), `${i + 1}.png`), bytes);
  return { ...wanted, file, seed, milliseconds };
}

/** The prompts in styles that the model has, each picture once. Styles that it has not are replaced by its own in turn. */
function promptsFor({ styles, defaults }: ImageModel): readonly GalleryPrompt[] {
  const rows = GALLERY_PROMPTS.map(({ prompt, style }, i) => {
    const other = styles[i % styles.length] ?? defaults.style;
    return { prompt, style: styles.includes(style) ? style : other };
  });
  return [...new Map(rows.map((row) => [`${row.prompt}\n${row.style}`, row])).values()];
}
