/**
 * Requests to one model, in the order in which they came. Each runs to its end at its own pace: its events are kept for a caller
 * that reads slowly, so that no caller holds the model. An aborted request ends for its caller at once; the model is free again
 * after the pass that it is in.
 */
import { setImmediate } from "node:timers/promises";
import { BusyError } from "../base/errors.js";

export interface QueueState {
  readonly running: number;
  readonly waiting: number;
}

/** Seconds that a request is taken to last before one has ended. */
const FIRST_GUESS = 1;

/** Stands for a run that is about to begin. */
const TAKEN = Promise.resolve();

/** Weight of the newest request in the mean time. */
const NEWEST = 0.2;

export class Queue {
  private running: Promise<void> | null = null;
  private readonly line: Turn[] = [];
  private meanSeconds = FIRST_GUESS;

  /** `limit`: requests that may wait while another one runs. */
  constructor(private readonly limit: number) {}

  get state(): QueueState {
    return { running: this.running ? 1 : 0, waiting: this.line.length };
  }

  /**
   * The events of a run, which begins when all that came before have ended. `run` is handed a signal that stops it between two passes.
   *
   * @throws BusyError where too many are waiting; the reason of `signal`, at once.
   */
  async *events<E>(run: Run<E>, signal: AbortSignal): AsyncGenerator<E, void, void> {
    await this.turn(signal);
    const left = new AbortController();
    const stop = AbortSignal.any([signal, left.signal]);
    const events = new Kept<E>();
    this.running = this.drain(run, events, stop);
    try {
      yield* events.read(signal);
    } finally {
      left.abort(new DOMException("The caller has left.", "AbortError"));
    }
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.running) {
      await this.running;
      await setImmediate(); // a run that is about to begin has begun then
    }
  }

  /** Waits until it is this request's turn. */
  private async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.running) {
      this.running = TAKEN;
      return;
    }
    if (this.line.length >= this.limit) throw new BusyError(this.line.length, this.retryAfter());
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.line.splice(this.line.indexOf(turn), 1);
        reject(signal.reason as Error);
      };
      const turn = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      signal.addEventListener("abort", leave, { once: true });
      this.line.push(turn);
    });
  }

  /** Runs to the end, keeps what happens, and lets the next one in. Never rejects. */
  private async drain<E>(run: Run<E>, events: Kept<E>, stop: AbortSignal): Promise<void> {
    const started = performance.now();
    try {
      for await (const event of run(stop)) {
        events.add(event);
        if (stop.aborted) break;
      }
      events.end(null);
    } catch (error) {
      events.end({ error });
    }
    if (!stop.aborted) this.meanSeconds += NEWEST * ((performance.now() - started) / 1000 - this.meanSeconds);
    const next = this.line.shift();
    this.running = null;
    if (!next) return;
    this.running = TAKEN; // nobody who comes now may overtake the one whose turn it is
    next();
  }

  /** Seconds until about a half of those waiting have ended. */
  private retryAfter(): number {
    return Math.max(1, Math.ceil((this.meanSeconds * (this.line.length + 1)) / 2));
  }
}

type Turn = () => void;

/** Begins the work of a request, which the signal stops. */
export type Run<E> = (signal: AbortSignal) => AsyncIterable<E>;

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
