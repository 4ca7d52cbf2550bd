/**
 * The lock file: every item with all that it was made from, and the digests of its files. From it alone the whole tree can be made
 * again and compared.
 */
import { z } from "zod";
import { readBoundedJson, readBoundedText } from "../base/read-file.js";
import { writeWhole } from "../base/write-file.js";
import { VERSION } from "../index.js";
import type { Item } from "./expand.js";
import type { Manifests } from "./finish.js";
import { relativePath } from "./output-names.js";
import { parsedBy } from "./schema-faults.js";
import { DIGEST, parsedSteps, TASK_FIELDS } from "./task-schema.js";

const FILES = z.array(z.strictObject({ path: z.string().max(1000), sha256: DIGEST, size: z.int().min(0) })).min(1);

const ITEM = z.strictObject({
  ...TASK_FIELDS,
  asset: z.string().max(100),
  model: z.string().max(1000),
  stem: z.string().max(1000),
});

const LOCK = z.strictObject({
  kind: z.literal("tessera-assets-lock"),
  version: z.literal(1),
  tessera: z.string().max(100),
  output: z.string().max(1000),
  manifests: z.enum(["beside", "none"]),
  items: z
    .array(
      z.strictObject({
        key: DIGEST,
        item: ITEM,
        modelSha256: DIGEST,
        made: z.strictObject({ device: z.string(), precision: z.string(), tokensSha256: DIGEST }),
        files: FILES,
      }),
    )
    .max(100_000),
  sheets: z
    .array(
      z.strictObject({
        key: DIGEST,
        name: z.string().max(100),
        stem: z.string().max(1000),
        options: z.strictObject({
          assets: z.array(z.string().max(100)).min(1).max(1000),
          padding: z.int().min(0).max(64),
          side: z.int().min(16).max(16_384),
          format: z.enum(["png", "webp"]),
          output: z.string().optional(),
        }),
        files: FILES,
      }),
    )
    .max(1000),
});

export type LockFile = z.output<typeof FILES>[number];

/** How an item was made: on which device, and the digest of its tokens. */
export interface Made {
  readonly device: string;
  readonly precision: string;
  readonly tokensSha256: string;
}

export interface LockedItem {
  /** Of everything that its files were made from. */
  readonly key: string;
  readonly item: Item;
  readonly modelSha256: string;
  readonly made: Made;
  readonly files: readonly LockFile[];
}

export interface LockedSheet extends Omit<z.output<typeof LOCK>["sheets"][number], "files"> {
  readonly files: readonly LockFile[];
}

export interface Lock {
  readonly output: string;
  readonly manifests: Manifests;
  readonly items: readonly LockedItem[];
  readonly sheets: readonly LockedSheet[];
}

/** A lock of as many items as a manifest may have. */
const MOST_BYTES = 2 ** 28;

/** assets.lock.json for assets.yaml. */
export const lockPathOf = (manifest: string): string => `${manifest.replace(/\.(ya?ml|json)$/i, "")}.lock.json`;

/**
 * Reads a lock file.
 *
 * @throws InputError where it cannot be read or is no JSON; ArgumentError for what is missing or wrong, paths that lead elsewhere included.
 */
export async function readLock(path: string): Promise<Lock> {
  const json = await readBoundedJson(path, MOST_BYTES, "Run `tessera run` on the manifest to write it again.");
  const lock = parsedBy(LOCK, json, path);
  const files = [...lock.items, ...lock.sheets].flatMap((entry) => entry.files);
  for (const file of files) relativePath(file.path, `${path}: files`);
  for (const { item } of lock.items) parsedSteps(item.kind, item.steps, `${path}: ${item.stem}`);
  return lock as Lock;
}

/** Writes a lock file, unless it says the same already. */
export async function writeLock(path: string, { output, manifests, items, sheets }: Lock): Promise<void> {
  const head = { kind: "tessera-assets-lock", version: 1, tessera: VERSION, output, manifests };
  const lines = (rows: readonly object[]) =>
    rows.length === 0 ? "[]" : `[\n${rows.map((row) => `    ${JSON.stringify(row)}`).join(",\n")}\n  ]`;
  const fields = Object.entries(head).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  const text = `{\n${[...fields, `  "items": ${lines(items)}`, `  "sheets": ${lines(sheets)}`].join(",\n")}\n}\n`;
  const old = await readBoundedText(path, MOST_BYTES).catch(() => null);
  if (old !== text) await writeWhole(path, text);
}
