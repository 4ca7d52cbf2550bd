import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { referenceEngine } from "../../src/engine/reference.js";
import { linesOf, type Outcome, runCases } from "./run.js";

const FIXTURE = fileURLToPath(new URL("../fixtures/rgba-vq", import.meta.url));
const engine = referenceEngine();
let folder: string;

/** A copy of the fixture under another name, changed by `edit`. */
async function altered(name: string, edit: (json: Record<string, object>) => unknown): Promise<void> {
  await cp(FIXTURE, path.join(folder, name), { recursive: true });
  const file = path.join(folder, name, "case.json");
  const json = JSON.parse(await readFile(file, "utf8"));
  const text = edit(json);
  await writeFile(file, typeof text === "string" ? text : JSON.stringify(json));
}

const outcomes: Outcome[] = [];
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "golden-"));
  await altered("1-good/deeper/any name", () => {});
  await altered("2-too-strict", ({ tolerance }) => void Object.assign(tolerance!, { abs: 0, rel: 0 }));
  await altered("3-no-json", () => "{");
  await altered("4-other-system", (json) => void Object.assign(json, { system: "loom" }));
  await altered("5-other-kind", (json) => void Object.assign(json, { config: { warp: 1 } }));
  await altered("6-listed-only", ({ tensors }) => void Object.assign(tensors!, { "enc.nowhere": "in no file" }));
  await altered("7-no-weights", () => {});
  await rm(path.join(folder, "7-no-weights", "weights.safetensors"));
  await altered("8-other-sizes", ({ config }) => void Object.assign(config!, { vocab: 38 }));
  const readme = path.join(folder, "README.md");
  await writeFile(readme, "What these cases are.");
  for await (const outcome of runCases([folder, readme, path.join(folder, "1-good")], engine)) outcomes.push(outcome);
});
afterAll(() => rm(folder, { recursive: true }));

it("finds every case once, at any depth, passes over files, and goes on after a failure", () => {
  expect(outcomes.map(({ verdict }) => verdict)).toEqual([
    ...["PASS", "FAIL", "FAIL", "UNSUPPORTED", "UNSUPPORTED", "FAIL", "FAIL", "FAIL"],
  ]);
});

it("says what failed, in one line", () => {
  const lines = outcomes.map((outcome) => linesOf(outcome, false));
  expect(lines.every((line) => line.length === 1 && !line[0]!.includes("\n"))).toBe(true);
  expect(lines[0]).toEqual([expect.stringMatching(/^llamagen\/rgba-vq +max-abs \S+ {2}max-rel \S+ {2}PASS$/)]);
  expect(outcomes[1]!.note).toMatch(/dec\.image/);
  expect(outcomes[2]!.note).toMatch(/JSON/);
  expect(outcomes[3]!.note).toMatch(/loom/);
  expect(outcomes[4]!.note).toMatch(/warp/);
  expect(outcomes[5]!.note).toBe("enc.nowhere (listed but not in the file)");
  expect(outcomes[6]!.note).toMatch(/weights\.safetensors/);
  expect(outcomes[7]!.note).toMatch(/misshapen/);
});

it("lists every tensor when asked to", () => {
  const lines = linesOf(outcomes[0]!, true);
  expect(lines).toHaveLength(1 + outcomes[0]!.comparisons.length);
  expect(lines.some((line) => /^ {2}enc\.ids +max-abs 0\.00e\+0 .* ok$/.test(line))).toBe(true);
});
