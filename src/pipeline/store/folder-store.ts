/** A store in a folder, which may be one that several machines share. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../../base/digest.js";
import { readBounded } from "../../base/read-file.js";
import { writeWhole } from "../../base/write-file.js";
import { digestMatches, type Store } from "./store.js";

/** No item of ours comes near; a larger file in the store is not one of it. */
export const MOST_STORED_BYTES = 2 ** 30;

export class FolderStore implements Store {
  constructor(readonly folder: string) {}

  async bytes(digest: string): Promise<Uint8Array | null> {
    const bytes = await readBounded(this.path("bytes", digest), MOST_STORED_BYTES).catch(() => null);
    return bytes && digestMatches(bytes, digest) ? bytes : null;
  }

  async keep(bytes: Uint8Array): Promise<string> {
    const digest = sha256(bytes);
    const path = this.path("bytes", digest);
    const there = await stat(path).catch(() => null);
    if (there?.size !== bytes.length || !(await this.bytes(digest))) await this.write(path, bytes);
    return digest;
  }

  async record(key: string): Promise<unknown> {
    try {
      return JSON.parse(await readFile(this.path("records", key), "utf8"));
    } catch {
      return null; // none, or a damaged one: what it tells is made again
    }
  }

  note(key: string, value: object): Promise<void> {
    return this.write(this.path("records", key), `${JSON.stringify(value)}\n`);
  }

  /** The first two digits make a folder, so that none has too many entries. */
  private path(kind: "bytes" | "records", digest: string): string {
    return join(this.folder, kind, digest.slice(0, 2), digest);
  }

  private async write(path: string, content: Uint8Array | string): Promise<void> {
    await this.ignored();
    await writeWhole(path, content);
  }

  /** Version control leaves the folder alone. */
  private async ignored(): Promise<void> {
    const path = join(this.folder, ".gitignore");
    if (!(await stat(path).catch(() => null))) await writeWhole(path, "*\n");
  }
}
