import { expect, test } from "vitest";
import { resampled } from "../../../src/tokenizers/speech/audio/resample.js";

const tone = (hz: number, rate: number, seconds = 0.2) =>
  Float32Array.from({ length: Math.round(rate * seconds) }, (_, i) => Math.sin((2 * Math.PI * hz * i) / rate));

test.each([
  [44100, 16000],
  [8000, 16000],
  [22050, 24000],
])("a tone of 1 kHz from %d to %d is that tone to 60 dB, away from the edges", (from, to) => {
  const found = resampled(tone(1000, from), from, to);
  const expected = tone(1000, to);
  expect(Math.abs(found.length - expected.length)).toBeLessThanOrEqual(1);
  let error = 0;
  for (let i = 200; i < expected.length - 200; i++) error = Math.max(error, Math.abs(found[i]! - expected[i]!));
  expect(error).toBeLessThan(1e-3);
});

test("what is above the new Nyquist frequency is gone, and the same rate changes nothing", () => {
  const found = resampled(tone(10_000, 44100), 44100, 16000);
  expect(found.slice(200, -200).reduce((most, x) => Math.max(most, Math.abs(x)), 0)).toBeLessThan(0.01);
  const samples = tone(440, 16000);
  expect(resampled(samples, 16000, 16000)).toBe(samples);
});
