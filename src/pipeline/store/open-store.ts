/** A store by where it lies: a folder, or a bucket. */
import { FolderStore } from "./folder-store.js";
import type { Store } from "./store.js";

/**
 * Opens the store of that location: a folder, or s3://bucket/prefix. The client of buckets is loaded for those alone.
 *
 * @throws InstallationError where it is not installed; ArgumentError for an address without a bucket.
 */
export async function openStore(location: string): Promise<Store> {
  if (!location.startsWith("s3://")) return new FolderStore(location);
  const { openS3Store } = await import("./s3-store.js");
  return openS3Store(location);
}
