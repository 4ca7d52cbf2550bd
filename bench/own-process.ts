/** Measurements in a process of their own, so that peak memory is that of one run and no run warms up another. */
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Checkpoint } from "../src/engine/weights/checkpoint.js";
import { writeSafetensors } from "../src/engine/weights/safetensors-write.js";

/** Runs a module of this folder as a script, and returns the numbers that it prints as one line of JSON. */
export function inOwnProcess(module: string, ...args: readonly string[]): Readonly<Record<string, number>> {
  const child = spawnSync(process.execPath, [...process.execArgv, fileURLToPath(module), ...args], {
    encoding: "utf8",
  });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout.trim().split("\n").at(-1)!) as Record<string, number>;
}

/** Whether a module is the script of this process, as inOwnProcess starts it. */
export const isScript = (module: string): boolean => process.argv[1] === fileURLToPath(module);

/** The most memory that this process ever held, in bytes. */
export async function peakMemory(): Promise<number> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const peak = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
  return 1024 * (peak === undefined ? process.resourceUsage().maxRSS : Number(peak));
}

/** Hands `use` a checkpoint as a file of float32 safetensors, which is removed behind it, and the bytes of that file. */
export async function withFile<T>(
  weights: Checkpoint,
  use: (file: string, bytes: number) => T | Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "tessera-bench-"));
  try {
    const file = join(folder, "weights.safetensors");
    const tensors = [...weights.entries].map(async ([name, { shape }]) => {
      return [name, { shape, data: await weights.floats(name) }] as const;
    });
    await writeSafetensors(file, await Promise.all(tensors), {});
    return await use(file, (await stat(file)).size);
  } finally {
    await rm(folder, { recursive: true });
  }
}
