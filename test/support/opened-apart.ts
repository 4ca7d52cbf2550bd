/**
 * Files that are made to hurt, opened in another process, so that a crash is one result and memory can be told. A process opens the
 * files of a test file one after the other; where it ends, the next file gets a new one.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";

/** What is opened, and what is done with it then. */
export type Opening =
  | { readonly kind: "checkpoint" }
  | {
      readonly kind: "tokenizer";
      readonly use: {
        readonly method: "encode" | "decode" | "encodeBatch";
        readonly argument: unknown;
        readonly options?: object;
      };
    }
  /** Pictures with a side of more than `most` are refused. */
  | { readonly kind: "picture"; readonly most: number };

export interface Opened {
  /** null: all went well. */
  readonly error: {
    readonly code: string;
    readonly fault?: string;
    readonly message: string;
    readonly length: number;
  } | null;
  /** Processor time. */
  readonly seconds: number;
  /** The most memory that the process ever held, in bytes. */
  readonly peak: number;
}

const script = fileURLToPath(new URL("opened-apart.mjs", import.meta.url));

/** What any file may cost. Of the time no more is asked than that it ends, as machines differ; it is printed. */
const MOST_MEMORY = 2 ** 30;

/** Longer than the 5 s that a file may take on a quiet machine, and shorter than a test may take. */
const LONGEST = 50_000; // ms

let child: ChildProcess | null = null;
afterAll(() => void child?.kill());

/** Opens the file, and expects that it ends by itself within a gigabyte of memory. One at a time. */
export async function openedApart(what: string, path: string, opening: Opening): Promise<Opened> {
  const opener = (child ??= fork(script, { execArgv: ["--expose-gc"] }));
  const ended = new AbortController();
  const { signal } = ended;
  const answer = once(opener, "message", { signal });
  const crash = once(opener, "exit", { signal }).then(([code, name]) => {
    child = null;
    throw new Error(`${what} ended the process that opened it (${name ?? code})`);
  });
  const timer = setTimeout(() => opener.kill("SIGKILL"), LONGEST);
  try {
    opener.send({ path, ...opening });
    const [opened] = (await Promise.race([answer, crash])) as [Opened];
    console.info(
      `${what}: ${opened.seconds.toFixed(1)} s of processor time, ${(opened.peak / 2 ** 20).toFixed(0)} MiB`,
    );
    expect(opened.peak).toBeLessThan(MOST_MEMORY);
    return opened;
  } finally {
    clearTimeout(timer);
    ended.abort();
    await Promise.allSettled([answer, crash]);
  }
}
