/**
 * What a file may make of its work: a pattern such as (a+)+$ would stop the process for years, and thirty rules that double a text
 * would fill its memory. So whatever runs on behalf of a file (loading it, encoding, decoding) runs within an effort: for a bounded
 * time, and with a bounded sum of characters and ids by which rules make it longer. Honest files stay far below both.
 */
import { createContext, Script } from "node:vm";
import { TokenizerError } from "../../base/errors.js";

export interface Work {
  /** The file, for messages. */
  readonly label: string;
  /** Characters of the text, or of the file, by which time and size are measured. */
  readonly characters: number;
  /** Whether rules of the file can take long even with a short text. */
  readonly costly: boolean;
}

/** Up to this length a text needs no deadline, which costs some 0.3 ms per call, unless rules are costly. */
const BRIEF = 256;

/** What is left of the effort that is being made; sums are all there is to it, since everything here is synchronous. */
let left = { label: "the tokenizer", growth: Number.POSITIVE_INFINITY };

/**
 * Runs `work`, which must not keep half-changed state. Throws TokenizerError when it takes more than three seconds and 0.025 ms per
 * character (over five times what the slowest tokenizer of the tests needs, so that a busy machine does not fail an honest file), or
 * when it grows beyond bounds.
 */
export function within<T>({ label, characters, costly }: Work, work: () => T): T {
  const outer = left;
  const brief = !costly && characters <= BRIEF;
  left = { label, growth: (brief ? 2 ** 16 : 2 ** 20) + 64 * characters };
  try {
    return brief ? work() : withDeadline(label, characters, work);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // V8's own bounds: of strings, arrays and the stack
    throw new TokenizerError(`${label}: its rules need more than memory holds (${error.message}).`, REMEDY, {
      cause: error,
    });
  } finally {
    left = outer;
  }
}

/** To be told of every character or id by which a rule of the file makes its input longer, before they come into being if they can be many. */
export function grow(by: number): void {
  if (by <= 0) return;
  left.growth -= by;
  if (left.growth < 0)
    throw new TokenizerError(`${left.label}: its rules make a text many times longer than it was.`, REMEDY);
}

/** A text made out of another by a rule that lengthens it by a small factor at most. */
export function grown(before: string, after: string): string {
  grow(after.length - before.length);
  return after;
}

const REMEDY = "Use the tokenizer file of the model's authors, or shorten the text.";

const room: { work: (() => unknown) | null } = createContext({ work: null }) as typeof room;
const enter = new Script("work()");

/** V8 looks for interrupts while it loops and backtracks, and the `timeout` of node:vm is the way to send one. */
function withDeadline<T>(label: string, characters: number, work: () => T): T {
  const timeout = Math.ceil(3000 + characters / 40);
  const outer = room.work;
  room.work = work;
  try {
    return enter.runInContext(room, { timeout }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    throw new TokenizerError(
      `${label}: its rules did not finish within ${timeout} ms on ${characters} characters.`,
      REMEDY,
      { cause: error },
    );
  } finally {
    room.work = outer;
  }
}
