/** Files that are made to hurt, opened in a process of their own, so that a crash is one result and memory can be told. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "vitest";

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
  /** The most memory that the process held, in bytes. */
  readonly peak: number;
}

const script = fileURLToPath(new URL("opened-apart.mjs", import.meta.url));

/** What any file may cost. Of the time no more is asked than that it ends, as machines differ; it is printed. */
const MOST_MEMORY = 2 ** 30;

/** Opens the file, and expects that it ends by itself within a gigabyte of memory. */
export async function openedApart(what: string, path: string, opening: Opening): Promise<Opened> {
  const request = `${path}.request.json`;
  writeFileSync(request, JSON.stringify({ path, ...opening }));
  const { stdout } = await promisify(execFile)(process.execPath, [script, request]);
  const opened = JSON.parse(stdout) as Opened;
  console.info(`${what}: ${opened.seconds.toFixed(1)} s of processor time, ${(opened.peak / 2 ** 20).toFixed(0)} MiB`);
  expect(opened.peak).toBeLessThan(MOST_MEMORY);
  return opened;
}
