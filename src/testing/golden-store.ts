/**
 * Goldens lie beside the test: `__tessera__/<test file>/<name>.<ending>`, each with the manifest of what it was made by, where it has one. Reports
 * of failures are in the folder `failed` there, which ignores itself in git.
 */
import { readFile, rm } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { isObject } from "../base/check.js";
import { readBounded } from "../base/read-file.js";
import { nameFrom, slugOf } from "../base/slug.js";
import { writeTogether, writeWhole } from "../base/write-file.js";
import type { ManifestBase } from "../index.js";
import type { RunningTest } from "./running-test.js";

/** A golden beyond this does not belong into a repository. */
const MOST_BYTES = 2 ** 28;

export interface GoldenPlace {
  readonly golden: string;
  readonly report: string;
}

/** Where a golden and its report lie. */
export function placeOf(test: RunningTest, name: string | undefined, suffix: string, extension: string): GoldenPlace {
  const folder = join(dirname(test.file), "__tessera__", basename(test.file));
  const stem = (name === undefined ? `${slugOf(test.name, "test")}-${test.next()}` : nameFrom(name)) + suffix;
  return { golden: join(folder, `${stem}.${extension}`), report: join(folder, "failed", `${stem}.${extension}.html`) };
}

/** The bytes of a golden; null where there is none. Throws InputError for one that cannot be read. */
export async function readGolden(path: string): Promise<Uint8Array | null> {
  return readBounded(path, MOST_BYTES).catch((error: unknown) => {
    const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
    if (cause?.code === "ENOENT") return null;
    throw error;
  });
}

/** Writes a golden and the manifest of its item: both, or neither. A manifest of an earlier item does not stay behind. */
export async function writeGolden(path: string, bytes: Uint8Array, manifest: ManifestBase | null): Promise<void> {
  const beside = `${path}.json`;
  if (manifest === null) {
    await writeWhole(path, bytes);
    await rm(beside, { force: true });
  } else {
    const content = `${JSON.stringify(manifest, null, 2)}\n`;
    await writeTogether([
      { path, content: bytes },
      { path: beside, content },
    ]);
  }
}

/** By what an item was made, in words: "tessera 0.1.0, tessera-icons 1, onnx-cpu, q8, seed 7". */
export const originOf = ({ tessera, model, device, precision, seed, index }: ManifestBase): string =>
  `tessera ${tessera}, ${model.name} ${model.revision}, ${device}, ${precision}, seed ${seed}${index > 0 ? `, item ${index}` : ""}`;

/** The manifest beside a golden; null where there is none, or nothing that reads as one: it is for people, nothing depends on it. */
export async function manifestBeside(path: string): Promise<ManifestBase | null> {
  try {
    const json: unknown = JSON.parse(await readFile(`${path}.json`, "utf8"));
    const complete = isObject(json) && isObject(json.model) && isObject(json.tokens) && typeof json.device === "string";
    return complete ? (json as unknown as ManifestBase) : null;
  } catch {
    return null;
  }
}

/** Writes the report of a failure. */
export async function writeReport({ report }: GoldenPlace, html: string): Promise<void> {
  await writeTogether([
    { path: report, content: html },
    { path: join(dirname(report), ".gitignore"), content: "*\n" },
  ]);
}

/** A report of an earlier run says nothing about this one. */
export const removeReport = ({ report }: GoldenPlace): Promise<void> => rm(report, { force: true });

/** A path as a message shows it. */
export const shownPath = (path: string): string => {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
};
