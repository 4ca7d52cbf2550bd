/**
 * A folder of pictures from fixed seeds: each as PNG with its manifest, a page and a contact sheet over all, and a comparison of the
 * orders of decoding. A second run keeps
 * every picture whose manifest and pixels are those that it would make, so an interrupted gallery goes on where it stopped.
 */
import { join } from "node:path";
import { writeWhole } from "../base/write-file.js";
import { ArgumentError, generateImage, type ImageModel } from "../index.js";
import { buildComparison, COMPARISON_PAGE } from "./build-comparison.js";
import { keptPicture } from "./kept-picture.js";
import { pageOf } from "./page.js";
import { GALLERY_PROMPTS, type GalleryPrompt } from "./prompts.js";
import type { GalleryRow } from "./row.js";
import { sheetOf } from "./sheet.js";

export interface GallerySettings {
  readonly model: ImageModel;
  readonly folder: string;
  readonly seed: number;
  /** Only the first so many; all where undefined. */
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
  const page = join(folder, "index.html");
  const sheet = join(folder, "sheet.png");
  await writeWhole(sheet, await sheetOf(model, folder, rows));
  const several = model.decodings.length > 1;
  if (several) await buildComparison({ ...COMPARED, model, seed, folder, signal });
  await writeWhole(page, pageOf(model, rows, several ? COMPARISON_PAGE : null));
  return { page, sheet, rows };
}

/** What the gallery draws in every order; its style is the model's default. */
const COMPARED = { prompt: "guitar" } as const;

/** Makes one picture, or keeps it. How long it took is remembered beside it. */
async function rowOf(
  model: ImageModel,
  folder: string,
  wanted: GalleryPrompt,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<GalleryRow> {
  const file = `${wanted.prompt.replaceAll(" ", "-")}-${wanted.style}.png`;
  const device = model.device.name;
  const kept = await keptPicture(model, join(folder, file), wanted, seed);
  if (kept) return { ...wanted, file, seed, device, milliseconds: kept.milliseconds, reused: true };
  const { images, usage } = await generateImage({ ...wanted, seed, model, signal });
  const milliseconds = Math.round(usage.milliseconds);
  await images[0]!.save(join(folder, file), { manifest: true });
  await writeWhole(join(folder, `${file}.time`), `${milliseconds}\n`);
  return { ...wanted, file, seed, device, milliseconds, reused: false };
}

/** The prompts in styles that the model has, each picture once. Styles that it has not are replaced by its own in turn. */
function promptsFor({ styles, defaults }: ImageModel): readonly GalleryPrompt[] {
  const rows = GALLERY_PROMPTS.map(({ prompt, style }, i) => {
    const other = styles[i % styles.length] ?? defaults.style;
    return { prompt, style: styles.includes(style) ? style : other };
  });
  return [...new Map(rows.map((row) => [`${row.prompt}\n${row.style}`, row])).values()];
}
