/** How far a run is: a bar that redraws itself on a terminal, a line per quarter elsewhere, nothing when quiet. */
import { printable } from "../base/words.js";

export interface Progress {
  /** `done` of `total` tokens. */
  update(done: number, total: number): void;
  /** A line that stays. */
  line(text: string): void;
  /** Takes the bar away. */
  clear(): void;
}

const SILENT: Progress = { update() {}, line() {}, clear() {} };
const WIDTH = 28;

/** Writes to stderr, so that stdout holds results alone. */
export function progressOn(stream: NodeJS.WriteStream, quiet: boolean): Progress {
  if (quiet) return SILENT;
  return stream.isTTY ? bar(stream) : lines(stream);
}

function bar(stream: NodeJS.WriteStream): Progress {
  const started = performance.now();
  const clear = () => {
    stream.write("\r\x1b[K");
  };
  return {
    update(done, total) {
      const filled = Math.floor((WIDTH * done) / total);
      const seconds = (performance.now() - started) / 1000;
      const drawn = "█".repeat(filled) + "░".repeat(WIDTH - filled);
      stream.write(`\r${drawn} ${done}/${total} tokens · ${seconds.toFixed(1)} s\x1b[K`);
    },
    line(text) {
      clear();
      stream.write(`${printable(text)}\n`);
    },
    clear,
  };
}

function lines(stream: NodeJS.WriteStream): Progress {
  let quarter = 0;
  return {
    update(done, total) {
      const now = Math.floor((4 * done) / total);
      if (now > quarter) stream.write(`${done}/${total} tokens\n`);
      quarter = now;
    },
    line(text) {
      stream.write(`${printable(text)}\n`);
    },
    clear() {},
  };
}
