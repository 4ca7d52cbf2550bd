/** The page over all generated files of a folder. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { html } from "../base/html.js";
import { writeWhole } from "../base/write-file.js";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import { VERSION } from "../index.js";
import { type Card, cardOf, href } from "./card.js";
import { type Collection, collect } from "./collect.js";
import { pageOf } from "./page.js";

export interface WriteGallerySettings {
  readonly folder: string;
  /** A sentence above the cards; by default, what there is and who made it. */
  readonly title?: string | undefined;
  /** Further pages in the folder, with what is said of them. */
  readonly links?: readonly { readonly file: string; readonly text: string }[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WrittenGallery {
  readonly page: string;
  readonly items: number;
  readonly skipped: Collection["skipped"];
}

/** Where previews of a file lie: a folder beside it. */
export const previewsOf = (file: string): string => `${file}.previews`;

/**
 * Writes index.html into the folder, over every file that has its manifest beside it, and what the page needs into gallery-files.
 *
 * @throws ArgumentError for a folder without any; InputError for one that cannot be read; OutputError; the reason of `signal`.
 */
export async function writeGallery({
  folder,
  title,
  links = [],
  signal,
}: WriteGallerySettings): Promise<WrittenGallery> {
  const { items, skipped } = await collect(folder);
  if (items.length === 0) {
    const remedy = "Save items with { manifest: true }, or make some: tessera image, speak and mesh write manifests.";
    throw new ArgumentError("folder", "a folder of files with their manifests beside them", described(folder), remedy);
  }
  const cards: Card[] = [];
  const pictures = new Map(
    items.flatMap(({ file, manifest }) =>
      manifest.kind === "tessera-image-manifest" ? [[manifest.picture.rgbaSha256, file] as const] : [],
    ),
  );
  for (const item of items) {
    signal?.throwIfAborted();
    cards.push(await cardOf(folder, item, { previews: await previewsBeside(folder, item.file), pictures }));
  }
  const page = join(folder, "index.html");
  const notes = [
    `Each was made by a trained model, with tessera ${html(VERSION)}, and says so in its file. Open one for its facts and the command that makes it again.`,
    ...links.map(({ file, text }) => `<a href="${href(file)}">${html(text)}</a>`),
  ];
  await writeWhole(page, pageOf({ title: title ?? sentenceOf(cards), notes }, cards));
  return { page, items: cards.length, skipped };
}

async function previewsBeside(folder: string, file: string): Promise<readonly string[]> {
  const names = await readdir(join(folder, previewsOf(file))).catch(() => []); // most have none
  return names
    .filter((name) => /^\d+\.png$/.test(name))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map((name) => `${previewsOf(file)}/${name}`);
}

/** "42 pictures and 3 sounds by tessera-icons 1". */
function sentenceOf(cards: readonly Card[]): string {
  const counted = (["picture", "sound", "mesh", "mask"] as const).flatMap((medium) => {
    const count = cards.filter((card) => card.medium === medium).length;
    const plural = medium === "mesh" ? "meshes" : `${medium}s`;
    return count === 0 ? [] : [`${count} ${count === 1 ? medium : plural}`];
  });
  const models = [...new Set(cards.map(({ model }) => model))];
  const list = (parts: readonly string[]) =>
    parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
  return `${list(counted)} by ${models.length > 3 ? `${models.length} models` : list(models)}`;
}
