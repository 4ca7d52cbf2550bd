/** What vitest says about the test that is running: its file, its name, and whether goldens may be written. */
import { beforeEach, expect, type RunnerTestCase } from "vitest";
import { ArgumentError } from "../base/errors.js";

/** As vitest's own snapshots are: `all` with -u, `new` by default, `none` under CI. */
export type UpdateMode = "all" | "new" | "none";

/** The part of vitest's snapshot state that the summary at the end is counted from. */
interface SnapshotCounts {
  readonly _updateSnapshot: UpdateMode;
  readonly added: Counter;
  readonly matched: Counter;
  readonly unmatched: Counter;
  readonly updated: Counter;
}
interface Counter {
  increment(test: string): void;
}

/** `this` of a matcher, as far as it is used. vitest 3 and 4 both have it. */
export interface MatcherState {
  readonly isNot: boolean;
  readonly testPath?: string;
  readonly currentTestName?: string;
  readonly snapshotState: unknown;
  readonly task?: { readonly id: string };
}

export interface RunningTest {
  /** Absolute. */
  readonly file: string;
  /** With the names of its suites, as vitest prints it. */
  readonly name: string;
  readonly mode: UpdateMode;
  /** Which call without a name of its own this is in the test, from 1. */
  next(): number;
  /** Counts a golden in vitest's summary of snapshots. */
  count(what: "added" | "matched" | "unmatched" | "updated"): void;
}

/** @throws ArgumentError outside of a test. */
export function runningTest({ testPath, currentTestName, snapshotState, task }: MatcherState): RunningTest {
  const counts = snapshotState as SnapshotCounts | undefined;
  if (!testPath || !currentTestName || !counts) {
    const remedy =
      "In concurrent tests take expect from the test's own context: test(name, async ({ expect }) => ...).";
    throw new ArgumentError("expect", "a matcher of goldens inside of a vitest test", "a call outside of one", remedy);
  }
  const key = keyOf(testPath, currentTestName);
  return {
    file: testPath,
    name: currentTestName,
    mode: counts._updateSnapshot,
    next() {
      const calls = callsOf(counts);
      const number = (calls.get(key) ?? 0) + 1;
      calls.set(key, number);
      return number;
    },
    count: (what) => counts[what].increment(task?.id ?? currentTestName),
  };
}

/** Calls without a name by test, forgotten with the run that they belong to. */
const known = new WeakMap<object, Map<string, number>>();
const keyOf = (file: string, name: string) => `${file}\n${name}`;

function callsOf(run: object): Map<string, number> {
  const calls = known.get(run) ?? new Map<string, number>();
  known.set(run, calls);
  return calls;
}

/** Lets a test that is tried again count from 1 again. */
export function countFromOneInEachTry(): void {
  beforeEach(({ task }) => {
    const { snapshotState } = expect.getState() as unknown as MatcherState;
    callsOf(snapshotState as object).delete(keyOf(task.file.filepath, nameOf(task)));
  });
}

function nameOf(task: RunnerTestCase): string {
  const names = [task.name];
  for (let suite = task.suite; suite && suite !== task.file; suite = suite.suite) names.unshift(suite.name);
  return names.join(" > ");
}
