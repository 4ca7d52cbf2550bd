/**
 * A process or thread that ends in the middle of a run ends as it was told to, and nothing else ends with it. Every case is a process.
 * One random moment of each case is tried here; `npm run bench -- endings` tries 20, of every medium.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

/** A run of four pictures takes at least this long, from its first tokens on. */
const LATEST = 800; // ms

const ORDERS = ["next-scale", "next-token", "jacobi", "next-neighbor"];

const WAYS = [
  ["exit", 7, "process.exit(7)"],
  ["throw", 1, "an uncaught error"],
  ["signal", 0, "a handler of SIGTERM that exits with 0"],
  ["terminate", 0, "worker.terminate() of the thread that draws"],
] as const;

const script = fileURLToPath(new URL("ending.mjs", import.meta.url));

function end(...args: readonly string[]): Promise<{ code: unknown; signal: unknown; stdout: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script, ...args], (_, stdout) =>
      resolve({ code: child.exitCode, signal: child.signalCode, stdout }),
    );
  });
}

describe.each(WAYS)("%s", (way, code, what) => {
  test.each(ORDERS)(`${what} in the middle of %s`, async (order) => {
    const moment = String(Math.floor(Math.random() * LATEST));
    const { stdout, ...ended } = await end(way, moment, "image", order);
    expect(ended, `after ${moment} ms`).toEqual({ code, signal: null });
    if (way === "terminate") expect(stdout).toMatch(/alive\n$/);
  });
});
