/** How far a run is: a bar that redraws itself on a terminal, a line per quarter elsewhere, nothing when quiet. */
import { printable } from "../base/words.js";

export interface Progress {
  /** `done` of `total` units; `note` says what is going on just now, where there is room for it. */
  update(done: number, total: number, note?: string): void;
  /** A line that stays. */
  line(text: string): void;
  /** Takes the bar away. */
  clear(): void;
}

const SILENT: Progress = { update() {}, line() {}, clear() {} };
const WIDTH = 28;

/** Writes to stderr, so that stdout holds results alone. `unit` is what is counted. */
export function progressOn(stream: NodeJS.WriteStream, quiet: boolean, unit = "tokens"): Progress {
  if (quiet) return SILENT;
  return stream.isTTY ? bar(stream, unit) : lines(stream, unit);
}

function bar(stream: NodeJS.WriteStream, unit: string): Progress {
  const started = performance.now();
  const clear = () => {
    stream.write("\r\x1b[K");
  };
  return {
    update(done, total, note) {
      const filled = Math.floor((WIDTH * done) / total);
      const seconds = (performance.now() - started) / 1000;
      const drawn = "█".repeat(filled) + "░".repeat(WIDTH - filled);
      const text = [`${done}/${total} ${unit}`, `${seconds.toFixed(1)} s`, ...(note ? [printable(note)] : [])].join(
        " · ",
      );
      stream.write(`\r${drawn} ${text.slice(0, Math.max(20, (stream.columns ?? 80) - WIDTH - 2))}\x1b[K`);
    },
    line(text) {
      clear();
      stream.write(`${printable(text)}\n`);
    },
    clear,
  };
}

function lines(stream: NodeJS.WriteStream, unit: string): Progress {
  let quarter = 0;
  return {
    update(done, total) {
      const now = Math.floor((4 * done) / total);
      if (now > quarter) stream.write(`${done}/${total} ${unit}\n`);
      quarter = now;
    },
    line(text) {
      stream.write(`${printable(text)}\n`);
    },
    clear() {},
  };
}
