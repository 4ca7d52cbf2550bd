/** The matcher of a medium: finds the golden, compares, says what differs, and writes goldens and reports. */
import { check, checkNames, checkOptions, isNumberIn, isObject } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { type ManifestBase, type Marking, markingOf } from "../index.js";
import {
  type GoldenPlace,
  manifestBeside,
  originOf,
  placeOf,
  readGolden,
  removeReport,
  shownPath,
  writeGolden,
  writeReport,
} from "./golden-store.js";
import { onlyItem } from "./only-item.js";
import { type Comparison, digits, type Measure, type Medium, within } from "./medium.js";
import { reportOf } from "./report.js";
import { type MatcherState, type RunningTest, runningTest } from "./running-test.js";

/** What a matcher takes; a text alone is the name. `Name` are the measures of the medium. */
export interface GoldenOptions<Name extends string = string> {
  /** Name of the golden among those of the test file. Default: the name of the test and a number. */
  readonly name?: string | undefined;
  /** One golden for all devices, which is the default, or one for each device and precision, for items that name theirs. */
  readonly golden?: "shared" | "device" | undefined;
  /** What to compare with instead of a golden: anything that the matcher itself takes. Nothing is written then. */
  readonly expected?: unknown;
  /** What is still the same. Names that are left out keep their defaults. */
  readonly tolerance?: Tolerance<Name> | undefined;
  /** Tolerances of items that were made on a device: `{ "onnx-webgpu": { psnr: 35 } }`. */
  readonly devices?: Readonly<Record<string, Tolerance<Name>>> | undefined;
}

export type Tolerance<Name extends string> = { readonly [K in Name]?: number | undefined };

export interface MatcherResult {
  readonly pass: boolean;
  message(): string;
}

const OPTIONS = ["name", "golden", "expected", "tolerance", "devices"] as const;

/** A matcher for `expect.extend`. */
export const goldenMatcher = <Value, Name extends string>(matcher: string, medium: Medium<Value, Name>) =>
  async function (
    this: MatcherState,
    received: unknown,
    given: string | GoldenOptions<Name> = {},
  ): Promise<MatcherResult> {
    const options: GoldenOptions<Name> = typeof given === "string" ? { name: given } : given;
    checkGoldenOptions(matcher, medium, options);
    const manifest = manifestOf(received);
    const tolerance = toleranceFor(medium, options, manifest);
    const bytes = await medium.encode(await medium.read(received), manifest && markingFrom(manifest));
    const judged = async (expected: Uint8Array) => {
      const comparison = medium.compare(await medium.decode(expected), await medium.decode(bytes));
      return { comparison, tolerance, pass: passes(comparison, tolerance) };
    };
    if (options.expected !== undefined) {
      const { expected } = options;
      const verdict = await judged(await medium.encode(await medium.read(expected), null));
      return resultOf(medium, verdict, originLines(manifestOf(expected), manifest));
    }
    const test = runningTest(this);
    const place = placeOf(test, options.name, suffixOf(matcher, options, manifest), medium.extension);
    await removeReport(place);
    const golden = await readGolden(place.golden);
    if (golden === null) return firstRun(this, test, place, medium, bytes, manifest);
    const verdict = await judged(golden);
    if (verdict.pass || this.isNot) {
      if (!this.isNot) test.count("matched");
      return resultOf(medium, verdict, [`golden    ${shownPath(place.golden)}`]);
    }
    if (test.mode === "all") {
      await writeGolden(place.golden, bytes, manifest);
      test.count("updated");
      return { pass: true, message: () => "" };
    }
    test.count("unmatched");
    const origins = originLines(await manifestBeside(place.golden), manifest);
    const title = { test: test.name, golden: shownPath(place.golden), noun: medium.noun };
    await writeReport(place, reportOf(title, verdict, origins, await verdict.comparison.figures()));
    return resultOf(medium, verdict, [
      `golden    ${shownPath(place.golden)}`,
      ...origins,
      `report    ${shownPath(place.report)}`,
      "→ Look at the report. If the change is meant, run vitest with -u and commit the new golden.",
    ]);
  };

/** No golden yet: it is written, except where vitest writes no snapshots, as under CI. */
async function firstRun(
  { isNot }: MatcherState,
  test: RunningTest,
  { golden }: GoldenPlace,
  { noun }: { readonly noun: string },
  bytes: Uint8Array,
  manifest: ManifestBase | null,
): Promise<MatcherResult> {
  if (test.mode === "none" || isNot) {
    const why = isNot ? "" : ", and under CI none is written";
    const advice = "→ Run the test on your machine without .not, look at the golden that it writes, and commit it.";
    return {
      pass: isNot,
      message: () => `There is no golden of this ${noun} at ${shownPath(golden)}${why}.\n${advice}`,
    };
  }
  await writeGolden(golden, bytes, manifest);
  test.count("added");
  return { pass: true, message: () => "" };
}

export interface Verdict {
  readonly comparison: Comparison;
  readonly tolerance: Readonly<Record<string, number>>;
  readonly pass: boolean;
}

const passes = ({ mismatch, measures }: Comparison, tolerance: Readonly<Record<string, number>>): boolean =>
  mismatch === null && measures.every((measure) => within(measure, tolerance[measure.name]!));

function resultOf({ noun }: { readonly noun: string }, verdict: Verdict, more: readonly string[]): MatcherResult {
  const { pass, comparison, tolerance } = verdict;
  const head = pass ? `The ${noun} matches, and should not.` : `The ${noun} is another one.`;
  const rows = comparison.measures.map((measure) => measureLine(measure, tolerance[measure.name]!));
  const found = comparison.mismatch === null ? [...rows, ...comparison.notes] : [comparison.mismatch];
  return { pass, message: () => [head, "", ...found.map((line) => `  ${line}`), "", ...more].join("\n") };
}

/** "SSIM      0.9712      at least 0.99   ✗" */
function measureLine(measure: Measure, tolerance: number): string {
  const { label, value, unit, better } = measure;
  const limit = `at ${better === "higher" ? "least" : "most"} ${digits(tolerance)}`;
  const number = `${digits(value)} ${unit}`.trim();
  return `${within(measure, tolerance) ? "✓" : "✗"} ${label.padEnd(16)} ${number.padStart(14)}   ${limit}`;
}

/** By what the two were made, and whether even their tokens differ: on another device, quantised weights draw other tokens. */
function originLines(expected: ManifestBase | null, received: ManifestBase | null): readonly string[] {
  const lines = [
    ...(expected ? [`expected  ${originOf(expected)}`] : []),
    ...(received ? [`received  ${originOf(received)}`] : []),
  ];
  if (!expected || !received || expected.tokens.sha256 === received.tokens.sha256) return lines;
  const elsewhere = expected.device !== received.device || expected.precision !== received.precision;
  const advice = elsewhere ? '; { golden: "device" } keeps a golden for each device and precision' : "";
  return [...lines, `Their tokens differ, too${advice}.`];
}

function checkGoldenOptions<Name extends string>(
  matcher: string,
  { tolerance }: Medium<unknown, Name> | Medium<never, Name>,
  options: GoldenOptions<Name>,
): void {
  checkOptions(matcher, options);
  checkNames(matcher, options, OPTIONS);
  const { name, golden = "shared", devices = {} } = options;
  check("name", "the name of a golden", name, (n) => n === undefined || (typeof n === "string" && n !== ""));
  check("golden", '"shared" or "device"', golden, (g) => g === "shared" || g === "device");
  checkOptions("devices", devices);
  for (const [where, part] of Object.entries({ tolerance: options.tolerance ?? {}, ...devices })) {
    checkOptions(where, part);
    checkNames(where, part as object, Object.keys(tolerance));
    for (const [measure, value] of Object.entries(part as object))
      check(`${where}.${measure}`, "a number from 0", value, (v) => v === undefined || isNumberIn(0, Infinity)(v));
  }
}

function toleranceFor<Name extends string>(
  { tolerance }: Medium<never, Name> | Medium<unknown, Name>,
  options: GoldenOptions<Name>,
  manifest: ManifestBase | null,
): Readonly<Record<Name, number>> {
  const ofDevice = manifest === null ? {} : (options.devices?.[manifest.device] ?? {});
  const given = [options.tolerance ?? {}, ofDevice].flatMap((part) => Object.entries(part));
  return { ...tolerance, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) };
}

/** What a golden of one device has in its name. */
function suffixOf(matcher: string, { golden }: GoldenOptions, manifest: ManifestBase | null): string {
  if (golden !== "device") return "";
  if (manifest) return `.${manifest.device}-${manifest.precision}`;
  const remedy = "Hand the generated item itself to expect, or leave golden out.";
  throw new ArgumentError(matcher, "an item that names its device", "one without a manifest", remedy);
}

/** The manifest of a generated item, or of the only item of a result; null for anything else. */
function manifestOf(received: unknown): ManifestBase | null {
  const item = onlyItem(received);
  return isObject(item) && isObject(item.manifest) ? (item.manifest as unknown as ManifestBase) : null;
}

/** The mark of the item, for the file of its golden. */
function markingFrom({ model, seed, index, ...rest }: ManifestBase): Marking {
  const { subject } = rest as { readonly subject?: { readonly prompt?: string; readonly text?: string } };
  const prompt = subject?.prompt ?? subject?.text ?? null;
  return markingOf({ model: `${model.name} ${model.revision}`, prompt, seed, index });
}
