/** Runs a reference script of bench/pytorch/ and returns the numbers that it prints as one line of JSON. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Null, with a line that says why, where there is no Python with torch: set PYTHON to one that has it. */
export function pytorch(script: string, ...args: readonly string[]): Readonly<Record<string, number>> | null {
  const python = process.env.PYTHON ?? "python3";
  const file = fileURLToPath(new URL(`pytorch/${script}`, import.meta.url));
  const run = spawnSync(python, [file, ...args], { encoding: "utf8" });
  if (run.status !== 0) {
    const reason = run.error?.message ?? run.stderr.trim().split("\n").at(-1);
    console.log(`PyTorch was not measured (${reason}): set PYTHON to a Python that has torch.`);
    return null;
  }
  return JSON.parse(run.stdout.trim().split("\n").at(-1)!) as Record<string, number>;
}
