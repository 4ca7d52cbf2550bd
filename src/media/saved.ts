/** Files of generated items, each with its manifest beside it. */
import { extname } from "node:path";
import { check, checkOptions } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { writeTogether } from "../base/write-file.js";
import type { ManifestBase } from "./manifest.js";

export interface SaveOptions {
  /** Whether `<path>.json` is written, too, with the manifest. Default: no. */
  readonly manifest?: boolean | undefined;
}

/** What every generated item has. */
export interface GeneratedItem<Manifest extends ManifestBase = ManifestBase> {
  readonly seed: number;
  /** Number of the item among those of its seed. */
  readonly index: number;
  readonly manifest: Manifest;
  /**
   * Writes the file, and `<path>.json` with the manifest where asked for. Both appear whole, or neither; folders are made.
   * Answers the paths written. Throws OutputError, or ArgumentError for an ending that is another format's.
   */
  save(path: string, options?: SaveOptions): Promise<readonly string[]>;
}

/** What is written of an item. */
export interface Saved {
  /** The file. */
  readonly bytes: Uint8Array | string;
  /** Such as "png", for messages. */
  readonly format: string;
  /** Endings that the name of such a file may have, such as "jpg" and "jpeg". */
  readonly extensions: readonly string[];
  readonly manifest: ManifestBase;
}

/**
 * Writes the file, and its manifest where asked for: both whole, or neither. Folders are made.
 *
 * @returns the paths written.
 * @throws OutputError, or ArgumentError for an ending that is another format's.
 */
export async function saveItem(
  path: string,
  { bytes, format, extensions, manifest }: Saved,
  options: SaveOptions = {},
): Promise<readonly string[]> {
  check("path", "the path of a file", path, (p) => typeof p === "string");
  checkOptions("save", options);
  const withManifest = check("manifest", "true or false", options.manifest ?? false, (m) => typeof m === "boolean");
  const endings = extensions.map((extension) => `.${extension}`);
  if (!endings.includes(extname(path).toLowerCase())) {
    const names = endings.join(" or ");
    const remedy = `Generate with another format, or name it ${names}.`;
    throw new ArgumentError("path", `a name ending in ${names}, as the file is ${format}`, path, remedy);
  }
  const file = { path, content: bytes };
  const beside = { path: `${path}.json`, content: `${JSON.stringify(manifest, null, 2)}\n` };
  const files = withManifest ? [file, beside] : [file];
  await writeTogether(files);
  return files.map(({ path }) => path);
}
