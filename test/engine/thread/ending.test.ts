/**
 * A process or thread that ends in the middle of a run ends as it was told to, and nothing else ends with it. Every case is a process.
 * MOMENTS=20 npx vitest run test/engine/thread/ending.test.ts tries 20 random moments of each case instead of one.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const MOMENTS = Number(process.env["MOMENTS"] ?? 1);

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
  test.each(ORDERS)(
    `${what} in the middle of %s`,
    async (order) => {
      for (let n = 0; n < MOMENTS; n++) {
        const moment = String(Math.floor(Math.random() * LATEST));
        const { stdout, ...ended } = await end(way, order, moment);
        expect(ended, `after ${moment} ms`).toEqual({ code, signal: null });
        if (way === "terminate") expect(stdout).toBe("alive\n");
      }
    },
    60_000 + 10_000 * MOMENTS,
  );
});
