import { expect, test } from "vitest";
import { uniform } from "../../src/base/random.js";
import type { Sound } from "../../src/index.js";
import { compareSounds } from "../../src/testing/sound/compare-sounds.js";

const RATE = 16_000;

/** A chord that swells, over faint noise. `gain` is of the tone of that number. */
function sound(gain: (tone: number) => number = () => 1, seconds = 0.5): Sound {
  const noise = (i: number) => uniform({ seed: 0, item: 0, position: i, purpose: "noise" }) - 0.5;
  const samples = Float32Array.from({ length: RATE * seconds }, (_, i) => {
    const tones = [220, 900, 3500].map((hz, tone) => 0.2 * gain(tone) * Math.sin((2 * Math.PI * hz * i) / RATE));
    return (0.3 + i / RATE) * tones.reduce((a, b) => a + b, 0) + 0.01 * noise(i);
  });
  return { samples, sampleRate: RATE };
}

const valuesOf = (a: Sound, b: Sound) =>
  Object.fromEntries(compareSounds(a, b).measures.map(({ name, value }) => [name, value]));

const louder = 10 ** (1 / 20);

test("a sound that is 1 dB louder is 1 dB away, in the mean, in its worst band and in its worst moment", () => {
  const { samples, sampleRate } = sound();
  const values = valuesOf(sound(), { samples: samples.map((x) => x * louder), sampleRate });
  for (const measure of ["logMel", "band", "moment"]) {
    expect(values[measure]).toBeGreaterThan(0.9);
    expect(values[measure]).toBeLessThan(1.1);
  }
});

test("1 dB of one tone shows in its band, where the mean hides it", () => {
  const values = valuesOf(
    sound(),
    sound((tone) => (tone === 2 ? louder : 1)),
  );
  expect(values.band).toBeGreaterThan(0.9);
  expect(values.logMel).toBeLessThan(values.band! / 4);
});

test("equal sounds are equal; silence equals silence; a longer one is longer", () => {
  expect(valuesOf(sound(), sound())).toEqual({ logMel: 0, band: 0, moment: 0, duration: 0 });
  const silence = { samples: new Float32Array(100), sampleRate: RATE };
  expect(valuesOf(silence, silence)).toEqual({ logMel: 0, band: 0, moment: 0, duration: 0 });
  expect(valuesOf(sound(), sound(undefined, 0.75)).duration).toBeCloseTo(0.25, 6);
});

test("another sample rate is no match; the report has both sounds and three spectra", async () => {
  const other = compareSounds(sound(), { ...sound(), sampleRate: 8000 });
  expect(other.mismatch).toBe("It has 8000 samples per second instead of 16000.");
  const types = (await compareSounds(sound(), sound()).figures()).map(({ mediaType }) => mediaType);
  expect(types).toEqual(["audio/wav", "audio/wav", "image/png", "image/png", "image/png"]);
});
