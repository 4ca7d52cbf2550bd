/** Loudness against the standard's own numbers, and silence found at both ends. */
import { describe, expect, test } from "vitest";
import { loudnessOf, normaliseLoudness, trimSilence } from "../../src/audio/loudness.js";
import { integratedLoudness } from "../../src/tokenizers/speech/audio/loudness.js";

const sine = (sampleRate: number, seconds: number, frequency: number, level: number): Float32Array =>
  Float32Array.from(
    { length: Math.round(seconds * sampleRate) },
    (_, i) => level * Math.sin((2 * Math.PI * frequency * i) / sampleRate),
  );

describe("loudness", () => {
  // ITU-R BS.1770: a sine of 997 Hz at full scale in one channel reads -3.01 LUFS.
  test.each([8000, 16_000, 24_000, 44_100, 48_000])("of a full-scale sine at %i Hz is -3.01 LUFS", (sampleRate) => {
    const { integrated } = loudnessOf({ samples: sine(sampleRate, 3, 997, 1), sampleRate });
    expect(Math.abs(integrated + 3.01)).toBeLessThan(0.1);
  });

  test("does not count what lies below the gates", () => {
    const sampleRate = 8000;
    // EBU Tech 3341, case 3, in one channel: 10 s at -36, 60 s at -23, 10 s at -36 dBFS read -23 LUFS in stereo, so -26.01 here.
    const at = (seconds: number, level: number) => sine(sampleRate, seconds, 1000, 10 ** (level / 20));
    const parts = [at(10, -36), at(60, -23), at(10, -36)];
    const samples = Float32Array.from(parts.flatMap((part) => [...part]));
    expect(Math.abs(integratedLoudness(samples, sampleRate) + 26.01)).toBeLessThan(0.1);
  });

  test("knows peaks between samples", () => {
    const sampleRate = 48_000;
    // A quarter of the sample rate, 45 degrees off: every sample has 0.707 of the peak.
    const samples = Float32Array.from(
      { length: 4800 },
      (_, i) => Math.SQRT1_2 * Math.sign(Math.sin((i + 0.5) * (Math.PI / 2))),
    );
    expect(loudnessOf({ samples: samples.map((x) => x * 0.5), sampleRate }).truePeak).toBeGreaterThan(-6.5);
  });

  test("of silence is none, which nothing makes louder", () => {
    const silent = { samples: new Float32Array(16_000), sampleRate: 16_000 };
    expect(loudnessOf(silent)).toEqual({ integrated: Number.NEGATIVE_INFINITY, truePeak: Number.NEGATIVE_INFINITY });
    expect(normaliseLoudness(silent)).toMatchObject({ gain: 0, samples: silent.samples });
  });

  test("comes to the target, or as near as the peak allows", () => {
    const sound = { samples: sine(24_000, 1, 500, 0.1), sampleRate: 24_000 };
    expect(loudnessOf(normaliseLoudness(sound, { target: -30 })).integrated).toBeCloseTo(-30, 4);
    const loudest = normaliseLoudness(sound, { target: 0, mostPeak: -2 });
    expect(loudnessOf(loudest).truePeak).toBeCloseTo(-2, 4);
    expect(() => normaliseLoudness(sound, { target: 1 })).toThrow(/target/);
  });
});

describe("silence", () => {
  const sampleRate = 8000;
  const samples = new Float32Array(3 * sampleRate);
  samples.set(sine(sampleRate, 1, 400, 0.3), sampleRate);

  test("is cut off at both ends but for a margin", () => {
    const { samples: heard } = trimSilence({ samples, sampleRate }, { margin: 0.2 });
    expect(Math.abs(heard.length / sampleRate - 1.4)).toBeLessThan(0.06);
    expect(Math.max(...heard)).toBeCloseTo(0.3, 3);
  });

  test("alone leaves nothing; a sound without silence stays whole", () => {
    expect(trimSilence({ samples: new Float32Array(500), sampleRate }).samples.length).toBe(0);
    const full = sine(sampleRate, 1, 400, 0.3);
    expect(trimSilence({ samples: full, sampleRate }).samples.length).toBe(full.length);
    expect(trimSilence({ samples: new Float32Array(0), sampleRate }).samples.length).toBe(0);
  });
});
