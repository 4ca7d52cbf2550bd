import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Element } from "../../../src/engine/weights/checkpoint.js";
import { writeSafetensors } from "../../../src/engine/weights/safetensors-write.js";

const [LAYERS, C] = [6, 2048];
const FLOAT_BYTES = LAYERS * C * C * 4; // 101 MB
const MB = 1e6;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tessera-loading-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file of matrices of 1/2048, which every type holds exactly: each layer then maps a vector of ones to itself. */
async function write(element: Element, one: Uint8Array): Promise<string> {
  const bytes = new Uint8Array(C * C * one.length);
  for (let i = 0; i < bytes.length; i += one.length) bytes.set(one, i);
  const tensor = { element, shape: [C, C], bytes };
  const path = join(folder, `${element}.safetensors`);
  await writeSafetensors(
    path,
    Array.from({ length: LAYERS }, (_, i) => [`w${i}`, tensor] as const),
  );
  return path;
}

/** What loading adds to the peak, in times the float32 size. Buffers handed over instead of mapped files would add 2.1 times. */
test.skipIf(process.platform !== "linux").each([
  ["f32", Uint8Array.of(0, 0, 0, 0x3a), 1.25],
  ["f16", Uint8Array.of(0, 0x10), 1.75],
  ["bf16", Uint8Array.of(0, 0x3a), 1.75],
] as const)(
  "loading %s never holds the weights twice",
  async (element, one, times) => {
    const path = await write(element, one);
    const script = fileURLToPath(new URL("load-peak.mjs", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script, path, String(LAYERS), String(C)]);
    const [before, peak, first] = JSON.parse(stdout) as [number, number, number];
    console.info(`${element}: peak ${(peak / MB).toFixed()} MB, of which ${(before / MB).toFixed()} MB before loading`);
    expect(first).toBeCloseTo(1, 5);
    expect(peak - before).toBeGreaterThan(0.4 * FLOAT_BYTES); // else it was not loaded at all
    expect(peak - before).toBeLessThan(times * FLOAT_BYTES);
  },
  60_000,
);
