/**
 * The loop of every run: batches, passes, what can be shown on the way, items as they are completed, the result. A medium hands
 * in how its items are made and told of; the loop counts, watches the signal between passes and closes what was begun.
 */
import type { RunEvent, RunResult, Total } from "./events.js";
import { type Batch, batchesOf } from "./batches.js";
import type { LoadedModel } from "./load.js";
import type { RunSettings } from "./settings.js";
import type { Closable } from "./parts.js";
import type { Warning } from "./warnings.js";

/** A request of a medium, ready to be run. */
export interface Run<Own extends { readonly type: string }, Item, Result, T extends Total = Total> {
  readonly model: LoadedModel;
  readonly settings: RunSettings;
  /** Tokens of each item; null where items end by themselves. */
  readonly itemTokens: T;
  /** Tokens of the subjects that the model reads, for all items; looked at when the run has ended. */
  readonly inputTokens: number;
  /** Those known beforehand; finish() may add to them. */
  readonly warnings: Warning[];
  /** Opens what makes the items. Called once, when the run has started. */
  open(): Promise<Maker<Own, Item>>;
  /** The event of an item that is complete. */
  completed(item: Item): Own;
  /** The result of all items, in order of their index. */
  result(items: readonly Item[], facts: RunResult): Result;
}

/** What makes the items of a run, a batch at a time. */
export interface Maker<Own, Item> {
  /** Memory that one item takes while it is made, such as stateBytes of its graph. */
  readonly itemBytes: number;
  /** Begins items that are made together. What takes long heeds the signal, and rejects with its reason. */
  begin(batch: Batch, signal: AbortSignal | undefined): Promise<Making<Own, Item>>;
}

/** Items of one batch in the making. */
export interface Making<Own, Item> extends Closable {
  /** Runs the model, pass by pass. Where it ends, every item is complete. */
  passes(): AsyncIterable<Pass>;
  /** What can be shown after a pass: previews, pieces of a text or of a sound, levels of a mesh. */
  shown?(progress: Progress): AsyncIterable<Own>;
  /** The complete item, by its number in the batch. Called once for each, as soon as it is complete. */
  finish(item: number): Promise<Item>;
}

/** What became of one pass. */
export interface Pass {
  /** Tokens that became final, for each item of the batch. */
  readonly accepted: readonly number[];
  /** Tokens predicted, over all items. */
  readonly predicted: number;
  /** Items that are complete with this pass, before the others are. */
  readonly complete?: readonly number[];
}

/** How far a batch has come. */
export interface Progress {
  /** Tokens that are final, for each item of the batch. */
  readonly known: readonly number[];
  /** Passes of this batch. */
  readonly forwardPasses: number;
}

/** Runs a request. Leaving the loop early, or a failure, stops the work and closes what was begun. */
export async function* generate<Own extends { readonly type: string }, Item, Result, T extends Total = Total>(
  run: Run<Own, Item, Result, T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<RunEvent<Own, Result, T>, void, void> {
  const started = performance.now();
  const { model, warnings, itemTokens } = run;
  const { n, seed, firstIndex } = run.settings;
  const total = (itemTokens === null ? null : n * itemTokens) as T;
  const { name, revision, device } = model;
  yield { type: "run-start", model: { name, revision }, device, seed, n, total, warnings: [...warnings] };

  const items: Item[] = [];
  let [done, forwardPasses, predictedTokens] = [0, 0, 0];
  signal?.throwIfAborted();
  const maker = await run.open();
  for (const batch of batchesOf(run.settings, maker.itemBytes)) {
    signal?.throwIfAborted();
    const making = await maker.begin(batch, signal);
    try {
      const known = Array<number>(batch.items).fill(0);
      const open = new Set(known.keys());
      const complete = async function* (numbers: readonly number[]): AsyncGenerator<Own, void, void> {
        for (const number of numbers) {
          open.delete(number);
          const item = await making.finish(number);
          items[batch.first - firstIndex + number] = item;
          yield run.completed(item);
        }
      };
      let passes = 0;
      for await (const pass of making.passes()) {
        passes++;
        forwardPasses++;
        predictedTokens += pass.predicted;
        for (const [item, count] of pass.accepted.entries()) {
          known[item]! += count;
          done += count;
        }
        yield { type: "tokens-accept", done, total, forwardPasses };
        if (making.shown) yield* making.shown({ known, forwardPasses: passes });
        yield* complete(pass.complete ?? []);
      }
      signal?.throwIfAborted();
      yield* complete([...open]);
    } finally {
      await making.close();
    }
    signal?.throwIfAborted();
  }

  const milliseconds = performance.now() - started;
  const { inputTokens } = run;
  const usage = { inputTokens, outputTokens: done, totalTokens: inputTokens + done, forwardPasses };
  const response = { timestamp: new Date(), modelId: name, revision };
  const facts = { warnings, usage: { ...usage, predictedTokens, milliseconds }, seed, response };
  yield { type: "run-end", result: run.result(items, facts) };
}
