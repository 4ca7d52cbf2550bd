import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { drawSpectrogram } from "../../src/gallery/spectrogram.js";
import { markingOf, readMarking } from "../../src/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const folder = temporaryFolder();
const RATE = 16_000;
const marking = markingOf({ model: "tiny 1", prompt: "a tone", seed: 3, index: 0 });

/** Lightness of the picture of a sound, [rows, columns]. */
async function drawn(name: string, samples: Float32Array): Promise<{ width: number; rows: Uint8Array[] }> {
  const path = join(folder, `${name}.webp`);
  await drawSpectrogram({ samples, sampleRate: RATE }, path, marking);
  const { data, info } = await sharp(path).greyscale().raw().toBuffer({ resolveWithObject: true });
  const rows = Array.from({ length: info.height }, (_, y) => data.subarray(y * info.width, (y + 1) * info.width));
  return { width: info.width, rows };
}

const brightest = (rows: readonly Uint8Array[], column: number): number => {
  const light = rows.map((row) => row[column]!);
  return light.indexOf(Math.max(...light));
};

test("a tone that rises climbs from left to right, and silence stays dark", async () => {
  const samples = Float32Array.from({ length: 2 * RATE }, (_, i) =>
    i < RATE ? Math.sin(2 * Math.PI * (300 + 0.1 * i) * (i / RATE)) : 0,
  );
  const { width, rows } = await drawn("rising", samples);
  const heights = [0.1, 0.25, 0.4].map((part) => brightest(rows, Math.round(part * width)));
  expect(heights).toEqual([...heights].sort((a, b) => b - a));
  expect(new Set(heights).size).toBe(3);
  const silent = rows.map((row) => row[Math.round(0.8 * width)]!);
  expect(Math.max(...silent)).toBeLessThan(40);
  expect(Math.max(...rows.map((row) => row[Math.round(0.25 * width)]!))).toBeGreaterThan(180);
});

test.each([
  ["a moment", 40],
  ["ten seconds", 10 * RATE],
])("%s has a picture of the same size, marked as its sound is", async (name, length) => {
  const { width, rows } = await drawn(name, new Float32Array(length).fill(0.1));
  expect([width, rows.length]).toEqual([480, 96]);
  expect(await readMarking(await readFile(join(folder, `${name}.webp`)))).toMatchObject({ model: "tiny 1", seed: 3 });
});
