/**
 * Requests to one model, in the order in which they came; those that are like the one whose turn it is are run together with it. Each
 * runs to its end at its own pace: its events are kept for a caller that reads slowly, so that no caller holds the model. An aborted
 * request ends for its caller at once; the model is free again after the pass that it is in.
 */
import { BusyError } from "../base/errors.js";

export interface QueueState {
  readonly running: number;
  readonly waiting: number;
}

/** Begins the work of a request, which the signal stops. */
export type Run<E> = (signal: AbortSignal) => AsyncIterable<E>;

/** Work that can be done together with the like of it, which changes nothing but the time that it takes. */
export interface LikeWork<E, R> {
  /** Works with the same key are alike. */
  readonly key: string;
  /** Items that it makes. */
  readonly items: number;
  /** What `together` needs to know of it; the signal stops it. */
  request(signal: AbortSignal): R;
  /** Begins works that are alike, and answers the events of each. */
  together(requests: readonly R[]): readonly AsyncIterable<E>[];
}

export type Work<E> = Run<E> | LikeWork<E, unknown>;

/** A request that waits or runs. */
interface Entry {
  readonly work: Work<unknown>;
  readonly stop: AbortSignal;
  readonly kept: Kept<unknown>;
}

/** Seconds that a request is taken to last before one has ended. */
const FIRST_GUESS = 1;

/** Weight of the newest request in the mean time. */
const NEWEST = 0.2;

export class Queue {
  private running: Promise<void> | null = null;
  private readonly open = new Set<Entry>(); // those that run
  private readonly line: Entry[] = [];
  private meanSeconds = FIRST_GUESS;

  /** `limit`: requests that may wait while others run. `together`: items of like requests that are made together, at most. */
  constructor(
    private readonly limit: number,
    private readonly together = 1,
  ) {}

  get state(): QueueState {
    return { running: this.open.size, waiting: this.line.length };
  }

  /**
   * The events of a work, which begins when all that came before have ended, or with one of these that is like it. It is handed a
   * signal that stops it between two passes.
   *
   * @throws BusyError where too many are waiting; the reason of `signal`, at once.
   */
  async *events<E>(work: Work<E>, signal: AbortSignal): AsyncGenerator<E, void, void> {
    signal.throwIfAborted();
    const left = new AbortController();
    const kept = new Kept<E>();
    this.enter({ work, stop: AbortSignal.any([signal, left.signal]), kept: kept as Kept<unknown> });
    try {
      yield* kept.read(signal);
    } finally {
      left.abort(new DOMException("The client has disconnected.", "AbortError"));
    }
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private enter(entry: Entry): void {
    if (this.running && this.line.length >= this.limit) throw new BusyError(this.line.length, this.retryAfter());
    this.line.push(entry);
    const leave = () => {
      const at = this.line.indexOf(entry);
      if (at >= 0) this.line.splice(at, 1);
    };
    entry.stop.addEventListener("abort", leave, { once: true });
    this.next();
  }

  /** Begins what comes next, unless something runs. */
  private next(): void {
    if (this.running || this.line.length === 0) return;
    const batch = this.batch();
    for (const entry of batch) {
      this.line.splice(this.line.indexOf(entry), 1);
      this.open.add(entry);
    }
    this.running = this.drain(batch).then(() => {
      this.running = null;
      this.next();
    });
  }

  /** The request whose turn it is, and as many of those like it as are made together. */
  private batch(): readonly Entry[] {
    const [first, ...others] = this.line as [Entry, ...Entry[]];
    if (typeof first.work === "function") return [first];
    const batch = [first];
    let room = this.together - first.work.items;
    for (const entry of others) {
      const { work } = entry;
      if (typeof work === "function" || work.key !== first.work.key || work.items > room) continue;
      batch.push(entry);
      room -= work.items;
    }
    return batch;
  }

  /** Runs a batch to its end and keeps what happens. Never rejects. */
  private async drain(batch: readonly Entry[]): Promise<void> {
    const started = performance.now();
    try {
      const streams = begun(batch);
      await Promise.all(batch.map((entry, i) => this.keep(entry, streams[i]!)));
    } catch (error) {
      for (const { kept } of batch) kept.end({ error });
    }
    for (const entry of batch) this.open.delete(entry);
    if (batch.some(({ stop }) => stop.aborted)) return;
    this.meanSeconds += NEWEST * ((performance.now() - started) / 1000 / batch.length - this.meanSeconds);
  }

  /** Keeps the events of a request. Never rejects. */
  private async keep(entry: Entry, events: AsyncIterable<unknown>): Promise<void> {
    const { kept, stop } = entry;
    try {
      for await (const event of events) {
        kept.add(event);
        if (stop.aborted) break;
      }
      kept.end(null);
    } catch (error) {
      kept.end({ error });
    }
    this.open.delete(entry);
  }

  /** Seconds until about a half of those waiting have ended. */
  private retryAfter(): number {
    return Math.max(1, Math.ceil((this.meanSeconds * (this.line.length + 1)) / 2));
  }
}

/** The events of each work of a batch. */
function begun(batch: readonly Entry[]): readonly AsyncIterable<unknown>[] {
  const [{ work, stop }] = batch as [Entry];
  if (typeof work === "function") return [work(stop)];
  return work.together(batch.map((entry) => (entry.work as LikeWork<unknown, unknown>).request(entry.stop)));
}

/** Events that are kept until they are read. */
class Kept<E> {
  private readonly events: E[] = [];
  private ended: { readonly failure: { readonly error: unknown } | null } | null = null;
  private wake: () => void = () => {};

  add(event: E): void {
    this.events.push(event);
    this.wake();
  }

  end(failure: { readonly error: unknown } | null): void {
    this.ended ??= { failure };
    this.wake();
  }

  async *read(signal: AbortSignal): AsyncGenerator<E, void, void> {
    const onAbort = () => this.end({ error: signal.reason });
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      signal.throwIfAborted();
      for (;;) {
        while (this.events.length > 0) {
          yield this.events.shift()!;
          signal.throwIfAborted();
        }
        if (this.ended?.failure) throw this.ended.failure.error;
        if (this.ended) return;
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}
