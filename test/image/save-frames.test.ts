import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { describe, expect, it, vi } from "vitest";
import { ArgumentError, type Picture, readMarking, saveFrames, TRAINED_ALGORITHMIC_MEDIA } from "../../src/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const folder = temporaryFolder();
const [width, height] = [5, 3];
/** Three frames of different colours and transparency; wholly transparent pixels have colours as well. */
const frames: readonly Picture[] = [0, 1, 2].map((n) => {
  const data = Uint8Array.from({ length: width * height * 4 }, (_, i) => (i * 37 + n * 91) % 256);
  for (let i = 0; i < data.length; i += 4) if (data[i + 3]! < 64) data[i + 3] = 0;
  return { width, height, data };
});
const pixelsOf = async (file: Uint8Array | string, page = 0) =>
  new Uint8Array(await sharp(file, { page }).ensureAlpha().raw().toBuffer());

describe("saveFrames", () => {
  it("writes an animated WebP that keeps every pixel", async () => {
    const [path] = await saveFrames(join(folder, "a.webp"), frames, { fps: 20, plays: 3 });
    const bytes = await readFile(path!);
    expect(await sharp(bytes).metadata()).toMatchObject({ pages: 3, loop: 3, delay: [50, 50, 50], width, height });
    for (const [i, { data }] of frames.entries()) expect(await pixelsOf(bytes, i)).toEqual(data);
    expect((await readMarking(bytes))?.digitalSourceType).toBe(TRAINED_ALGORITHMIC_MEDIA);
  });

  it("writes an animated PNG whose first frame any viewer shows", async () => {
    const [path] = await saveFrames(join(folder, "a.png"), frames, { fps: 4, plays: 2 });
    const bytes = await readFile(path!);
    expect(await pixelsOf(bytes)).toEqual(frames[0]!.data);
    expect((await readMarking(bytes))?.system).toBe("tessera-sdk");
    const chunks = chunksOf(bytes);
    const all = (type: string) => chunks.filter((chunk) => chunk.type === type).map(({ data }) => data);
    expect(all("acTL").map((data) => [data.readUInt32BE(0), data.readUInt32BE(4)])).toEqual([[3, 2]]);
    const controls = all("fcTL");
    expect(controls.map((data) => [data.readUInt32BE(4), data.readUInt32BE(8)])).toEqual(
      frames.map(() => [width, height]),
    );
    expect(controls.map((data) => data.readUInt16BE(20) / data.readUInt16BE(22))).toEqual([0.25, 0.25, 0.25]);
    const numbered = chunks
      .filter(({ type }) => type === "fcTL" || type === "fdAT")
      .map(({ data }) => data.readUInt32BE(0));
    expect(numbered).toEqual([0, 1, 2, 3, 4]);
    // A frame is the file with its data in the place of the first one's; the reader checks its checksums.
    for (const [i, data] of all("fdAT").entries()) {
      const alone = pngOf([chunks[0]!, { type: "IDAT", data: data.subarray(4) }, chunks.at(-1)!], bytes);
      expect(await pixelsOf(alone)).toEqual(frames[i + 1]!.data);
    }
  });

  it("writes numbered files into a folder", async () => {
    const paths = await saveFrames(join(folder, "sequence"), frames);
    expect((await readdir(join(folder, "sequence"))).sort()).toEqual(["0001.png", "0002.png", "0003.png"]);
    for (const [i, path] of paths.entries()) expect(await pixelsOf(path)).toEqual(frames[i]!.data);
  });

  it("hands a video to ffmpeg: frames on white, size, rate and origin", async () => {
    const program = join(folder, "stand-in.mjs");
    const lines = [
      "#!/usr/bin/env node",
      'import { writeFileSync } from "node:fs";',
      "const parts = [];",
      "for await (const part of process.stdin) parts.push(part);",
      "const options = process.argv.slice(2);",
      "writeFileSync(options.at(-1), JSON.stringify({ options, bytes: [...Buffer.concat(parts)] }));",
    ];
    await writeFile(program, lines.join("\n"));
    await chmod(program, 0o755);
    const [path] = await saveFrames(join(folder, "a.mp4"), frames, { fps: 12.5, ffmpeg: program });
    const { options, bytes } = JSON.parse(await readFile(path!, "utf8")) as { options: string[]; bytes: number[] };
    expect(options.join(" ")).toMatch(/-f rawvideo -pix_fmt rgb24 -s 5x3 -r 12.5 -i - .*-pix_fmt yuv420p/);
    expect(options.join(" ")).toContain(`comment=${TRAINED_ALGORITHMIC_MEDIA}`);
    expect(bytes).toHaveLength(3 * width * height * 3);
    const clear = frames[0]!.data.findIndex((value, i) => i % 4 === 3 && value === 0);
    const at = ((clear - 3) / 4) * 3;
    expect(bytes.slice(at, at + 3)).toEqual([255, 255, 255]);
    expect((await readdir(folder)).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it.each(["still.webp", "still.png"])("writes one frame as %s", async (name) => {
    const [path] = await saveFrames(join(folder, name), frames.slice(1, 2));
    expect(await pixelsOf(path!)).toEqual(frames[1]!.data);
    expect((await sharp(path!).metadata()).pages ?? 1).toBe(1);
    expect((await readMarking(await readFile(path!)))?.system).toBe("tessera-sdk");
  });

  it("takes generated images, which have rgba", async () => {
    const images = frames.map(({ data, ...size }) => ({ ...size, rgba: data as Uint8Array }));
    const [path] = await saveFrames(join(folder, "images.webp"), images);
    expect(await pixelsOf(path!, 2)).toEqual(frames[2]!.data);
  });

  it("says where a temporary file cannot be made", async () => {
    vi.stubEnv("TMPDIR", join(folder, "nowhere"));
    const refused = saveFrames(join(folder, "c.mp4"), frames);
    await expect(refused).rejects.toMatchObject({ code: "output", remedy: expect.stringContaining("TMPDIR") });
    vi.unstubAllEnvs();
  });

  it("says what ffmpeg said, or that there is none", async () => {
    const path = join(folder, "b.mp4");
    await expect(saveFrames(path, frames, { ffmpeg: join(folder, "no-such-program") })).rejects.toThrow(
      /does not start/,
    );
    const failing = join(folder, "failing.mjs");
    await writeFile(failing, '#!/usr/bin/env node\nprocess.stderr.write("no codec");\nprocess.exitCode = 3;\n');
    await chmod(failing, 0o755);
    await expect(saveFrames(path, frames, { ffmpeg: failing })).rejects.toThrow(/ended with 3: no codec/);
    expect(await readdir(folder)).not.toContain("b.mp4");
  });

  it.each([
    ["no frames", "c.webp", [], {}],
    ["sizes that differ", "c.webp", [frames[0]!, { width: 3, height: 5, data: frames[1]!.data }], {}],
    ["bytes that do not cover", "c.webp", [{ width, height, data: new Uint8Array(7) }], {}],
    ["another ending", "c.gif", frames, {}],
    ["no rate", "c.webp", frames, { fps: 0 }],
    ["half a play", "c.webp", frames, { plays: 0.5 }],
    ["a rate that viewers do not keep", "c.webp", frames, { fps: 120 }],
    ["a rate that viewers do not keep, in PNG", "c.png", frames, { fps: 91 }],
    ["frames of nothing", "c.png", [{ width: 0, height: 0, data: new Uint8Array() }], {}],
    ["frames wider than WebP", "c.webp", [{ width: 16_384, height: 1, data: new Uint8Array(65_536) }], {}],
    ["a result instead of its pictures", "c.webp", { images: [] }, {}],
    ["frames that are none", "c.webp", [null, 7], {}],
    ["a path that is none", 7, frames, {}],
    ["an empty path", "", frames, {}],
    ["a marking that is none", "c.webp", frames, { marking: null }],
    ["a program that is none", "c.mp4", frames, { ffmpeg: 7 }],
    ["options that are none", "c.mp4", frames, null],
    ["an unknown option", "c.mp4", frames, { fsp: 7 }],
  ] as const)("refuses %s", async (_, name, some, options) => {
    const path = typeof name === "string" && name !== "" ? join(folder, name) : name;
    const refused = saveFrames(path as string, some as readonly Picture[], options as never);
    await expect(refused).rejects.toThrow(ArgumentError);
    expect(await readdir(folder)).not.toContain(name);
  });
});

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

function chunksOf(file: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    const end = at + 8 + file.readUInt32BE(at);
    chunks.push({ type: file.toString("latin1", at + 4, at + 8), data: file.subarray(at + 8, end) });
  }
  return chunks;
}

/** A plain PNG of these chunks. */
function pngOf(chunks: readonly Chunk[], file: Buffer): Buffer {
  const uint32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer).reverse();
  const whole = ({ type, data }: Chunk) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    return Buffer.concat([uint32(data.length), body, uint32(crc32(body))]);
  };
  return Buffer.concat([file.subarray(0, 8), ...chunks.map(whole)]);
}
