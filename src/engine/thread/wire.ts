/**
 * Calls across a message port: either side names methods, the other awaits their results. Errors keep their type.
 *
 * A call is { id, method, argument }, its reply { id, result } or { id, failure }. Buffers named by `moved` change hands
 * without a copy.
 */
import type { TransferListItem } from "node:worker_threads";
import { type Failure, revive, toFailure } from "./failure.js";

/** What a port offers that both a Worker and a worker's parentPort have. */
export interface Port {
  postMessage(message: unknown, moved?: readonly TransferListItem[]): void;
  on(event: "message", listen: (message: Message) => void): unknown;
}

export type Methods = Readonly<Record<string, (argument: never) => unknown>>;
type ArgumentOf<F> = F extends (argument: infer A) => unknown ? A : never;
type ResultOf<F> = F extends (argument: never) => infer R ? Unmoved<Awaited<R>> : never;
type Unmoved<T> = T extends Moved<infer V> ? V : T;

type Message =
  | { readonly id: number; readonly method: string; readonly argument: unknown }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure };

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** `Theirs` are the methods that can be called through it, `ours` those that the other side may call. */
export class Wire<Theirs extends Methods> {
  private readonly waiting = new Map<number, Waiting>();
  private next = 0;

  constructor(
    private readonly port: Port,
    private readonly ours: Methods,
    /** Told whenever the number of unanswered calls changes between none and some. */
    private readonly onBusy: (busy: boolean) => void = () => {},
  ) {
    port.on("message", (message) => this.receive(message));
  }

  call<M extends keyof Theirs & string>(
    method: M,
    argument: ArgumentOf<Theirs[M]>,
    moved: readonly TransferListItem[] = [],
  ): Promise<ResultOf<Theirs[M]>> {
    return new Promise((resolve, reject) => {
      const id = this.next++;
      this.port.postMessage({ id, method, argument }, moved); // first: an argument that cannot be cloned throws here
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      if (this.waiting.size === 1) this.onBusy(true);
    });
  }

  /** Rejects every unanswered call. */
  fail(error: unknown): void {
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of waiting) reject(error);
  }

  private receive(message: Message): void {
    if ("method" in message) {
      void this.answer(message.id, message.method, message.argument);
      return;
    }
    const call = this.waiting.get(message.id);
    if (!call) return; // its caller was told of a failure already
    this.waiting.delete(message.id);
    if (this.waiting.size === 0) this.onBusy(false);
    if ("failure" in message) call.reject(revive(message.failure));
    else call.resolve(message.result);
  }

  private async answer(id: number, method: string, argument: unknown): Promise<void> {
    try {
      const result = await this.ours[method]!(argument as never);
      if (result instanceof Moved) this.port.postMessage({ id, result: result.value }, result.buffers);
      else this.port.postMessage({ id, result });
    } catch (error) {
      this.port.postMessage({ id, failure: toFailure(error) });
    }
  }
}

/** A result whose buffers are given away with it. */
export class Moved<T = unknown> {
  constructor(
    readonly value: T,
    readonly buffers: readonly TransferListItem[],
  ) {}
}
