/** Makes everything of a lock file again, and compares it with what the lock says and with what lies in the output folder. */
import { dirname, resolve } from "node:path";
import { digestOfModel } from "../index.js";
import { InputFiles } from "./inputs.js";
import { type Lock, type LockedItem, type LockFile, readLock } from "./lock.js";
import { makeHere } from "./make-here.js";
import { OutputFolder } from "./output-folder.js";
import { relativePath } from "./output-names.js";
import { type Planned, sourceOf } from "./plan.js";
import { makeSheet } from "./sheet/make-sheet.js";
import { MemoryStore } from "./store/memory-store.js";
import type { FileRecord } from "./store/store.js";
import { itemKey, outputKey, taskOf } from "./task.js";

export interface VerifyOptions {
  /** The lock file, such as assets.lock.json. */
  readonly lock: string;
  /** Folder of the files instead of the one that the lock names; relative to the current one. */
  readonly output?: string | undefined;
  readonly jobs?: number | undefined;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called for each item and sheet; without differences it is the same. */
  readonly onItem?: ((name: string, differences: readonly string[]) => void) | undefined;
}

export interface TreeVerification {
  /** Everything that was made again is what the lock says, and so is every file of the folder. */
  readonly same: boolean;
  readonly items: number;
  /** What differs, in words, by the name of the item or sheet. */
  readonly differences: Readonly<Record<string, readonly string[]>>;
}

/**
 * Verifies a whole tree. No cache is read: everything is made anew.
 *
 * @throws InputError, ArgumentError for a lock file that is damaged, or whose paths lead elsewhere; the reason of `signal`.
 */
export async function verifyAssets(options: VerifyOptions): Promise<TreeVerification> {
  const { jobs, threads, onItem } = options;
  const signal = options.signal ?? new AbortController().signal;
  const lock = await readLock(options.lock);
  const home = dirname(resolve(options.lock));
  const output =
    options.output === undefined
      ? new OutputFolder(home, relativePath(lock.output, `${options.lock}: output`))
      : new OutputFolder(resolve(options.output), "");
  const store = new MemoryStore();
  const differences: Record<string, readonly string[]> = {};
  const tell = (name: string, found: readonly string[]) => {
    if (found.length > 0) differences[name] = found;
    onItem?.(name, found);
  };
  const inputFiles = new InputFiles(home);
  const planned = await Promise.all(lock.items.map((entry) => plannedFrom(entry, lock, home, inputFiles)));
  const entries = new Map(lock.items.map((entry) => [entry.item.stem, entry]));
  await makeHere({ jobs, threads })(planned, {
    ...{ store, signal },
    progress() {},
    warning() {},
    async done({ item, task, inputs, outputKey }, { files, made }) {
      const entry = entries.get(item.stem)!;
      tell(item.stem, [
        ...(task.model === entry.modelSha256 ? [] : ["the files of the model"]),
        ...(inputs.length === 0 || outputKey === entry.key ? [] : ["the model, or the files that it is made from"]),
        ...(made.tokensSha256 === entry.made.tokensSha256 ? [] : ["tokens"]),
        ...(made.device === entry.made.device ? [] : [`device: was ${entry.made.device}, is ${made.device}`]),
        ...(await fileDifferences(output, item.stem, entry.files, files)),
      ]);
      return true;
    },
    failed: ({ item }, error) => tell(item.stem, [`cannot be made: ${(error as Error).message.split("\n", 1)[0]}`]),
  });
  for (const sheet of lock.sheets) {
    signal.throwIfAborted();
    const frames = planned.filter(({ item }) => sheet.options.assets.includes(item.asset));
    const { name, stem, options } = sheet;
    const parts = { name, stem, options, frames: frames.map(({ item }) => item) };
    const { files } = await makeSheet(store, { holds: async () => false }, parts, frames, undefined);
    tell(stem, await fileDifferences(output, stem, sheet.files, files));
  }
  return { same: Object.keys(differences).length === 0, items: lock.items.length + lock.sheets.length, differences };
}

async function plannedFrom(
  { item }: LockedItem,
  { manifests }: Lock,
  home: string,
  files: InputFiles,
): Promise<Planned> {
  const source = sourceOf(item.model, home);
  const inputs = await files.of(item);
  const task = taskOf(item, await digestOfModel(source), inputs, manifests);
  return { item, task, source, inputs, itemKey: itemKey(task), outputKey: outputKey(task), known: null, missing: [] };
}

async function fileDifferences(
  output: OutputFolder,
  stem: string,
  locked: readonly LockFile[],
  made: readonly FileRecord[],
): Promise<readonly string[]> {
  const now = new Map(made.map((file) => [stem + file.suffix, file.sha256]));
  const found: string[] = [];
  for (const file of locked) {
    if (now.get(file.path) !== file.sha256) found.push(`${file.path}: made again, it is another file`);
    if (!(await output.holds(file.path, file))) found.push(`${file.path}: it is missing or was changed`);
  }
  return found;
}
