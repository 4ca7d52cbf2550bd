/** Files that the user's ffmpeg writes, by the real program where it is there (CI installs it); its absence is tested with stand-ins. */
import { execFileSync, spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeSpeechFile, to16Bit } from "../../src/audio/encode.js";
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
    const pcm = to16Bit(Float32Array.from({ length: rate }, (_, i) => 0.4 * Math.sin((2 * Math.PI * 330 * i) / rate)));
    const marking = markingOf({ model: "voice 1", prompt: "hello", seed: 3, index: 0 }, "generated");
    const file = join(folder, `speech.${format}`);
    await writeFile(file, await encodeSpeechFile(format, pcm, rate, marking));
    const { streams, format: container } = probe(file);
    expect(streams[0]!.codec_name).toBe(codec);
    expect(Math.abs(Number(container.duration) - 1)).toBeLessThan(0.1); // MP3 pads its frames
    const tags = Object.values({ ...container.tags, ...streams[0]!.tags });
    expect(tags).toContain(TRAINED_ALGORITHMIC_MEDIA);
  });
});
