/** Recordings as callers bring them: every kind of WAV, damaged and hostile files, too long ones, and no ffmpeg. */
import { mkdirSync } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import wavefile from "wavefile";
import { afterEach, describe, expect, test, vi } from "vitest";
import { readAudio } from "../../src/audio/read-audio.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const folder = temporaryFolder();
afterEach(() => void vi.unstubAllEnvs());

const RATE = 8000;
const tone = Float64Array.from({ length: 800 }, (_, i) => 0.5 * Math.sin(i / 5));

function wavOf(bitDepth: string, channels = 1): Buffer {
  const full = { "8": 127, "16": 32767, "24": 2 ** 23 - 1, "32": 2 ** 31 - 1 }[bitDepth] ?? 1;
  const offset = bitDepth === "8" ? 128 : 0;
  const scaled = (scale: number) =>
    Float64Array.from(tone, (x) =>
      bitDepth.includes("f") || bitDepth === "64" ? x * scale : Math.round(x * scale * full) + offset,
    );
  const wav = new wavefile.WaveFile();
  wav.fromScratch(channels, RATE, bitDepth, channels === 1 ? scaled(1) : [scaled(1.5), scaled(0.5)]);
  return Buffer.from(wav.toBuffer());
}

const furthest = (samples: Float32Array): number =>
  tone.reduce((most, x, i) => Math.max(most, Math.abs(x - samples[i]!)), 0);

describe("WAV", () => {
  test.each([
    ["8", 0.01],
    ["16", 1e-4],
    ["24", 1e-6],
    ["32", 1e-6],
    ["32f", 1e-6],
    ["64", 1e-6],
  ])("of %s bits", async (bitDepth, limit) => {
    const { samples, sampleRate } = await readAudio(wavOf(bitDepth));
    expect([samples.length, sampleRate]).toEqual([800, RATE]);
    expect(furthest(samples)).toBeLessThan(limit);
  });

  test("of several channels is their mean", async () => {
    expect(furthest((await readAudio(wavOf("32f", 2))).samples)).toBeLessThan(1e-6);
  });

  test.each([
    ["toALaw", 0.02],
    ["toMuLaw", 0.02],
  ] as const)("by the codec of %s", async (convert, limit) => {
    const wav = new wavefile.WaveFile(wavOf("16"));
    wav[convert]();
    expect(furthest((await readAudio(Buffer.from(wav.toBuffer()))).samples)).toBeLessThan(limit);
  });

  test("is resampled to what is asked", async () => {
    const { samples, sampleRate } = await readAudio(wavOf("16"), { sampleRate: 16_000 });
    expect([samples.length, sampleRate]).toEqual([1600, 16_000]);
    expect(samples[600]).toBeCloseTo(tone[300]!, 2);
  });

  test("that is cut off, empty or of an unknown codec is refused", async () => {
    const refused = (audio: Uint8Array) =>
      expect(readAudio(audio)).rejects.toMatchObject({ code: "argument", argument: "audio" });
    await refused(wavOf("16").subarray(0, 30));
    await refused(wavOf("16").subarray(0, 44));
    const unknown = wavOf("16");
    unknown.writeUInt16LE(0x55, 20); // MP3 inside a WAV
    await refused(unknown);
    const silly = wavOf("16");
    silly.writeUInt32LE(0, 24);
    await refused(silly);
    await refused(Buffer.from("RIFF"));
  });

  test("of ten hours is refused by its first bytes", async () => {
    const path = join(folder, "long.wav");
    await writeFile(path, wavOf("16"));
    const file = await open(path, "r+");
    await file.truncate(10 * 3600 * RATE * 2); // a sparse file: nothing of it is on the disk
    await file.close();
    const before = process.memoryUsage.rss();
    await expect(readAudio(path)).rejects.toThrow(/at most 3600 s/);
    expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 26);
  });
});

test("samples pass through, checked", async () => {
  const samples = Float32Array.from(tone);
  expect((await readAudio({ samples, sampleRate: RATE })).samples).toBe(samples);
  for (const wrong of [
    { samples: [1, 2], sampleRate: RATE },
    { samples: new Float32Array(0), sampleRate: RATE },
    { samples, sampleRate: 0 },
    7,
    null,
  ])
    await expect(readAudio(wrong as never)).rejects.toMatchObject({ code: "argument" });
  await expect(readAudio({ samples, sampleRate: RATE }, { mostSeconds: 0.05 })).rejects.toThrow(/at most 0.05 s/);
  await expect(readAudio({ samples, sampleRate: RATE }, { sampleRate: 3 })).rejects.toMatchObject({
    argument: "sampleRate",
  });
});

describe("other files", () => {
  test("that are missing, folders, or no sound are refused", async () => {
    await expect(readAudio(join(folder, "nothing.mp3"))).rejects.toMatchObject({ code: "input" });
    mkdirSync(join(folder, "sub"));
    await expect(readAudio(join(folder, "sub"))).rejects.toMatchObject({ code: "input" });
    await expect(readAudio(new Uint8Array(0))).rejects.toMatchObject({ code: "argument" });
    // A playlist by which ffmpeg would open other files never reaches it.
    await expect(readAudio(Buffer.from("#EXTM3U\nfile:///etc/passwd\n"))).rejects.toThrow(/WAV, FLAC, Ogg, MP3/);
    await expect(readAudio(Buffer.from("ffconcat version 1.0\nfile /etc/passwd\n"))).rejects.toThrow(/WAV, FLAC/);
  });

  test("need the ffmpeg that FFMPEG_PATH names", async () => {
    vi.stubEnv("FFMPEG_PATH", join(folder, "no-such-program"));
    await expect(readAudio(Buffer.from("ID3 some music"))).rejects.toMatchObject({
      code: "tool",
      tool: join(folder, "no-such-program"),
      remedy: expect.stringContaining("FFMPEG_PATH"),
    });
  });

  test("come as what that ffmpeg writes, as far as they are not too long", async () => {
    const wav = join(folder, "out.wav");
    await writeFile(wav, wavOf("32f"));
    const program = join(folder, "stand-in");
    await writeFile(program, `#!/bin/sh\ncat > /dev/null\ncat ${wav}\n`, { mode: 0o755 });
    vi.stubEnv("FFMPEG_PATH", program);
    expect(furthest((await readAudio(Buffer.from("OggS"))).samples)).toBeLessThan(1e-6);
    await expect(readAudio(Buffer.from([0xff, 0xfb, 0]), { mostSeconds: 0.05 })).rejects.toThrow(/at most 0.05 s/);
  });
});
