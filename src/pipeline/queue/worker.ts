/** A worker: takes jobs of the queue, makes their items, and puts what comes of them into the shared store. */
import type { Job as QueuedJob } from "bullmq";
import { check, isIntegerIn } from "../../base/check.js";
import { ArgumentError, TesseraError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import { digestOfModel } from "../../index.js";
import type { Work } from "../executor.js";
import { checkLanes, closeModels, finishedFromStore, makeBatch, type Models, threadsOf } from "../make-here.js";
import type { Planned } from "../plan.js";
import { openStore } from "../store/open-store.js";
import { outputRecord, type Store } from "../store/store.js";
import { itemKey, outputKey } from "../task.js";
import { connected, QUEUE } from "./connect.js";
import { CANCELLED, type Job, nameOf, type News, parseJob } from "./job.js";
import { CANCELLATIONS } from "./wanted.js";

/** Workers that one job may take with it, or go down with for another reason, before it counts as failed. */
const MOST_CRASHES = 5;

/** Models that a lane keeps open. */
const MOST_MODELS = 4;

const PROGRESS_MILLISECONDS = 250;

/** Failures that may pass: a device that was full, a store that did not answer. All others would come again. */
const PASSING: ReadonlySet<string> = new Set(["execution", "output", "download"]);

export interface WorkerOptions {
  /** Address of Redis, such as redis://localhost:6379. */
  readonly queue: string;
  /** What submitters and workers share: a folder, or s3://bucket/prefix. */
  readonly cache: string;
  /** Folders of models that lie elsewhere than at the submitters. */
  readonly models?: readonly string[] | undefined;
  /** Jobs at once, 1 … 64, each with models of its own. Default: 1. */
  readonly jobs?: number | undefined;
  /** CPU threads of each. Default: the cores, shared out. */
  readonly threads?: number | undefined;
  /** Seconds without a sign of life, 1 … 3600, after which this worker's jobs go to another. Default: 30. */
  readonly silence?: number | undefined;
  /** Ends the worker when its jobs are done. */
  readonly signal: AbortSignal;
  /** Called after each job; `error` is null where it was made. */
  readonly onJob?: ((job: DoneJob, error: Error | null) => void) | undefined;
}

export interface DoneJob {
  /** The key of its files, by which the queue knows it. */
  readonly key: string;
  /** Such as: image "red apple", seed 3, index 0. */
  readonly name: string;
}

/**
 * Works until the signal aborts: jobs that were begun are made to their end, then models and connections are closed.
 *
 * @throws InstallationError where bullmq or ioredis is not installed; QueueError where no Redis answers; ArgumentError.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { jobs = 1, silence = 30, models = [], signal, onJob } = options;
  checkLanes(options);
  check("silence", "a whole number from 1 to 3600", silence, isIntegerIn(1, 3600));
  const store = await openStore(options.cache);
  const { bullmq, redis } = await connected(options.queue);
  const sources = new Sources(models);
  const all = Array.from({ length: jobs }, () => new Lane(store, sources, threadsOf(options)));
  const free = [...all];
  const process = async (job: QueuedJob, _token: string | undefined, cancelled: AbortSignal | undefined) => {
    const lane = free.pop()!; // there are as many as jobs at once
    try {
      await lane.make(job, cancelled!);
    } catch (error) {
      if (cancelled!.aborted) throw new bullmq.UnrecoverableError(CANCELLED);
      const passing = !TesseraError.isInstance(error) || PASSING.has(error.code);
      throw passing ? error : new bullmq.UnrecoverableError(error.message);
    } finally {
      free.push(lane);
    }
  };
  const cancellations = redis.duplicate();
  cancellations.on("error", () => {});
  await cancellations.subscribe(CANCELLATIONS); // and again by itself after each connection
  const worker = new bullmq.Worker(QUEUE, process, {
    ...{ connection: redis, concurrency: jobs, maxStalledCount: MOST_CRASHES },
    ...{ lockDuration: 1000 * silence, stalledInterval: 500 * silence },
  });
  worker.on("error", () => {}); // it connects again by itself
  worker.on("completed", (job) => onJob?.(doneJob(job), null));
  worker.on("failed", (job, error) => job && onJob?.(doneJob(job), error));
  cancellations.on("message", (_, key) => worker.cancelJob(key));
  try {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  } finally {
    await worker.close();
    cancellations.disconnect();
    redis.disconnect();
    await Promise.all(all.map((lane) => lane.close()));
  }
}

/** What makes one job at a time. */
class Lane {
  private readonly models: Models = new Map();

  constructor(
    private readonly store: Store,
    private readonly sources: Sources,
    private readonly threads: number | null,
  ) {}

  async make(job: QueuedJob, signal: AbortSignal): Promise<void> {
    const planned = await this.sources.planned(parseJob(job.id!, job.data));
    if (await outputRecord(this.store, planned.outputKey)) return;
    let told = 0;
    let failure: unknown = null;
    // Nobody misses news that did not arrive.
    const tell = (news: News) => void job.updateProgress(news).catch(() => {});
    const work: Work = {
      ...{ store: this.store, signal, done: async () => true },
      progress(_, done, total) {
        if (performance.now() - told < PROGRESS_MILLISECONDS) return;
        told = performance.now();
        tell({ done, total });
      },
      warning: (_, warning) => tell({ warning }),
      failed: (_, error) => (failure ??= error),
    };
    if (!(await finishedFromStore(planned, work))) await makeBatch([planned], work, this.models, this.threads);
    await this.closeOldest();
    if (failure) throw failure as Error;
  }

  close(): Promise<void> {
    return closeModels(this.models);
  }

  private async closeOldest(): Promise<void> {
    const old = [...this.models].slice(0, -MOST_MODELS);
    for (const [key] of old) this.models.delete(key);
    await closeModels(new Map(old));
  }
}

/** Where the models of jobs lie on this machine. */
class Sources {
  private readonly digests = new Map<string, Promise<string | null>>();

  constructor(private readonly folders: readonly string[]) {}

  /** The item of a job. Throws ArgumentError where no model of this machine is that of the submitter. */
  async planned({ task, source }: Job): Promise<Planned> {
    for (const here of [source, ...this.folders]) {
      if ((await this.digest(here)) !== task.model) continue;
      const item = { ...task, asset: task.kind, model: here, stem: nameOf(task) };
      const keys = { itemKey: itemKey(task), outputKey: outputKey(task) };
      return { item, task, source: here, inputs: [], ...keys, known: null, missing: [] };
    }
    const remedy = "Put the same files there, or name their folder by --models.";
    throw new ArgumentError(
      "model",
      "the files that the submitter has",
      described(`others, or none: ${source}`),
      remedy,
    );
  }

  private digest(source: string): Promise<string | null> {
    if (!this.digests.has(source))
      this.digests.set(
        source,
        digestOfModel(source).catch(() => null),
      );
    return this.digests.get(source)!;
  }
}

function doneJob({ id, data }: QueuedJob): DoneJob {
  try {
    return { key: id!, name: nameOf(parseJob(id!, data).task) };
  } catch {
    return { key: id!, name: id! };
  }
}
