/** A store that is gone with its process: for making things again to compare them. */
import { sha256 } from "../../base/digest.js";
import type { Store } from "./store.js";

export class MemoryStore implements Store {
  private readonly kept = new Map<string, Uint8Array>();
  private readonly records = new Map<string, object>();

  async bytes(digest: string): Promise<Uint8Array | null> {
    return this.kept.get(digest) ?? null;
  }

  async keep(bytes: Uint8Array): Promise<string> {
    const digest = sha256(bytes);
    this.kept.set(digest, bytes);
    return digest;
  }

  async record(key: string): Promise<unknown> {
    return this.records.get(key) ?? null;
  }

  async note(key: string, value: object): Promise<void> {
    this.records.set(key, value);
  }
}
