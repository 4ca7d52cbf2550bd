/**
 * Runs golden cases:   npm run golden -- DIR... [--device NAME] [--verbose]
 *
 * Any folder will do; every case.json below it is a case, whatever its folder is called. One line a case:
 *
 *   llamagen/vq-ds8   max-abs 1.2e-6  max-rel 3.4e-7  PASS
 *
 * UNSUPPORTED (with the reason) is not a failure: the golden set covers more than this version does.
 * The exit code is 1 if a case failed, 2 if there was none.
 */
import { parseArgs } from "node:util";
import { type DeviceName, openEngine } from "../../src/engine/open.js";
import { findCases, type GoldenCase, readCase } from "./case.js";
import { type Comparison, Unsupported } from "./compare.js";
import { findSystem } from "./systems/index.js";

type Verdict = "PASS" | "FAIL" | "UNSUPPORTED";

interface Outcome {
  readonly name: string;
  readonly verdict: Verdict;
  readonly comparisons: readonly Comparison[];
  readonly note: string;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { device: { type: "string", default: "reference" }, verbose: { type: "boolean", default: false } },
  });
  if (positionals.length === 0) {
    console.error("usage: npm run golden -- DIR... [--device NAME] [--verbose]");
    return 2;
  }
  await using engine = await openEngine({ device: values.device as DeviceName });
  console.log(`device ${engine.device.name}: ${engine.device.reason}`);
  const outcomes: Outcome[] = [];
  for (const folder of await findCases(positionals)) {
    const outcome = await judge(folder, async (golden) => {
      const comparisons: Comparison[] = [];
      for await (const comparison of findSystem(golden)(folder, golden, engine)) comparisons.push(comparison);
      return comparisons;
    });
    outcomes.push(outcome);
    report(outcome, values.verbose);
  }
  const count = (verdict: Verdict) => outcomes.filter((outcome) => outcome.verdict === verdict).length;
  console.log(
    `${outcomes.length} cases: ${count("PASS")} pass, ${count("FAIL")} fail, ${count("UNSUPPORTED")} unsupported`,
  );
  if (outcomes.length === 0) return 2;
  return count("FAIL") > 0 ? 1 : 0;
}

/** Runs one case; whatever goes wrong in it is its own failure and not the runner's. */
async function judge(folder: string, run: (golden: GoldenCase) => Promise<Comparison[]>): Promise<Outcome> {
  let name = folder;
  try {
    const golden = await readCase(folder);
    name = `${golden.system}/${golden.case}`;
    const comparisons = await run(golden);
    const failures = comparisons.filter(({ pass }) => !pass);
    if (comparisons.length === 0) return { name, verdict: "FAIL", comparisons, note: "nothing was compared" };
    const note = failures.map((failure) => failure.name + (failure.note ? ` (${failure.note})` : "")).join(", ");
    return { name, verdict: failures.length > 0 ? "FAIL" : "PASS", comparisons, note };
  } catch (error) {
    if (error instanceof Unsupported) return { name, verdict: "UNSUPPORTED", comparisons: [], note: error.message };
    const note = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { name, verdict: "FAIL", comparisons: [], note };
  }
}

function report({ name, verdict, comparisons, note }: Outcome, verbose: boolean): void {
  const worst = (of: (comparison: Comparison) => number) => comparisons.reduce((a, b) => Math.max(a, of(b)), 0);
  const numbers =
    comparisons.length > 0
      ? columns(
          worst((c) => c.maxAbs),
          worst((c) => c.maxRel),
        )
      : "";
  console.log([name.padEnd(36), numbers, verdict, note].filter(Boolean).join("  "));
  if (!verbose) return;
  for (const { name, maxAbs, maxRel, pass, note } of comparisons) {
    console.log(`  ${name.padEnd(34)}  ${columns(maxAbs, maxRel)}  ${pass ? "ok" : "OFF"}  ${note ?? ""}`.trimEnd());
  }
}

const columns = (maxAbs: number, maxRel: number) =>
  `max-abs ${maxAbs.toExponential(2)}  max-rel ${maxRel.toExponential(2)}`;

process.exitCode = await main();
