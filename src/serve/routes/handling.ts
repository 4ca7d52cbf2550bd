/** What the routes share: models by name, runs in turn, results. */
import type { RunEnd, RunResult } from "../../index.js";
import type { Work } from "../queue.js";
import type { Models, Served } from "../served.js";

export interface Handling {
  readonly find: Models["find"];
  /** The events of a work on a model, in turn, until the client leaves. */
  events<E extends { readonly type: string }>(served: Served, work: Work<E>): AsyncGenerator<E, void, void>;
  /** Takes an error that no status can tell of any more. */
  readonly tell: (error: unknown) => void;
}

/** The result of a run, with which its events end. */
export async function resultOf<R extends RunResult>(events: AsyncIterable<{ readonly type: string }>): Promise<R> {
  let result: R | undefined;
  for await (const event of events) if (event.type === "run-end") result = (event as RunEnd<R>).result;
  return result!;
}
