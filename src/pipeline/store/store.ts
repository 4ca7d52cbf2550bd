/**
 * Where made things are kept: bytes under their own digest, and small records under the digest of what they were made from. Nothing
 * is ever changed in place, so several processes and machines may share one store.
 */
import { z } from "zod";
import { sha256 } from "../../base/digest.js";
import { parsedOrNull } from "./parsed.js";

export interface Store {
  /** The bytes of that digest; null where they are missing, or no longer those. */
  bytes(sha256: string): Promise<Uint8Array | null>;
  /** Keeps bytes and answers their digest. */
  keep(bytes: Uint8Array): Promise<string>;
  /** The JSON that is kept under a key; null where there is none, or it is damaged. */
  record(key: string): Promise<unknown>;
  /** Keeps JSON under a key. Whoever comes second with another value for it replaces the first: both are right. */
  note(key: string, value: object): Promise<void>;
}

const DIGEST = z.string().regex(/^[0-9a-f]{64}$/);
const SHAPE = z.looseObject({
  kind: z.string(),
  tessera: z.string(),
  model: z.looseObject({ name: z.string(), revision: z.string() }),
  device: z.string(),
  precision: z.string(),
  seed: z.number(),
  index: z.number(),
  tokens: z.looseObject({ sha256: DIGEST }),
});
/** A manifest as it was kept: its fields stay in their order, so that a file written from the store is the one that was made. */
const RECORD = z.custom<z.output<typeof SHAPE>>((value) => SHAPE.safeParse(value).success);

/** What the store knows of an item that was made. */
const ITEM = z.strictObject({ sha256: DIGEST, manifest: RECORD });
export type ItemRecord = z.output<typeof ITEM>;

const FILE = z.strictObject({ suffix: z.string().max(100), sha256: DIGEST, size: z.int().min(0) });
export type FileRecord = z.output<typeof FILE>;

export const FILES = z.array(FILE).min(1).max(1000);

/** What the store knows of the files of an asset, and the item that they were made of. */
const OUTPUT = z.strictObject({ files: FILES, manifest: RECORD });
export type OutputRecord = z.output<typeof OUTPUT>;

/** A record that is not what it should be counts as none: what it would have told is made again. */
export const itemRecord = async (store: Store, key: string): Promise<ItemRecord | null> =>
  parsedOrNull(ITEM, await store.record(key));

export const outputRecord = async (store: Store, key: string): Promise<OutputRecord | null> =>
  parsedOrNull(OUTPUT, await store.record(key));

/** Keeps the bytes of files, then what they are. */
export async function keepFiles(
  store: Store,
  files: readonly { readonly suffix: string; readonly bytes: Uint8Array }[],
): Promise<readonly FileRecord[]> {
  return Promise.all(
    files.map(async ({ suffix, bytes }) => ({ suffix, sha256: await store.keep(bytes), size: bytes.length })),
  );
}

export const digestMatches = (bytes: Uint8Array, digest: string): boolean => sha256(bytes) === digest;
