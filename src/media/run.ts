/** Runs of a model as streams of events. */
import { check, isObject } from "../base/check.js";
import type { RunEnd } from "./events.js";
import type { Closable } from "./parts.js";
import type { SharedModels } from "./shared-models.js";

/** Where a run finds its model, and what stops it. */
export interface RunOptions<M extends Closable> {
  /**
   * A loaded model, which stays open; or a name or folder, which is loaded and shared with other calls that name it, until none
   * has used it for half a minute. Default: the embedded model of the medium.
   */
  readonly model?: M | string | undefined;
  /** Stops between two passes; the call rejects with signal.reason, and the model stays usable. */
  readonly signal?: AbortSignal | undefined;
}

/** The events of a run on the model that the caller brings, or on one that is borrowed for it. */
export async function* running<M extends Closable, Event>(
  { model: source, signal }: RunOptions<M>,
  models: SharedModels<M>,
  run: (model: M) => AsyncIterable<Event>,
): AsyncGenerator<Event, void, void> {
  check("signal", "an AbortSignal", signal, (s) => s === undefined || s instanceof AbortSignal);
  check("model", "a loaded model, or the name or the folder of one", source, isModel);
  signal?.throwIfAborted();
  if (typeof source === "object") return yield* run(source);
  const { model, release } = await models.borrow(source, signal);
  try {
    yield* run(model);
  } finally {
    release();
  }
}

const isModel = (source: unknown): boolean =>
  source === undefined || typeof source === "string" || (isObject(source) && typeof source.close === "function");

/** The result of a run, whose stream ends with run-end, or throws. */
export async function resultOf<Result>(
  events: AsyncIterable<{ readonly type: string } | RunEnd<Result>>,
): Promise<Result> {
  let result: Result | undefined;
  for await (const event of events) if (isEnd(event)) result = event.result;
  return result!;
}

const isEnd = <Result>(event: { readonly type: string } | RunEnd<Result>): event is RunEnd<Result> =>
  event.type === "run-end";
