/** What every command gets, and what it may answer besides success. */

export interface Context {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
  readonly signal: AbortSignal;
}

/** Thrown when a command completes with a negative answer: exit code 1, already reported. */
export class Refusal extends Error {}
