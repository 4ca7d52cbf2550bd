/**
 * Processes and threads that end in the middle of a run: every way to end, every order that a model at hand knows, and MOMENTS=20 random
 * moments of SEED=1 each.   npm run bench -- endings
 *
 * Prints how many ended as they were told to, and how many of these in the middle of the run. Throws where one did not.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { uniform } from "../src/base/random.js";
import { DEFAULT_MASK_MODEL } from "../src/mask/index.js";
import { writeTinyTextModel } from "../test/support/tiny-text-model.js";

const MOMENTS = Number(process.env.MOMENTS ?? 20);
const SEED = Number(process.env.SEED ?? 1);
const AT_ONCE = 2;

/** The exit code that each way to end asks for. */
const WAYS = { exit: 7, throw: 1, signal: 0, terminate: 0 } as const;
type Way = keyof typeof WAYS;

/** Medium, order, and the latest moment in milliseconds behind the first event. */
const RUNS: readonly (readonly [medium: string, order: string, latest: number])[] = [
  ["image", "next-scale", 800],
  ["image", "next-token", 2500],
  ["image", "jacobi", 1500],
  ["image", "next-neighbor", 800],
  ["speech", "next-token", 2000],
  ["mesh", "next-token", 2000],
  ["mask", "next-token", 800],
  ["text", "next-token", 800],
  ["text", "jacobi", 800],
  ["text", "prompt-lookup", 800],
];

const script = fileURLToPath(new URL("../test/engine/thread/ending.mjs", import.meta.url));

interface Ended {
  readonly asked: boolean;
  readonly running: boolean;
  readonly how: string;
}

const end = (way: Way, medium: string, order: string, moment: number, model: string): Promise<Ended> =>
  new Promise((resolve) => {
    const args = [script, way, String(moment), medium, order, ...(model === "" ? [] : [model])];
    const child = execFile(process.execPath, args, (_, stdout, stderr) => {
      const { exitCode, signalCode } = child;
      const said =
        way === "terminate" ? stdout.endsWith("alive\n") : way !== "throw" || stderr.includes("Error: meant");
      resolve({
        asked: exitCode === WAYS[way] && signalCode === null && said,
        running: !stdout.includes("over"),
        how: `${way} after ${moment} ms: code ${exitCode}, signal ${signalCode}, ${stdout}${stderr}`,
      });
    });
  });

export async function endings(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tessera-bench-"));
  try {
    const models: Record<string, string> = {
      text: await writeTinyTextModel(join(folder, "text")),
      mask: DEFAULT_MASK_MODEL,
    };
    const wrong: string[] = [];
    for (const [item, [medium, order, latest]] of RUNS.entries()) {
      const cases = Object.keys(WAYS).flatMap((way, w) =>
        Array.from({ length: MOMENTS }, (_, n) => {
          const share = uniform({ seed: SEED, item, position: w * MOMENTS + n, purpose: "noise" });
          return { way: way as Way, moment: Math.floor(latest * share) };
        }),
      );
      const ended: Ended[] = [];
      const next = cases.values();
      const work = async () => {
        for (const { way, moment } of next) ended.push(await end(way, medium, order, moment, models[medium] ?? ""));
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      const [asked, running] = [ended.filter(({ asked }) => asked), ended.filter(({ running }) => running)];
      wrong.push(...ended.filter(({ asked }) => !asked).map(({ how }) => `${medium} ${order}, ${how}`));
      console.log(
        `${`${medium} ${order}`.padEnd(21)} ${asked.length} of ${ended.length} ended as asked, ${running.length} in mid-run`,
      );
    }
    if (wrong.length > 0) throw new Error(`${wrong.length} ended otherwise:\n${wrong.join("\n")}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}
