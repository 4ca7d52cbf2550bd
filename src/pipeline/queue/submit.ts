/**
 * Items made by workers behind a queue. A job is known by the key of its files, so the same one is never in the queue twice, whoever
 * submits it. What counts as made is what the shared store holds; events of the queue only say when to look.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Job, Queue, QueueEvents } from "bullmq";
import { QueueError } from "../../base/errors.js";
import type { Executor, Work } from "../executor.js";
import { keepInputs } from "../inputs.js";
import { knownFrom, type Planned } from "../plan.js";
import { parsedOrNull } from "../store/parsed.js";
import { outputRecord } from "../store/store.js";
import { type AssetsEvent, type AssetsOptions, runBy } from "../stream-assets.js";
import { connected, type Connection, QUEUE } from "./connect.js";
import { CANCELLED, NEWS } from "./job.js";
import { CANCELLATIONS, Wanted } from "./wanted.js";

/** How often all open jobs are looked at, events or not: a Redis that restarts may have forgotten them. */
const LOOK_MILLISECONDS = 2000;

/** Jobs of one submitter in the queue at once. */
const MOST_OPEN = 1000;

/** How often a job may vanish without a result, which is for a minute; network file systems show new files that late. */
const MOST_LOSSES = 7;

/** What the farewell to a Redis that does not answer may take. */
const FAREWELL_MILLISECONDS = 2000;

/** A job that fails for a reason that may pass is tried again after 1 s, and after 2 s more. Failures are kept for an hour. */
const JOB_OPTIONS = {
  ...{ attempts: 3, backoff: { type: "exponential", delay: 1000 } },
  ...{ removeOnComplete: true, removeOnFail: { age: 3600 } },
} as const;

export interface SubmitOptions extends Omit<AssetsOptions, "jobs" | "threads"> {
  /** Address of Redis, such as redis://localhost:6379. */
  readonly queue: string;
  /** What submitter and workers share: a folder, or s3://bucket/prefix. */
  readonly cache: string;
}

/**
 * The same as streamAssets, but `tessera worker` processes make the items. Leaving the loop early, or the abort of `signal`, cancels
 * what no other submitter waits for.
 *
 * @throws InstallationError where bullmq or ioredis is not installed; QueueError where no Redis answers.
 */
export const submitAssets = ({ queue, ...options }: SubmitOptions): AsyncGenerator<AssetsEvent, void, void> =>
  runBy(madeByWorkers(queue), options);

const madeByWorkers =
  (url: string): Executor =>
  async (pending, work) => {
    if (pending.length === 0) return;
    const submission = new Submission(await connected(url), pending, work);
    const working = submission.all();
    const aborted = new Promise<never>((_, reject) => {
      work.signal.addEventListener("abort", () => reject(work.signal.reason as Error), { once: true });
    });
    try {
      work.signal.throwIfAborted();
      await Promise.race([working, aborted]); // a Redis that is away lets no command of ours end
    } finally {
      working.catch(() => {}); // told of above, or cut off by the end of the connection
      await submission.close();
    }
  };

/** A job that was submitted: the items that are waiting for it, which differ in nothing but their names. */
interface Open {
  readonly planned: readonly Planned[];
  losses: number;
}

class Submission {
  private readonly queue: Queue;
  private readonly events: QueueEvents;
  private readonly wanted: Wanted;
  private readonly rest: [key: string, planned: readonly Planned[]][];
  private readonly open = new Map<string, Open>();
  /** Keys that an event told of and that were not looked at since. */
  private readonly stirred = new Set<string>();
  private wake = () => {};

  constructor(
    private readonly connection: Connection,
    pending: readonly Planned[],
    private readonly work: Work,
  ) {
    const { bullmq, redis } = connection;
    this.rest = [...byKey(pending)];
    this.wanted = new Wanted(redis);
    this.queue = new bullmq.Queue(QUEUE, { connection: redis });
    this.events = new bullmq.QueueEvents(QUEUE, { connection: redis });
    this.queue.on("error", () => {}); // it connects again by itself
    this.events.on("error", () => {});
    this.events.on("completed", ({ jobId }) => this.stir(jobId));
    this.events.on("failed", ({ jobId }) => this.stir(jobId));
    this.events.on("progress", ({ jobId, data }) => this.hear(jobId, data));
  }

  async all(): Promise<void> {
    await this.events.waitUntilReady();
    await this.warnOfNobody();
    let looked = performance.now();
    for (;;) {
      await this.refill();
      if (this.open.size === 0) return;
      const due = performance.now() - looked >= LOOK_MILLISECONDS;
      if (due) looked = performance.now();
      const keys = [...(due ? this.open.keys() : this.stirred)];
      this.stirred.clear();
      if (due) await this.wanted.renew(keys);
      for (const key of keys) {
        this.work.signal.throwIfAborted();
        await this.look(key);
      }
      if (this.stirred.size === 0 && this.open.size > 0) await this.stirredOr(looked + LOOK_MILLISECONDS);
    }
  }

  /** Withdraws what no worker has begun, and stops what one is at, unless another submitter waits for it. */
  async close(): Promise<void> {
    const farewell = async () => {
      const unwanted = await this.wanted.leave([...this.open.keys()]);
      for (const key of unwanted) {
        await this.queue.remove(key);
        await this.connection.redis.publish(CANCELLATIONS, key);
      }
      await Promise.all([this.events.close(), this.queue.close()]);
    };
    const timer = new AbortController();
    const late = wait(FAREWELL_MILLISECONDS, undefined, { signal: timer.signal }).catch(() => {});
    await Promise.race([farewell(), late]).finally(() => timer.abort());
    this.connection.redis.disconnect();
  }

  private stir(key: string): void {
    if (!this.open.has(key)) return;
    this.stirred.add(key);
    this.wake();
  }

  private async stirredOr(moment: number): Promise<void> {
    const timer = new AbortController();
    const woken = new Promise<void>((resolve) => (this.wake = resolve));
    const late = wait(Math.max(0, moment - performance.now()), undefined, { signal: timer.signal }).catch(() => {});
    await Promise.race([woken, late]).finally(() => timer.abort());
  }

  private hear(key: string, data: unknown): void {
    const { planned } = this.open.get(key) ?? {};
    const news = parsedOrNull(NEWS, data);
    if (!planned || !news) return;
    if ("warning" in news) this.work.warning(planned, news.warning);
    else this.work.progress(planned, news.done, news.total);
  }

  private async warnOfNobody(): Promise<void> {
    if ((await this.queue.getWorkersCount()) > 0) return;
    const { where } = this.connection;
    const [, planned] = this.rest[0]!;
    this.work.warning(planned, `No worker is connected at ${where}; the first to connect begins. Run: tessera worker`);
  }

  private async refill(): Promise<void> {
    if (this.open.size > MOST_OPEN / 2) return;
    const next = this.rest.splice(0, MOST_OPEN - this.open.size);
    for (const [key, planned] of next) this.open.set(key, { planned, losses: 0 });
    await this.wanted.renew(next.map(([key]) => key));
    await Promise.all(next.map(([key]) => this.submit(key)));
  }

  private async submit(key: string): Promise<void> {
    const { planned, losses } = this.open.get(key)!;
    const { task, source, inputs } = planned[0]!;
    try {
      await keepInputs(this.work.store, inputs);
    } catch (error) {
      this.open.delete(key);
      for (const one of planned) this.work.failed(one, error);
      return;
    }
    const before = await this.queue.getJob(key);
    if (await before?.isFailed()) await before!.remove();
    const delay = losses === 0 ? 0 : 250 * 2 ** losses;
    await this.queue.add("make", { task, source }, { jobId: key, delay, ...JOB_OPTIONS });
  }

  private async look(key: string): Promise<void> {
    const state = await this.queue.getJobState(key);
    if (state === "failed") {
      const { failedReason = "for an unknown reason" } = ((await this.queue.getJob(key)) ?? {}) as Partial<Job>;
      if (failedReason === CANCELLED) await this.lose(key);
      else this.fail(key, failedReason);
    } else if (state === "completed" || state === "unknown") {
      if (!(await this.deliver(key))) await this.lose(key);
    }
  }

  /** Hands on the files of a job, if the store has them all. */
  private async deliver(key: string): Promise<boolean> {
    const known = knownFrom(await outputRecord(this.work.store, key));
    const open = this.open.get(key);
    if (!known || !open) return open === undefined;
    const waiting = [...open.planned];
    for (const planned of waiting) {
      try {
        if (!(await this.work.done(planned, known, "made"))) return false;
      } catch (error) {
        this.work.failed(planned, error);
      }
    }
    this.open.delete(key);
    return true;
  }

  /** The job is gone and nothing came of it: Redis forgot it, or another submitter withdrew it. */
  private async lose(key: string): Promise<void> {
    const open = this.open.get(key)!;
    open.losses++;
    if (open.losses <= MOST_LOSSES) return this.submit(key);
    const remedy = "Give `tessera run` and every `tessera worker` the same --cache, writable by all of them.";
    this.fail(key, `its result does not arrive\n  → ${remedy}`);
  }

  private fail(key: string, message: string): void {
    const { planned } = this.open.get(key)!;
    this.open.delete(key);
    const [reason, remedy = "Run it by itself without --queue to see more."] = message.split("\n  → ", 2);
    const error = new QueueError(`A worker could not make it: ${reason}`, remedy);
    for (const one of planned) this.work.failed(one, error);
  }
}

function byKey(pending: readonly Planned[]): Map<string, Planned[]> {
  const groups = new Map<string, Planned[]>();
  for (const planned of pending) {
    const group = groups.get(planned.outputKey);
    if (group) group.push(planned);
    else groups.set(planned.outputKey, [planned]);
  }
  return groups;
}
