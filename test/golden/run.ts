/** Judges golden cases one after the other. What goes wrong inside a case is its own failure and not the runner's. */
import type { Engine } from "../../src/engine/engine.js";
import { findCases, type GoldenCase, readCase } from "./case.js";
import { type Comparison, Unsupported } from "./compare.js";
import { findSystem } from "./systems/index.js";

export type Verdict = "PASS" | "FAIL" | "UNSUPPORTED";

export interface Outcome {
  /** system/case, or the folder of a case.json that says neither. */
  readonly name: string;
  readonly verdict: Verdict;
  readonly comparisons: readonly Comparison[];
  /** What failed, what is not supported, and what was passed over. One line. */
  readonly note: string;
}

/** Runs every case below `roots` on `engine`. */
export async function* runCases(roots: readonly string[], engine: Engine): AsyncIterable<Outcome> {
  for (const folder of await findCases(roots)) yield await judge(folder, engine);
}

async function judge(folder: string, engine: Engine): Promise<Outcome> {
  let name = folder;
  const comparisons: Comparison[] = [];
  try {
    const golden: GoldenCase = await readCase(folder);
    name = `${golden.system}/${golden.case}`;
    for await (const comparison of findSystem(golden)(folder, golden, engine)) comparisons.push(comparison);
  } catch (error) {
    const verdict = error instanceof Unsupported ? "UNSUPPORTED" : "FAIL";
    return { name, verdict, comparisons, note: oneLine(error instanceof Error ? error.message : String(error)) };
  }
  if (comparisons.length === 0) return { name, verdict: "FAIL", comparisons, note: "nothing was compared" };
  const failures = comparisons.filter(({ pass }) => !pass);
  const over = comparisons.filter(({ note }) => note?.startsWith("passed over"));
  const told = failures.map((failure) => failure.name + (failure.note ? ` (${failure.note})` : ""));
  if (over.length > 0) told.push(`${over[0]!.note} (${over.map((each) => each.name).join(", ")})`);
  const note = told.join(", ");
  return { name, verdict: failures.length > 0 ? "FAIL" : "PASS", comparisons, note: oneLine(note) };
}

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();

/** The line of a case, and with `verbose` one more for each of its tensors. */
export function linesOf({ name, verdict, comparisons, note }: Outcome, verbose: boolean): string[] {
  const worst = (of: (comparison: Comparison) => number) => comparisons.reduce((a, b) => Math.max(a, of(b)), 0);
  const numbers =
    comparisons.length > 0
      ? [
          columns(
            worst((c) => c.maxAbs),
            worst((c) => c.maxRel),
          ),
        ]
      : [];
  const line = [name.padEnd(36), ...numbers, verdict, ...(note ? [note] : [])].join("  ");
  if (!verbose) return [line];
  const details = comparisons.map(
    ({ name, maxAbs, maxRel, pass, note }) =>
      `  ${name.padEnd(34)}  ${columns(maxAbs, maxRel)}  ${pass ? "ok" : "OFF"}${note ? `  ${oneLine(note)}` : ""}`,
  );
  return [line, ...details];
}

const columns = (maxAbs: number, maxRel: number) =>
  `max-abs ${maxAbs.toExponential(2)}  max-rel ${maxRel.toExponential(2)}`;
