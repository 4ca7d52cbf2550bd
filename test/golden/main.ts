/**
 * Runs golden cases:   npm run golden -- DIR... [--device NAME] [--verbose]
 *
 * Any folder will do; every case.json below it is a case, whatever its folder is called. One line a case:
 *
 *   llamagen/vq-ds8   max-abs 1.20e-6  max-rel 3.40e-7  PASS
 *
 * UNSUPPORTED (with the reason) is not a failure: the golden set covers more than this version does.
 * The exit code is 1 if a case failed, 2 if there was none or the call was wrong.
 */
import { parseArgs } from "node:util";
import { type DeviceName, openEngine } from "../../src/engine/open.js";
import { linesOf, runCases, type Verdict } from "./run.js";

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { device: { type: "string", default: "auto" }, verbose: { type: "boolean", default: false } },
  });
  if (positionals.length === 0) throw new Error("usage: npm run golden -- DIR... [--device NAME] [--verbose]");
  await using engine = await openEngine({ device: values.device as DeviceName | "auto" });
  console.log(`device ${engine.device.name}: ${engine.device.reason}`);
  const counts: Record<Verdict, number> = { PASS: 0, FAIL: 0, UNSUPPORTED: 0 };
  for await (const outcome of runCases(positionals, engine)) {
    counts[outcome.verdict]++;
    for (const line of linesOf(outcome, values.verbose)) console.log(line);
  }
  const total = counts.PASS + counts.FAIL + counts.UNSUPPORTED;
  console.log(`${total} cases: ${counts.PASS} pass, ${counts.FAIL} fail, ${counts.UNSUPPORTED} unsupported`);
  if (total === 0) throw new Error(`there is no case.json below ${positionals.join(", ")}`);
  return counts.FAIL > 0 ? 1 : 0;
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 2;
});
