/** Files that the user's ffmpeg writes, by the real program where it is there (CI installs it); its absence is tested with stand-ins. */
import { execFileSync, spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeSpeechFile, encodeWav, to16Bit } from "../../src/audio/encode.js";
import { loudnessOf } from "../../src/audio/loudness.js";
import { readAudio } from "../../src/audio/read-audio.js";
import { saveFrames } from "../../src/image/save-frames.js";
import { markingOf, TRAINED_ALGORITHMIC_MEDIA } from "../../src/media/marking.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const there = spawnSync("ffprobe", ["-version"]).status === 0;

const folder = temporaryFolder();

interface Probe {
  readonly streams: readonly {
    readonly codec_name: string;
    readonly width?: number;
    readonly sample_rate?: string;
    readonly tags?: Readonly<Record<string, string>>;
  }[];
  readonly format: { readonly duration: string; readonly tags?: Readonly<Record<string, string>> };
}

const probe = (file: string): Probe =>
  JSON.parse(
    execFileSync("ffprobe", ["-v", "error", "-of", "json", "-show_streams", "-show_format", file], {
      encoding: "utf8",
    }),
  );

describe.runIf(there)("ffmpeg", () => {
  test("writes frames as MP4", async () => {
    const frame = (shade: number) => ({
      width: 32,
      height: 32,
      data: Uint8Array.from({ length: 4 * 32 * 32 }, (_, i) => (i % 4 === 3 ? 255 : shade)),
    });
    const file = join(folder, "video.mp4");
    await saveFrames(file, [frame(10), frame(200), frame(90)], { fps: 6 });
    const { streams, format } = probe(file);
    expect(streams[0]).toMatchObject({ codec_name: "h264", width: 32 });
    expect(Number(format.duration)).toBeCloseTo(0.5, 2);
  });

  test.each([
    ["mp3", "mp3"],
    ["ogg", "opus"],
    ["flac", "flac"],
  ] as const)("writes speech as %s, marked in its tags", async (format, codec) => {
    const rate = 24_000;
    const sine = Float32Array.from({ length: rate }, (_, i) => 0.4 * Math.sin((2 * Math.PI * 330 * i) / rate));
    const pcm = to16Bit(sine);
    const marking = markingOf({ model: "voice 1", prompt: "hello", seed: 3, index: 0 }, "generated");
    const file = join(folder, `speech.${format}`);
    await writeFile(file, await encodeSpeechFile(format, pcm, rate, marking));
    const { streams, format: container } = probe(file);
    expect(streams[0]!.codec_name).toBe(codec);
    expect(Math.abs(Number(container.duration) - 1)).toBeLessThan(0.1); // MP3 pads its frames
    const tags = Object.values({ ...container.tags, ...streams[0]!.tags });
    expect(tags).toContain(TRAINED_ALGORITHMIC_MEDIA);
    const heard = await readAudio(file, { sampleRate: 16_000 });
    expect(Math.abs(heard.samples.length / 16_000 - 1)).toBeLessThan(0.1);
    expect(loudnessOf(heard).integrated).toBeCloseTo(loudnessOf({ samples: sine, sampleRate: rate }).integrated, 0);
    await expect(readAudio(file, { mostSeconds: 0.5 })).rejects.toMatchObject({ code: "argument", argument: "audio" });
  });

  test("a damaged file is refused, and one that holds no sound", async () => {
    const broken = Buffer.concat([Buffer.from("fLaC"), Buffer.alloc(3000, 7)]);
    await expect(readAudio(broken)).rejects.toMatchObject({ code: "argument", argument: "audio" });
    await expect(readAudio(Buffer.from("OggS and no more"))).rejects.toMatchObject({ code: "argument" });
  });

  test("loudness is the one that ffmpeg's meter of EBU R 128 reads", async () => {
    const rate = 22_050;
    const samples = Float32Array.from({ length: 6 * rate }, (_, i) => {
      const level = i < 2 * rate ? 0.5 : i < 4 * rate ? 0.001 : 0.1; // the quiet part is below the relative gate
      return level * (Math.sin((2 * Math.PI * 220 * i) / rate) + 0.4 * Math.sin((2 * Math.PI * 3100 * i) / rate));
    });
    const file = join(folder, "levels.wav");
    await writeFile(
      file,
      encodeWav(to16Bit(samples), rate, markingOf({ model: null, prompt: null, seed: 0, index: 0 })),
    );
    const meter = ["-hide_banner", "-nostats", "-i", file, "-af", "ebur128=peak=true", "-f", "null", "-"];
    const { stderr } = spawnSync("ffmpeg", meter, { encoding: "utf8" });
    const summary = stderr.slice(stderr.lastIndexOf("Summary:"));
    const { integrated, truePeak } = loudnessOf(await readAudio(file));
    expect(integrated).toBeCloseTo(Number(/I:\s+(-?[\d.]+) LUFS/.exec(summary)![1]), 0);
    expect(Math.abs(integrated - Number(/I:\s+(-?[\d.]+) LUFS/.exec(summary)![1]))).toBeLessThan(0.1);
    expect(Math.abs(truePeak - Number(/Peak:\s+(-?[\d.]+) dBFS/.exec(summary)![1]))).toBeLessThan(0.2);
  });

  test("an aborted reading leaves no process", async () => {
    const stop = new AbortController();
    stop.abort(new Error("enough"));
    await expect(readAudio(Buffer.from("fLaC"), { signal: stop.signal })).rejects.toThrow("enough");
  });
});
