/** Makes items in this process. Several lanes, each with its own models and threads, work at once. */
import { availableParallelism } from "node:os";
import { check, isIntegerIn } from "../base/check.js";
import { OutputError } from "../base/errors.js";
import { batchesOf, subjectOf, subjectsOf } from "./batches.js";
import { type Executor, type How, keepOutput, storedItem, type Work } from "./executor.js";
import type { StoredItem } from "./finish.js";
import { keepInputs, settingsWithBytes } from "./inputs.js";
import { KINDS } from "./kinds/index.js";
import type { Loading, MadeItem } from "./kinds/kind.js";
import type { Planned } from "./plan.js";

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
    const batches = batchesOf(await notInStore(pending, work));
    const threads = threadsOf(lanes);
    const lane = async () => {
      const models: Models = new Map();
      try {
        for (let batch = batches.shift(); batch; batch = batches.shift()) {
          // Another asset may have been the same item with other post steps.
          for (const rest of batchesOf(await notInStore(batch, work))) await makeBatch(rest, work, models, threads);
        }
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

/** Finishes what the store has, and answers the rest. */
async function notInStore(pending: readonly Planned[], work: Work): Promise<readonly Planned[]> {
  const rest: Planned[] = [];
  for (const planned of pending) if (!(await finishedFromStore(planned, work))) rest.push(planned);
  return rest;
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

/** Makes the items of a batch, as batchesOf() answers them; models are opened when they are first needed. */
export async function makeBatch(
  batch: readonly Planned[],
  work: Work,
  models: Models,
  threads: number | null,
): Promise<void> {
  work.signal.throwIfAborted();
  const open = new Set(batch);
  const subjects = subjectsOf(batch);
  await attempt(open, work, async () => {
    const [{ source, task }] = batch as [Planned];
    const kind = KINDS[task.kind];
    for (const { inputs } of batch) await keepInputs(work.store, inputs);
    const model = await modelOf(models, task.kind, source, { ...loadingOf(task), threads });
    const n = batch.length / (subjects?.length ?? 1);
    const own = await settingsWithBytes(task.kind, task.settings, work.store);
    const settings = subjects ? { ...own, [kind.list!]: subjects } : own;
    const wanted = { seed: task.seed, firstIndex: task.index, n, signal: work.signal };
    try {
      for await (const event of kind.make(model, settings, wanted)) {
        if (event.type === "progress") work.progress(batch, event.done, event.total);
        else if (event.type === "warnings") for (const warning of event.warnings) work.warning(batch, textOf(warning));
        else {
          const planned = batch[(event.item.promptIndex ?? 0) * n + event.item.index - task.index]!;
          await keepItem(planned, work, event.item);
          open.delete(planned);
        }
      }
    } catch (error) {
      work.signal.throwIfAborted();
      if (!subjects) throw error;
      // One subject that cannot be made takes no other with it.
      const apart = subjects.map((subject) => [...open].filter((planned) => subjectOf(planned.task) === subject));
      open.clear();
      for (const part of apart.flatMap(batchesOf)) await makeBatch(part, work, models, threads);
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
  const reason = "it has lost what was just written";
  throw new OutputError("the cache", reason, "Make sure that nothing else removes its files, and run again.");
}

/** Tells of a failure for all items that are still open, and goes on; an abort ends everything. */
async function attempt(open: Iterable<Planned>, work: Work, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    work.signal.throwIfAborted();
    for (const planned of open) work.failed(planned, error);
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
