/** What every command gets, and what it may answer besides success. */

export interface Context {
  /** Aborted by the first SIGINT; a second one ends the process at once. */
  readonly signal: AbortSignal;
}

/** A command ran to its end and its answer is "no": the exit code is 1, and it has said why itself. */
export class Refusal extends Error {}
