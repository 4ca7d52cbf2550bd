/** The items of a folder: every file that has its manifest beside it. */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { TesseraError } from "../base/errors.js";
import { inputError, readBoundedText } from "../base/read-file.js";
import {
  type ImageManifest,
  type MaskManifest,
  type MeshManifest,
  parseManifest,
  parseMaskManifest,
  parseMeshManifest,
  parseSpeechManifest,
  type SpeechManifest,
} from "../index.js";

/** A generated file and what it was made from. */
export interface Collected {
  /** Relative to the folder, with "/" between its parts. */
  readonly file: string;
  readonly manifest: ImageManifest | SpeechManifest | MeshManifest | MaskManifest;
}

export interface Collection {
  readonly items: readonly Collected[];
  /** What looks like a manifest and is none that can be read, and why. */
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
}

/** Where the gallery keeps what it draws of items. */
export const DRAWN = "gallery-files";

const DEEPEST = 8;
const MOST_BYTES = 2 ** 20;

const PARSERS: Readonly<Record<string, (json: unknown, where: string) => Collected["manifest"]>> = {
  "tessera-image-manifest": parseManifest,
  "tessera-speech-manifest": parseSpeechManifest,
  "tessera-mesh-manifest": parseMeshManifest,
  "tessera-mask-manifest": parseMaskManifest,
};

/**
 * Reads all manifests below a folder, in the order of their names. Symbolic links are not followed, so that a gallery shows what is in its folder.
 *
 * @throws InputError for a folder that cannot be read.
 */
export async function collect(folder: string): Promise<Collection> {
  const items: Collected[] = [];
  const skipped: { file: string; reason: string }[] = [];
  for (const file of await filesBelow(folder, "", 0)) {
    if (!file.endsWith(".json")) continue;
    try {
      const json = JSON.parse(await readBoundedText(join(folder, file), MOST_BYTES)) as {
        readonly kind?: unknown;
      } | null;
      const parse = Object.hasOwn(PARSERS, String(json?.kind)) ? PARSERS[String(json?.kind)] : undefined;
      if (parse) items.push({ file: file.slice(0, -".json".length), manifest: parse(json, basename(file)) });
    } catch (error) {
      if (TesseraError.isInstance(error)) skipped.push({ file, reason: error.message.split("\n", 1)[0]! });
      else if (!(error instanceof SyntaxError)) throw error; // JSON of somebody else
    }
  }
  return { items, skipped };
}

async function filesBelow(folder: string, below: string, depth: number): Promise<string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch((cause: unknown) => {
    throw inputError(join(folder, below), cause);
  });
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isFile()) files.push(path);
    const inside = entry.isDirectory() && !entry.name.startsWith(".") && !["node_modules", DRAWN].includes(entry.name);
    if (inside && depth < DEEPEST) files.push(...(await filesBelow(folder, path, depth + 1)));
  }
  // A manifest counts only beside its file.
  const there = new Set(files);
  return depth > 0 ? files : files.filter((file) => !file.endsWith(".json") || there.has(file.slice(0, -5)));
}
