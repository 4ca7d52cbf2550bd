/** Whoever makes the items of a plan: this process, or workers behind a queue. */
import type { StoredItem } from "./finish.js";
import { finish, type Finishing } from "./finish.js";
import { KINDS } from "./kinds/index.js";
import type { Known, Planned } from "./plan.js";
import { itemRecord, keepFiles, type Store } from "./store/store.js";
import type { Task } from "./task.js";

/** How an item came to be: "finished" took it from the store and applied its post steps anew. */
export type How = "made" | "finished";

export interface Work {
  readonly store: Store;
  readonly signal: AbortSignal;
  /** Items are being made together; `done` of `total` tokens, null where nobody knows. */
  progress(items: readonly Planned[], done: number, total: number | null): void;
  warning(items: readonly Planned[], message: string): void;
  /** The store has the files of an item. Answers false where it has not all of their bytes after all. */
  done(planned: Planned, known: Known, how: How): Promise<boolean>;
  failed(planned: Planned, error: unknown): void;
}

/** Makes items until each is done or failed. Rejects with the reason of the signal, and with nothing else. */
export type Executor = (pending: readonly Planned[], work: Work) => Promise<void>;

export const finishingOf = ({ kind, steps, manifests }: Task): Finishing => ({
  medium: KINDS[kind].medium,
  steps,
  manifests,
});

/** Applies the post steps of a task and keeps the files that come of them: their bytes first, then what they are. */
export async function keepOutput(
  store: Store,
  task: Pick<Planned, "task" | "outputKey">,
  item: StoredItem,
): Promise<Known> {
  const files = await keepFiles(store, await finish(finishingOf(task.task), item));
  await store.note(task.outputKey, { files, manifest: item.manifest });
  const { device, precision, tokens } = item.manifest;
  return { files, made: { device, precision, tokensSha256: tokens.sha256 } };
}

/** The item of an earlier run; null where it is to be made. */
export async function storedItem(store: Store, key: string): Promise<StoredItem | null> {
  const record = await itemRecord(store, key);
  const bytes = record && (await store.bytes(record.sha256));
  return bytes && { bytes, manifest: record.manifest };
}
