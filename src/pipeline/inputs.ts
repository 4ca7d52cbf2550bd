/**
 * Files that items are made from, such as the picture of a mask. A task knows them by their digest alone, and whoever makes the item
 * takes their bytes from the store, on whichever machine it runs.
 */
import { resolve } from "node:path";
import { sha256 } from "../base/digest.js";
import { InputError, OutputError } from "../base/errors.js";
import { readBounded } from "../base/read-file.js";
import type { Item } from "./expand.js";
import { KINDS, type KindName } from "./kinds/index.js";
import type { Settings } from "./kinds/kind.js";
import type { Store } from "./store/store.js";

/** A setting that names a file, and the file as it was found. */
export interface Input {
  readonly setting: string;
  readonly path: string;
  readonly sha256: string;
}

/** What a picture or a recording may weigh. */
const MOST_BYTES = 2 ** 28;

/** Finds the files that items of a manifest name. Each is read once, however many items name it. */
export class InputFiles {
  private readonly digests = new Map<string, Promise<string>>();

  /** Relative paths start from `home`. */
  constructor(private readonly home: string) {}

  /** The files of an item. Throws InputError for one that cannot be read. */
  of({ kind, settings }: Item): Promise<readonly Input[]> {
    const named = KINDS[kind].files.filter((setting) => settings[setting] !== undefined);
    return Promise.all(
      named.map(async (setting) => {
        const path = resolve(this.home, String(settings[setting]));
        return { setting, path, sha256: await this.digest(path) };
      }),
    );
  }

  private digest(path: string): Promise<string> {
    const found = this.digests.get(path) ?? readBounded(path, MOST_BYTES).then(sha256);
    this.digests.set(path, found);
    return found;
  }
}

/** The settings of a task: digests in place of paths. */
export const settingsByDigest = (settings: Settings, inputs: readonly Input[]): Settings => ({
  ...settings,
  ...Object.fromEntries(inputs.map(({ setting, sha256 }) => [setting, sha256])),
});

/** Puts the files into the store. Throws InputError for one that has changed since it was found. */
export async function keepInputs(store: Store, inputs: readonly Input[]): Promise<void> {
  for (const { path, sha256 } of inputs) {
    if ((await store.bytes(sha256)) !== null) continue;
    if ((await store.keep(await readBounded(path, MOST_BYTES))) === sha256) continue;
    throw new InputError(path, "it has changed while the run was going on", "Run again when it is complete.");
  }
}

/** The settings that a model gets: bytes in place of digests. Throws OutputError where the store has lost them. */
export async function settingsWithBytes(kind: KindName, settings: Settings, store: Store): Promise<Settings> {
  const bytes: Record<string, Uint8Array> = {};
  for (const setting of KINDS[kind].files) {
    const digest = settings[setting];
    if (typeof digest !== "string") continue;
    const found = await store.bytes(digest);
    if (!found) throw new OutputError("the cache", `it has lost the file of ${setting}`, "Run again.");
    bytes[setting] = found;
  }
  return { ...settings, ...bytes };
}
