/** Which items are made in one call of the SDK, which makes its batches as large as memory allows. Results do not depend on it. */
import { KINDS } from "./kinds/index.js";
import type { Planned } from "./plan.js";
import { batchKey, type Task } from "./task.js";

/** What a crash may cost: items of one call become complete together. */
const MOST_TOGETHER = 8;

/**
 * Items in batches, in order of their first. Those of a batch differ in their index alone, from the first on without a gap; or, where
 * the kind takes a list of subjects, are as many of each subject.
 */
export function batchesOf(items: readonly Planned[]): Planned[][] {
  const batches: Planned[][] = [];
  const open = new Map<string, Planned[]>();
  for (const run of runsOf(items)) {
    const key = listKey(run);
    const batch = key === null ? undefined : open.get(key);
    if (batch && batch.length + run.length <= MOST_TOGETHER && !hasSubjectOf(run, batch)) {
      batch.push(...run);
      continue;
    }
    batches.push(run);
    if (key !== null) open.set(key, run);
  }
  return batches;
}

/** Whether a batch has that subject already: two assets may be one item with other post steps. */
const hasSubjectOf = ([first]: readonly Planned[], batch: readonly Planned[]): boolean =>
  batch.some(({ task }) => subjectOf(task) === subjectOf(first!.task));

/** Items that differ in nothing but their index, which rises by one. */
function runsOf(items: readonly Planned[]): Planned[][] {
  const runs: Planned[][] = [];
  const open = new Map<string, Planned[]>();
  for (const planned of items) {
    const key = batchKey(planned.task);
    const run = open.get(key);
    if (run && run.length < MOST_TOGETHER && planned.task.index === run.at(-1)!.task.index + 1) {
      run.push(planned);
      continue;
    }
    const fresh = [planned];
    open.set(key, fresh);
    runs.push(fresh);
  }
  return runs;
}

/** What runs have in common that differ in a subject of which one call takes several; null where it takes one. */
function listKey(run: readonly Planned[]): string | null {
  const [{ source, task }] = run as [Planned];
  const { list } = KINDS[task.kind];
  if (list === null || task.settings[list] === undefined) return null;
  const { [list]: _, ...settings } = task.settings;
  return JSON.stringify([batchKey({ ...task, settings }), source, task.index, run.length]);
}

/** The subjects of a batch, where its kind takes a list of them; else null. */
export function subjectsOf(batch: readonly Planned[]): readonly unknown[] | null {
  const { list } = KINDS[batch[0]!.task.kind];
  const subjects = list === null ? [] : [...new Set(batch.map(({ task }) => subjectOf(task)))];
  return subjects.length > 1 ? subjects : null;
}

export const subjectOf = ({ kind, settings }: Task): unknown => settings[KINDS[kind].list ?? ""];
