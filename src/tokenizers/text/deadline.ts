/**
 * Regular expressions of a file run under a deadline: a pattern such as (a+)+$ would otherwise stop the process for years.
 * V8 looks for interrupts while it backtracks, and the `timeout` of node:vm is the way to send one (about 0.05 ms a call).
 */
import { createContext, Script } from "node:vm";
import { TokenizerError } from "../../base/errors.js";

const room: { work: (() => unknown) | null } = createContext({ work: null }) as typeof room;
const enter = new Script("work()");

/**
 * Runs `work`, which must not keep half-changed state, for at most five seconds and 0.1 ms a character. That is wall time, and
 * over 25 times what the slowest tokenizer of the tests needs, so that a busy machine does not fail an honest file.
 */
export function withDeadline<T>(characters: number, file: string, work: () => T): T {
  const timeout = Math.ceil(5000 + characters / 10);
  const outer = room.work;
  room.work = work;
  try {
    return enter.runInContext(room, { timeout }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    throw new TokenizerError(
      `${file}: its regular expressions did not finish within ${timeout} ms on a text of ${characters} characters.`,
      "Use the tokenizer file of the model's authors, or shorten the text.",
      { cause: error },
    );
  } finally {
    room.work = outer;
  }
}
