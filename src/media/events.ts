/**
 * What happens during a run, whatever the medium. Noun and verb: what, and what became of it. The first event is run-start, the
 * last one run-end.
 */
import type { DeviceReport } from "../engine/engine.js";
import type { Warning } from "./warnings.js";

/** Tokens of all items together; null where items end by themselves, so that nobody knows beforehand. */
export type Total = number | null;

export interface RunStart<T extends Total = Total> {
  readonly type: "run-start";
  readonly model: { readonly name: string; readonly revision: string };
  readonly device: DeviceReport;
  readonly seed: number;
  readonly n: number;
  readonly total: T;
  readonly warnings: readonly Warning[];
}

/** One pass through the model is done. `done` counts the final tokens of all items. */
export interface TokensAccept<T extends Total = Total> {
  readonly type: "tokens-accept";
  readonly done: number;
  readonly total: T;
  readonly forwardPasses: number;
}

export interface RunEnd<Result> {
  readonly type: "run-end";
  readonly result: Result;
}

/** The events of a run. `Own` are the medium's: what can be shown of an item on the way, and each item when it is complete. */
export type RunEvent<Own extends { readonly type: string }, Result, T extends Total = Total> =
  | RunStart<T>
  | TokensAccept<T>
  | Own
  | RunEnd<Result>;

export interface Usage {
  /** Tokens of the subject that the model read, for all items. */
  readonly inputTokens: number;
  /** Tokens generated, for all items. */
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly forwardPasses: number;
  /** Tokens predicted to get those generated; more where guesses were wrong. */
  readonly predictedTokens: number;
  readonly milliseconds: number;
}

/** What every result holds besides its items. */
export interface RunResult {
  readonly warnings: readonly Warning[];
  readonly usage: Usage;
  readonly seed: number;
  readonly response: { readonly timestamp: Date; readonly modelId: string; readonly revision: string };
}
