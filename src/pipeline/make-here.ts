/**
 * Makes items in this process. Items that differ in nothing but their index are made in batches, which the SDK makes as large as
 * memory allows; results do not depend on it. Several lanes, each with its own models and threads, work at once.
 */
import { availableParallelism } from "node:os";
import { check, isIntegerIn } from "../base/check.js";
import { OutputError } from "../base/errors.js";
import { type Executor, type How, keepOutput, storedItem, type Work } from "./executor.js";
import type { StoredItem } from "./finish.js";
import { KINDS } from "./kinds/index.js";
import type { Loading, MadeItem } from "./kinds/kind.js";
import type { Planned } from "./plan.js";
import { batchKey } from "./task.js";

/** What a crash may cost: items of one batch become complete together. */
const MOST_TOGETHER = 8;

export interface Lanes {
  /** Batches that are made at once. Default: 1. */
  readonly jobs?: number | undefined;
  /** CPU threads of each lane. Default: the cores, shared out among the lanes. */
  readonly threads?: number | undefined;
}

/** Throws ArgumentError. */
export function checkLanes({ jobs = 1, threads }: Lanes): void {
  check("jobs", "a whole number from 1 to 64", jobs, isIntegerIn(1, 64));
  if (threads !== undefined) check("threads", "a whole number from 1 to 1024", threads, isIntegerIn(1, 1024));
}

/** CPU threads of each lane; null: one per core. */
export const threadsOf = ({ jobs = 1, threads }: Lanes): number | null =>
  threads ?? (jobs === 1 ? null : Math.max(1, Math.floor(availableParallelism() / jobs)));

export type Models = Map<string, Promise<{ close(): Promise<void> }>>;

/** The executor of this process. */
export const makeHere =
  (lanes: Lanes): Executor =>
  async (pending, work) => {
    const { jobs = 1 } = lanes;
    const rest: Planned[] = [];
    for (const planned of pending) if (!(await finishedFromStore(planned, work))) rest.push(planned);
    const batches = batchesOf(rest);
    const threads = threadsOf(lanes);
    const lane = async () => {
      const models: Models = new Map();
      try {
        for (let batch = batches.shift(); batch; batch = batches.shift()) await makeBatch(batch, work, models, threads);
      } finally {
        await closeModels(models);
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: Math.min(jobs, batches.length) }, lane));
    work.signal.throwIfAborted();
    const failure = ended.find((end) => end.status === "rejected");
    if (failure) throw failure.reason;
  };

export async function closeModels(models: Models): Promise<void> {
  for (const model of models.values()) await model.then((loaded) => loaded.close()).catch(() => {}); // told of when it was loaded
}

/** Applies post steps to an item that the store has. */
export async function finishedFromStore(planned: Planned, work: Work): Promise<boolean> {
  work.signal.throwIfAborted();
  const item = await storedItem(work.store, planned.itemKey);
  if (!item) return false;
  await attempt([planned], work, async () => {
    await finishItem(planned, work, item, "finished");
  });
  return true;
}

/** Items in runs of consecutive indices, at most so many together, in order of their first. */
export function batchesOf(items: readonly Planned[]): Planned[][] {
  const open = new Map<string, Planned[]>();
  const all: Planned[][] = [];
  for (const planned of items) {
    const key = batchKey(planned.task);
    const batch = open.get(key);
    if (batch && batch.length < MOST_TOGETHER && planned.task.index === batch.at(-1)!.task.index + 1) {
      batch.push(planned);
      continue;
    }
    const fresh = [planned];
    open.set(key, fresh);
    all.push(fresh);
  }
  return all;
}

/** Makes items that differ in nothing but their index; models are opened when they are first needed. */
export async function makeBatch(
  batch: readonly Planned[],
  work: Work,
  models: Models,
  threads: number | null,
): Promise<void> {
  work.signal.throwIfAborted();
  const open = new Map(batch.map((planned) => [planned.task.index, planned]));
  await attempt(open, work, async () => {
    const [{ source, task }] = batch as [Planned];
    const kind = KINDS[task.kind];
    const model = await modelOf(models, task.kind, source, { ...loadingOf(task), threads });
    const wanted = { seed: task.seed, firstIndex: task.index, n: batch.length, signal: work.signal };
    for await (const event of kind.make(model, task.settings, wanted)) {
      if (event.type === "progress") work.progress(batch, event.done, event.total);
      else if (event.type === "warnings") for (const warning of event.warnings) work.warning(batch, textOf(warning));
      else {
        const planned = open.get(event.item.index)!;
        await keepItem(planned, work, event.item);
        open.delete(event.item.index);
      }
    }
  });
}

async function keepItem(planned: Planned, work: Work, { bytes, manifest }: MadeItem): Promise<void> {
  const { store } = work;
  await store.note(planned.itemKey, { sha256: await store.keep(bytes), manifest });
  await attempt([planned], work, async () => {
    await finishItem(planned, work, { bytes, manifest }, "made");
  });
}

async function finishItem(planned: Planned, work: Work, item: StoredItem, how: How): Promise<void> {
  if (await work.done(planned, await keepOutput(work.store, planned, item), how)) return;
  const reason = "it has lost what was written a moment ago";
  throw new OutputError("the cache", reason, "Let nobody else remove files of it; run again.");
}

/** Tells of a failure for all items that are still open, and goes on; an abort ends everything. */
async function attempt(
  open: readonly Planned[] | ReadonlyMap<number, Planned>,
  work: Work,
  step: () => Promise<void>,
): Promise<void> {
  try {
    await step();
  } catch (error) {
    work.signal.throwIfAborted();
    for (const planned of open.values()) work.failed(planned, error);
  }
}

const loadingOf = ({ device, precision }: Planned["task"]): Pick<Loading, "device" | "precision"> =>
  ({ device, precision }) as Pick<Loading, "device" | "precision">;

function modelOf(models: Models, kind: keyof typeof KINDS, source: string, loading: Loading) {
  const key = JSON.stringify([kind, source, loading]);
  if (!models.has(key)) models.set(key, KINDS[kind].load(source, loading));
  return models.get(key)!;
}

const textOf = (warning: { readonly type: string; readonly message?: string; readonly feature?: string }): string =>
  warning.message ?? `${warning.feature} is not supported.`;
