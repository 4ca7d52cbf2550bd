/** The standard streams of a command. What comes from files is escaped; a reader that leaves or a full disk is no crash. */
import { printable } from "../base/words.js";

/** Prints a result. */
export const print = (text: string): void => {
  process.stdout.write(printable(text));
};

/** Prints what is no result: progress, warnings, errors. */
export const tell = (text: string): void => {
  process.stderr.write(printable(text));
};

/** Why standard output could not take all of the results; null while it could. */
let failure: NodeJS.ErrnoException | null = null;

/** Takes the errors of both streams. Those of standard error are dropped: who does not read it misses nothing that counts. */
export function watchStreams(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => (failure ??= error));
  process.stderr.on("error", () => {});
}

/** Waits until standard output has taken everything, and answers why it could not, or null. */
export async function drained(): Promise<NodeJS.ErrnoException | null> {
  if (failure === null) await new Promise<void>((done) => process.stdout.write("", () => done()));
  return failure;
}

/** What an error says, without its stack. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
