/** Runs of a model as streams of events. */
import { check } from "../base/check.js";
import type { ImageEvent, ImageResult } from "./events.js";
import { type ImageModel, loadImageModel } from "./model.js";

/** Where a run finds its model, and what stops it. */
export interface RunOptions {
  /** A loaded model, which stays open; or a name or folder, which is loaded for this call alone. Default: tessera-icons. */
  readonly model?: ImageModel | string | undefined;
  /** Stops between two passes; the call rejects with signal.reason, and the model stays usable. */
  readonly signal?: AbortSignal | undefined;
}

/** The events of a run, after which a model that was loaded for it is closed, whatever happened. */
export async function* running(
  { model: source, signal }: RunOptions,
  run: (model: ImageModel) => AsyncIterable<ImageEvent>,
): AsyncGenerator<ImageEvent, void, void> {
  check("signal", "an AbortSignal", signal, (s) => s === undefined || s instanceof AbortSignal);
  signal?.throwIfAborted();
  const model = typeof source === "object" ? source : await loadImageModel(source);
  try {
    yield* run(model);
  } finally {
    if (model !== source) await model.close();
  }
}

/** The result of a run, whose stream ends with run-end, or throws. */
export async function resultOf(events: AsyncIterable<ImageEvent>): Promise<ImageResult> {
  let result: ImageResult | undefined;
  for await (const event of events) if (event.type === "run-end") result = event.result;
  return result!;
}
