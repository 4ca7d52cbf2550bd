/**
 * From a manifest to a folder of files: what is there already is kept, the rest is made, and a lock file says what came of it. A
 * run that is killed at any moment loses what was being made just then, and leaves no file half-written.
 */
import { ArgumentError } from "../base/errors.js";
import { told } from "./channel.js";
import { Delivery } from "./delivery.js";
import type { Executor, How } from "./executor.js";
import { type Lock, type LockFile, lockPathOf, writeLock } from "./lock.js";
import { checkLanes, makeHere } from "./make-here.js";
import { type Plan, planAssets, type Planned, type PlanOptions } from "./plan.js";
import { makeSheet } from "./sheet/make-sheet.js";
import type { Sheet } from "./sheet/sheet.js";

export interface AssetsOptions extends PlanOptions {
  /** Batches that are made at once, 1 … 64, each with models of its own. Default: 1. */
  readonly jobs?: number | undefined;
  /** CPU threads of each. Default: the cores, shared out. */
  readonly threads?: number | undefined;
  /** What becomes of files that the last run wrote and this manifest no longer asks for. Default: "keep". */
  readonly stale?: "keep" | "remove" | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How the files of an item came to be where they are; "restored" are those that the cache had and the folder lacked. */
export type Fate = "kept" | "restored" | How;

export type AssetsEvent =
  | { readonly type: "plan-ready"; readonly total: number; readonly kept: number }
  | {
      readonly type: "item-progress";
      readonly names: readonly string[];
      readonly done: number;
      readonly total: number | null;
    }
  | { readonly type: "item-end"; readonly name: string; readonly fate: Fate; readonly files: readonly string[] }
  | { readonly type: "item-fail"; readonly name: string; readonly error: unknown }
  | { readonly type: "warning"; readonly name: string; readonly message: string }
  | { readonly type: "run-end"; readonly result: AssetsResult };

export interface AssetsResult {
  /** Items and sheets by what became of them. */
  readonly counts: Readonly<Record<Fate | "failed", number>>;
  readonly failures: readonly { readonly name: string; readonly error: unknown }[];
  /** Path of the lock file. */
  readonly lock: string;
  /** Files of the last run that this manifest no longer asks for, as they are now called in the lock. */
  readonly stale: readonly string[];
}

/**
 * Makes the assets of a manifest, and answers what became of each. An item that fails does not stop the others: see `failures`.
 *
 * @throws InputError, ArgumentError, UnknownNameError for a manifest that is refused, before anything is written; the reason of `signal`.
 * @example
 * const { counts, failures } = await makeAssets({ manifest: "assets.yaml" });
 */
export async function makeAssets(options: AssetsOptions): Promise<AssetsResult> {
  let result: AssetsResult | undefined;
  for await (const event of streamAssets(options)) if (event.type === "run-end") result = event.result;
  return result!;
}

/** The same as a stream of events. Leaving the loop early stops the work. */
export function streamAssets(options: AssetsOptions): AsyncGenerator<AssetsEvent, void, void> {
  const { jobs, threads } = options;
  checkLanes(options);
  return runBy(makeHere({ jobs, threads }), options);
}

/** Runs a manifest by whoever makes its items. */
export function runBy(executor: Executor, options: AssetsOptions): AsyncGenerator<AssetsEvent, void, void> {
  return told(async (tell, signal) => {
    signal.throwIfAborted();
    const plan = await planAssets(options);
    const run = new Run(plan, tell, options.stale ?? "keep");
    await run.all(executor, signal);
  }, options.signal);
}

class Run {
  private readonly delivery: Delivery;
  private readonly counts: Record<Fate | "failed", number> = { kept: 0, restored: 0, finished: 0, made: 0, failed: 0 };
  private readonly failures: { readonly name: string; readonly error: unknown }[] = [];

  constructor(
    private readonly plan: Plan,
    private readonly tell: (event: AssetsEvent) => void,
    private readonly stale: "keep" | "remove",
  ) {
    this.delivery = new Delivery(plan.output, plan.store);
  }

  async all(executor: Executor, signal: AbortSignal): Promise<void> {
    const { items, sheets, store } = this.plan;
    const there = items.filter(({ known, missing }) => known && missing.length === 0);
    this.tell({ type: "plan-ready", total: items.length + sheets.length, kept: there.length });
    const pending: Planned[] = [];
    for (const planned of items) {
      signal.throwIfAborted();
      if (!(await this.keptOrRestored(planned))) pending.push(planned);
    }
    await executor(pending, {
      ...{ store, signal },
      progress: (batch, done, total) => this.tell({ type: "item-progress", names: batch.map(nameOf), done, total }),
      warning: (batch, message) => this.tell({ type: "warning", name: nameOf(batch[0]!), message }),
      done: async (planned, known, how) => {
        if (!(await this.delivery.item(planned, known))) return false;
        this.end(nameOf(planned), how, pathsOf(planned.item.stem, known));
        return true;
      },
      failed: (planned, error) => this.fail(nameOf(planned), error),
    });
    for (const sheet of sheets) {
      signal.throwIfAborted();
      await this.sheet(sheet);
    }
    const lock = lockPathOf(this.plan.manifest);
    const stale = await this.lock(lock);
    const { counts, failures } = this;
    this.tell({ type: "run-end", result: { counts, failures, lock, stale } });
  }

  private async keptOrRestored(planned: Planned): Promise<boolean> {
    const { known, missing, item } = planned;
    if (!known) return false;
    try {
      // Bytes that the store has lost are made again.
      if (!(await this.delivery.item(planned, known, missing))) return false;
      this.end(item.stem, missing.length === 0 ? "kept" : "restored", pathsOf(item.stem, known));
    } catch (error) {
      this.fail(item.stem, error);
    }
    return true;
  }

  private async sheet(sheet: Sheet): Promise<void> {
    const stems = new Set(sheet.frames.map(({ stem }) => stem));
    const frames = this.plan.items.filter(({ item }) => stems.has(item.stem));
    const locked = this.plan.lock?.sheets.find(({ stem }) => stem === sheet.stem);
    try {
      const failed = this.failures.find(({ name }) => stems.has(name));
      if (failed) throw new ArgumentError(`sheets.${sheet.name}`, "frames that could be made", failed.name);
      const made = await makeSheet(this.plan.store, this.plan.output, sheet, frames, locked);
      await this.delivery.sheet(sheet, made);
      this.end(sheet.stem, made.fate, pathsOf(sheet.stem, made));
    } catch (error) {
      this.fail(sheet.stem, error);
    }
  }

  /** Writes the lock and answers the files that it no longer has. Items that were not asked for by `only` stay in it. */
  private async lock(path: string): Promise<readonly string[]> {
    const { file, all, items, sheets, lock: old } = this.plan;
    const asked = new Set([...items.map(({ item }) => item.stem), ...sheets.map(({ stem }) => stem)]);
    const before = {
      items: byStem(old?.items, ({ item }) => item.stem),
      sheets: byStem(old?.sheets, ({ stem }) => stem),
    };
    const rowOf = <R>(stem: string, made: ReadonlyMap<string, R>, before: ReadonlyMap<string, R>): R[] => {
      const row = made.get(stem) ?? (asked.has(stem) ? undefined : before.get(stem));
      return row === undefined ? [] : [row];
    };
    const lock: Lock = {
      ...{ output: file.output, manifests: file.manifests },
      items: all.items.flatMap((stem) => rowOf(stem, this.delivery.items, before.items)),
      sheets: all.sheets.flatMap((stem) => rowOf(stem, this.delivery.sheets, before.sheets)),
    };
    const stale = old && old.output === file.output ? await this.staleIn(old, lock) : [];
    if (this.stale === "remove") await this.plan.output.remove(stale);
    await writeLock(path, lock);
    return stale;
  }

  /** Files of the last lock that this one lacks, and that nobody has changed since. What failed this time is not stale. */
  private async staleIn(old: Lock, lock: Lock): Promise<readonly string[]> {
    const wanted = new Set(filesOf(lock).map(({ path }) => path));
    const failed = new Set(this.failures.map(({ name }) => name));
    const rows = [...old.items.map(({ item, files }) => ({ stem: item.stem, files })), ...old.sheets];
    const gone: string[] = [];
    for (const { stem, files } of rows) {
      if (failed.has(stem)) continue;
      for (const file of files)
        if (!wanted.has(file.path) && (await this.plan.output.holds(file.path, file))) gone.push(file.path);
    }
    return gone;
  }

  private end(name: string, fate: Fate, files: readonly string[]): void {
    this.counts[fate]++;
    this.tell({ type: "item-end", name, fate, files });
  }

  private fail(name: string, error: unknown): void {
    this.counts.failed++;
    this.failures.push({ name, error });
    this.tell({ type: "item-fail", name, error });
  }
}

const nameOf = ({ item }: Planned): string => item.stem;

const filesOf = ({ items, sheets }: Lock): readonly LockFile[] => [...items, ...sheets].flatMap(({ files }) => files);

const pathsOf = (
  stem: string,
  { files }: { readonly files: readonly { readonly suffix: string }[] },
): readonly string[] => files.map(({ suffix }) => stem + suffix);

const byStem = <R>(rows: readonly R[] | undefined, stem: (row: R) => string): ReadonlyMap<string, R> =>
  new Map(rows?.map((row) => [stem(row), row]));
