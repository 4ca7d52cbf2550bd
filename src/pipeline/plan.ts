/** What a manifest asks for, and what of it is there already. Reads and hashes; writes nothing and loads no model. */
import { dirname, isAbsolute, join, resolve } from "node:path";
import { EMBEDDED_MODELS, digestOfModel } from "../index.js";
import { expanded, type Item } from "./expand.js";
import { type Input, InputFiles } from "./inputs.js";
import { nearest } from "../base/nearest.js";
import { UnknownNameError } from "../base/errors.js";
import { type Lock, type LockedItem, lockPathOf, type Made, readLock } from "./lock.js";
import { OutputFolder } from "./output-folder.js";
import { relativePath } from "./output-names.js";
import { readAssets } from "./read-assets.js";
import type { AssetsFile } from "./schema.js";
import { type Sheet, sheetsOf } from "./sheet/sheet.js";
import { openStore } from "./store/open-store.js";
import { type FileRecord, outputRecord, type OutputRecord, type Store } from "./store/store.js";
import { itemKey, outputKey, type Task, taskOf } from "./task.js";

export interface PlanOptions {
  /** The manifest: YAML or JSON. */
  readonly manifest: string;
  /** Folder of the files instead of the one that the manifest names; relative to the current one. */
  readonly output?: string | undefined;
  /** Folder of the cache, or s3://bucket/prefix. Default: .tessera beside the manifest. */
  readonly cache?: string | undefined;
  /** Names of assets and sheets; all where undefined. */
  readonly only?: readonly string[] | undefined;
}

/** Files that were made before, and how. */
export interface Known {
  readonly files: readonly FileRecord[];
  readonly made: Made;
}

/** An item of the plan. */
export interface Planned {
  readonly item: Item;
  readonly task: Task;
  /** Where the model lies here. */
  readonly source: string;
  /** The files that it is made from, as far as they lie here. */
  readonly inputs: readonly Input[];
  readonly itemKey: string;
  readonly outputKey: string;
  /** What the store or the lock file knows of its files; null where they are to be made. */
  readonly known: Known | null;
  /** Files that are not in the output folder, or with another content. */
  readonly missing: readonly string[];
}

export interface Plan {
  readonly manifest: string;
  readonly file: AssetsFile;
  readonly items: readonly Planned[];
  readonly sheets: readonly Sheet[];
  /** Stems of everything in the manifest, in its order, whether asked for or not. */
  readonly all: { readonly items: readonly string[]; readonly sheets: readonly string[] };
  readonly output: OutputFolder;
  readonly store: Store;
  /** Of the last run; null where there was none. */
  readonly lock: Lock | null;
}

/**
 * Reads a manifest and compares it with the store and the output folder.
 *
 * @throws InputError, ArgumentError, UnknownNameError for a manifest that is refused, a model or a file that is not there, an output
 *   folder that is a symbolic link.
 */
export async function planAssets({ manifest, output, cache, only }: PlanOptions): Promise<Plan> {
  const file = await readAssets(manifest);
  const home = dirname(resolve(manifest));
  const folder =
    output === undefined
      ? new OutputFolder(home, relativePath(file.output, `${manifest}: output`))
      : new OutputFolder(resolve(output), "");
  const store = await openStore(cache ?? join(home, ".tessera"));
  const all = expanded(file, manifest);
  const sheets = sheetsOf(file, all, manifest);
  const chosen = chosenOf(all, sheets, only);
  await folder.check([...chosen.items.map(({ stem }) => stem), ...chosen.sheets.map(({ stem }) => stem)]);
  const digests = new Map<string, Promise<string>>();
  const files = new InputFiles(home);
  const lock = await readLock(lockPathOf(manifest)).catch(() => null); // none, or a damaged one: it is written anew
  const locked = new Map(lock?.items.map((entry) => [entry.key, entry]));
  const items: Planned[] = [];
  for (const item of chosen.items) {
    const source = sourceOf(item.model, home);
    if (!digests.has(source)) digests.set(source, digestOfModel(source));
    const inputs = await files.of(item);
    const task = taskOf(item, await digests.get(source)!, inputs, file.manifests);
    items.push(
      await compared(
        { item, task, source, inputs, itemKey: itemKey(task), outputKey: outputKey(task) },
        { store, output: folder, locked },
      ),
    );
  }
  const stems = { items: all.map(({ stem }) => stem), sheets: sheets.map(({ stem }) => stem) };
  return { manifest, file, items, sheets: chosen.sheets, all: stems, output: folder, store, lock };
}

/** An embedded model by its name; a folder by its path, which starts from that of the manifest. */
export function sourceOf(model: string, home: string): string {
  return Object.hasOwn(EMBEDDED_MODELS, model) || isAbsolute(model) ? model : resolve(home, model);
}

/** A file in its place is proof enough; the cache may be on another machine, or gone. */
async function compared(
  planned: Omit<Planned, "known" | "missing">,
  { store, output, locked }: { readonly store: Store; readonly output: OutputFolder; readonly locked: Locked },
): Promise<Planned> {
  const { stem } = planned.item;
  const entry = locked.get(planned.outputKey);
  const known = knownFrom(await outputRecord(store, planned.outputKey)) ?? (entry ? knownIn(entry) : null);
  const missing: string[] = [];
  for (const file of known?.files ?? [])
    if (!(await output.holds(stem + file.suffix, file))) missing.push(stem + file.suffix);
  return { ...planned, known, missing };
}

type Locked = ReadonlyMap<string, LockedItem>;

/** What a record of the store says, as far as a run needs it. */
export function knownFrom(record: OutputRecord | null): Known | null {
  if (record === null) return null;
  const { device, precision, tokens } = record.manifest;
  return { files: record.files, made: { device, precision, tokensSha256: tokens.sha256 } };
}

function knownIn({ item, files, made }: LockedItem): Known {
  const own = files.map(({ path, sha256, size }) => ({ suffix: path.slice(item.stem.length), sha256, size }));
  return { files: own, made };
}

function chosenOf(items: readonly Item[], sheets: readonly Sheet[], only: readonly string[] | undefined) {
  if (only === undefined) return { items, sheets };
  const known = new Set([...items.map(({ asset }) => asset), ...sheets.map(({ name }) => name)]);
  for (const name of only)
    if (!known.has(name))
      throw new UnknownNameError(
        "asset or sheet",
        name,
        nearest(name, known).length > 0 ? [...known] : [...known].slice(0, 20),
      );
  const some = sheets.filter(({ name }) => only.includes(name));
  // The frames of a sheet are needed for it.
  const needed = new Set([...only, ...some.flatMap(({ options }) => options.assets)]);
  return { items: items.filter(({ asset }) => needed.has(asset)), sheets: some };
}
