/**
 * The matchers as users have them: the built package in a project with a vitest of its own. TESSERA_VITEST names the folder of another vitest, such as
 * an installed vitest 3.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readMarking, readSpeechMarking } from "../../src/index.js";
import { installProject } from "../support/installed-project.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const folder = temporaryFolder();
const goldens = join(folder, "__tessera__/media.inner.ts");

beforeAll(() => installProject("test/testing/project", folder, process.env.TESSERA_VITEST));

interface Outcome {
  readonly passed: readonly string[];
  /** The messages of tests that failed. */
  readonly failed: Readonly<Record<string, string>>;
  readonly snapshot: { readonly added: number; readonly matched: number; readonly unmatched: number; updated: number };
}

/** Runs the inner tests. `CI` is what makes vitest write no snapshots. */
function run(env: Readonly<Record<string, string>>, ...words: readonly string[]): Outcome {
  const main = join(folder, "node_modules/vitest/vitest.mjs");
  const { CI: _, ...outer } = process.env;
  const child = spawnSync(process.execPath, [main, "run", "--reporter=json", "--outputFile=report.json", ...words], {
    ...{ cwd: folder, encoding: "utf8" },
    env: { ...outer, ...env },
  });
  if (!existsSync(join(folder, "report.json"))) throw new Error(`${child.stdout}${child.stderr}`);
  const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
  rmSync(join(folder, "report.json"));
  const tests = report.testResults.flatMap((file: { assertionResults: readonly object[] }) => file.assertionResults);
  const failed = tests.filter(({ status }: { status: string }) => status === "failed");
  return {
    passed: tests
      .filter(({ status }: { status: string }) => status === "passed")
      .map((t: { title: string }) => t.title),
    failed: Object.fromEntries(
      failed.map((t: { title: string; failureMessages: string[] }) => [t.title, t.failureMessages[0]]),
    ),
    snapshot: report.snapshot,
  };
}

const ALL = 10;
const CHANGED = ["a mesh", "a picture", "a sound", "tokens"];

describe.sequential("goldens", { timeout: 180_000 }, () => {
  test("are written by the first run, marked where items are, and matched by the next, also under CI", async () => {
    const first = run({});
    expect(first.failed).toEqual({});
    expect(first.passed).toHaveLength(ALL);
    expect(first.snapshot).toMatchObject({ unmatched: 0 });
    expect([8, 9]).toContain(first.snapshot.added); // vitest 4 forgets what a try that failed has counted;
    expect(readdirSync(goldens).sort()).toEqual([
      ...["a-mesh-1.glb", "a-picture-1.png", "a-picture-1.png.json"],
      ...[
        "a-retried-test-counts-from-one-1.ids",
        "a-suite-counts-e09523-1.ids",
        "a-suite-counts-e09523-2.ids",
        "chord.wav",
      ],
      ...["dot.onnx-cpu-q8.png", "dot.onnx-cpu-q8.png.json", "tokens-1.ids", "tolerant.png", "tolerant.png.json"],
    ]);
    const mark = await readMarking(readFileSync(join(goldens, "a-picture-1.png")));
    expect(mark).toMatchObject({ system: "tessera-sdk", model: "tiny 3", prompt: "a <dot>", seed: 7 });
    expect(readSpeechMarking(readFileSync(join(goldens, "chord.wav")))).toBeNull(); // a sound without a manifest

    const second = run({ CI: "true" });
    expect(second.failed).toEqual({});
    expect(second.snapshot).toMatchObject({ added: 0, matched: 9, unmatched: 0 });
  });

  test("that are not met fail with the numbers, the place, the origins and a report", () => {
    const { failed, snapshot } = run({ CHANGE: "yes", CI: "true" });
    expect(Object.keys(failed).sort()).toEqual([...CHANGED, "keeps one golden for each device"].sort());
    expect(snapshot).toMatchObject({ added: 0, updated: 0, unmatched: 4 });
    expect(failed["a picture"]).toMatch(/✗ PSNR +[\d.]+ dB +at least 45/);
    expect(failed["a picture"]).toMatch(/\d+ pixels differ .* within \d+ x \d+ pixels from \(\d+, \d+\)\./);
    expect(failed["a picture"]).toContain("expected  tessera 0.1.0, tiny 3, onnx-cpu, q8, seed 7");
    expect(failed["a picture"]).toContain("received  tessera 0.1.0, tiny 3, onnx-webgpu, q8, seed 7");
    expect(failed["a picture"]).toContain('{ golden: "device" }');
    expect(failed["a sound"]).toMatch(/✗ log-mel +3\.\d+ dB +at most/);
    expect(failed["a mesh"]).toMatch(/✗ deviation +[\d.]+ % +at most/);
    expect(failed.tokens).toContain("They differ from position 2 on: 4 instead of 3.");
    expect(failed["keeps one golden for each device"]).toContain("under CI none is written");

    const reports = join(goldens, "failed");
    const files = ["a-mesh-1.glb.html", "a-picture-1.png.html", "chord.wav.html", "tokens-1.ids.html"];
    expect(readdirSync(reports).sort()).toEqual([".gitignore", ...files]);
    for (const file of files) {
      const html = readFileSync(join(reports, file), "utf8");
      expect(html, file).toContain("<h1>");
      expect(html, file).not.toMatch(/https?:|<script/);
      expect(failed[CHANGED[files.indexOf(file)]!]).toContain(join("failed", file));
    }
    const shown = (file: string, type: string) =>
      readFileSync(join(reports, file), "utf8").split(`data:${type};base64,`).length - 1;
    expect(shown("a-picture-1.png.html", "image/png")).toBe(3);
    expect(shown("chord.wav.html", "audio/wav")).toBe(2);
    expect(shown("a-mesh-1.glb.html", "image/png")).toBe(3);
  });

  test("are updated by vitest's own -u, which takes the reports away", () => {
    const { failed, snapshot } = run({ CHANGE: "yes" }, "-u");
    expect(failed).toEqual({});
    expect(snapshot).toMatchObject({ updated: 4, added: 1, unmatched: 0 });
    expect(readdirSync(join(goldens, "failed"))).toEqual([".gitignore"]);
    expect(run({ CHANGE: "yes", CI: "true" }).failed).toEqual({});
  });
});
