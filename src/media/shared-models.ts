/**
 * Models that calls name instead of bringing: loaded once for all calls of a process that overlap or follow each other soon, and
 * closed when nobody has used them for a while. Waiting for that keeps no process alive.
 */
import { unlessAborted } from "../base/signals.js";
import { modelIdentity } from "../models/folder.js";
import type { Closable } from "./parts.js";

/** How long a model stays open that nobody uses. */
const IDLE_MILLISECONDS = 30_000;

/** A model on loan. */
export interface Loan<M> {
  readonly model: M;
  /** Gives it back; the second time does nothing. */
  release(): void;
}

export interface SharedModelsOptions<M> {
  /** Loads with the default settings: a caller with settings of its own loads a model of its own. */
  readonly load: (source: string) => Promise<M>;
  /** Default: half a minute. */
  readonly idleMilliseconds?: number;
  readonly fallback: string;
}

interface Shelf<M> {
  readonly loading: Promise<M>;
  users: number;
  idle: NodeJS.Timeout | null;
}

export class SharedModels<M extends Closable> {
  private readonly shelves = new Map<string, Shelf<M>>();

  /** `fallback` is the source where a call names none. */
  constructor(private readonly options: SharedModelsOptions<M>) {}

  /** The model of that source. Rejects with what loading it throws, which is not remembered, or with the reason of the signal. */
  async borrow(source: string = this.options.fallback, signal?: AbortSignal): Promise<Loan<M>> {
    const key = await modelIdentity(source);
    const shelf = this.shelves.get(key) ?? this.add(key, source);
    shelf.users++;
    if (shelf.idle) clearTimeout(shelf.idle);
    shelf.idle = null;
    let borrowed = true;
    const release = () => {
      if (borrowed) this.giveBack(key, shelf);
      borrowed = false;
    };
    try {
      return { model: await unlessAborted(shelf.loading, signal), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  private add(key: string, source: string): Shelf<M> {
    const shelf: Shelf<M> = { loading: this.options.load(source), users: 0, idle: null };
    this.shelves.set(key, shelf);
    shelf.loading.catch(() => this.forget(key, shelf));
    return shelf;
  }

  private giveBack(key: string, shelf: Shelf<M>): void {
    if (--shelf.users > 0 || this.shelves.get(key) !== shelf) return;
    shelf.idle = setTimeout(() => {
      this.forget(key, shelf);
      shelf.loading.then((model) => model.close()).catch(() => {}); // nobody is left who could be told
    }, this.options.idleMilliseconds ?? IDLE_MILLISECONDS).unref();
  }

  private forget(key: string, shelf: Shelf<M>): void {
    if (this.shelves.get(key) === shelf) this.shelves.delete(key);
  }
}
