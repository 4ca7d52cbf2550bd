/** Pictures that callers bring, and files made to hurt: each ends soon, small and in a typed error. */
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import { animatedPng } from "../../../src/image/animated-png.js";
import { type PictureSource, readPicture } from "../../../src/tokenizers/image/read-picture.js";
import { openedApart } from "../../support/opened-apart.js";
import { temporaryFolder } from "../../support/temporary-folder.js";

const folder = temporaryFolder();
const MOST = 80;

/** As an edit does it. */
const read = (source: PictureSource) =>
  readPicture("image", source, ({ width, height }) => {
    if (width !== height || width > MOST) throw new ArgumentError("image", "a small square", `${width} x ${height}`);
  });

const square = (side: number) =>
  sharp({ create: { width: side, height: side, channels: 4, background: { r: 200, g: 100, b: 50, alpha: 0.5 } } });

const chunk = (type: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
};

/** A grey PNG whose rows are all zero, with chunks of one's choice before them. */
function greyPng(width: number, height: number, before: readonly Buffer[] = []): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const rows = deflateSync(Buffer.alloc((width + 1) * height));
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    ...before,
    chunk("IDAT", rows),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The file with the picture size that an AVIF states (`ispe`) replaced. */
function resized(avif: Buffer, side: number): Buffer {
  const out = Buffer.from(avif);
  for (let at = out.indexOf("ispe"); at >= 0; at = out.indexOf("ispe", at + 4)) {
    out.writeUInt32BE(side, at + 8);
    out.writeUInt32BE(side, at + 12);
  }
  return out;
}

describe("what is taken", () => {
  test.each(["png", "webp", "avif", "jpeg"] as const)("%s, by path and by bytes", async (format) => {
    const bytes = await square(16).toFormat(format).toBuffer();
    const path = join(folder, `named-otherwise-${format}.bin`);
    await writeFile(path, bytes);
    const [one, other] = [await read(path), await read(bytes)];
    expect(one).toMatchObject({ width: 16, height: 16 });
    expect(one.data).toHaveLength(4 * 16 * 16);
    expect(Buffer.compare(one.data as Uint8Array, other.data as Uint8Array)).toBe(0);
  });

  test("a turned picture is judged as it is shown", async () => {
    const turned = await sharp({ create: { width: 8, height: 16, channels: 3, background: "red" } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    let seen: unknown;
    const picture = await readPicture("image", turned, (size) => (seen = size));
    expect(seen).toEqual({ width: 16, height: 8 });
    expect(picture).toMatchObject({ width: 16, height: 8 });
  });

  test("pixels of a caller are copied", async () => {
    const rgba = new Uint8Array(4 * 4 * 4).fill(7);
    const { data } = await read({ width: 4, height: 4, rgba });
    rgba.fill(9);
    expect([...data]).toEqual(Array(64).fill(7));
  });
});

describe("what is refused", () => {
  let rows: Readonly<Record<string, [PictureSource, RegExp]>>;
  beforeAll(async () => {
    const [png, small, large] = await Promise.all([
      square(16).png().toBuffer(),
      square(16).avif().toBuffer(),
      square(1024).avif({ effort: 0 }).toBuffer(),
    ]);
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><image href="beside.png" width="8" height="8"/></svg>';
    const secret = join(folder, "beside.svg");
    await Promise.all([writeFile(join(folder, "beside.png"), png), writeFile(secret, svg)]);
    const jpeg = await square(64).jpeg({ progressive: true }).toBuffer();
    const scan = jpeg.subarray(jpeg.lastIndexOf(Buffer.from([0xff, 0xda])), -2);
    const bomb = deflateSync(Buffer.alloc(2 ** 28), { level: 9 });
    rows = {
      "an empty text": ["", /an empty text/],
      "no bytes": [new Uint8Array(), /it is empty/],
      "bytes of nothing known": [Buffer.from("no picture"), /a file of another kind/],
      "a picture cut short": [png.subarray(0, png.length - 30), /a PNG file that is damaged or cut short/],
      "a signature alone": [png.subarray(0, 8), /a PNG file that is damaged or cut short/],
      "an SVG by its path": [secret, /an SVG file/],
      "an SVG behind a declaration": [Buffer.from(`<?xml version="1.0"?>\n${svg}`), /an SVG file/],
      "a GIF": [await square(16).gif().toBuffer(), /a GIF file/],
      "a TIFF": [await square(16).tiff().toBuffer(), /a TIFF file/],
      "an animated PNG": [Buffer.from(animatedPng([png, png], 100, 0)), /a PNG file with several frames/],
      "an animated WebP": [
        await sharp([png, await square(16).negate().png().toBuffer()], { join: { animated: true } })
          .webp()
          .toBuffer(),
        /a WebP file with several frames/,
      ],
      "an AVIF sequence": [
        Buffer.from(small.toString("latin1").replace("ftypavif", "ftypavis"), "latin1"),
        /an AVIF file with several frames/,
      ],
      "a PNG of 1 x 67,108,864": [greyPng(1, 2 ** 26), /1 x 67108864/],
      "a PNG of 8192 x 8192": [greyPng(8192, 8192), /8192 x 8192/],
      "an AVIF that states 8192": [resized(small, 8192), /8192 x 8192/],
      "an AVIF of 1024 that states 16": [resized(large, 16), /damaged or cut short/],
      numbers: [7 as never, /received 7/],
      "a URL": [new URL("file:///x.png") as never, /of the class URL/],
      null: [null as never, /received null/],
      "a width that is none": [{ width: 0.5, height: 2, rgba: new Uint8Array(4) }, /an object/],
      "more bytes than pixels": [{ width: 1, height: 1, rgba: new Uint8Array(5) }, /5 bytes for 1 x 1/],
      // These may be read or refused, but soon.
      "a JPEG of 30,000 scans": [
        Buffer.concat([jpeg.subarray(0, -2), ...Array<Buffer>(30_000).fill(scan), jpeg.subarray(-2)]),
        /./,
      ],
      "a text chunk of 256 MB": [greyPng(8, 8, [chunk("zTXt", Buffer.concat([Buffer.from("x\0\0"), bomb]))]), /./],
      "a profile of 256 MB": [greyPng(8, 8, [chunk("iCCP", Buffer.concat([Buffer.from("x\0\0"), bomb]))]), /./],
    };
  });

  const names = [
    ...["an empty text", "no bytes", "bytes of nothing known", "a picture cut short", "a signature alone"],
    ...["an SVG by its path", "an SVG behind a declaration", "a GIF", "a TIFF"],
    ...["an animated PNG", "an animated WebP", "an AVIF sequence", "a PNG of 1 x 67,108,864", "a PNG of 8192 x 8192"],
    ...["an AVIF that states 8192", "an AVIF of 1024 that states 16", "numbers", "a URL", "null"],
    ...["a width that is none", "more bytes than pixels"],
  ];
  test.each(names)("%s", async (name) => {
    const [source, message] = rows[name]!;
    await expect(read(source)).rejects.toMatchObject({
      ...{ code: "argument", argument: "image" },
      message: expect.stringMatching(message),
    });
  });

  test.each(["a JPEG of 30,000 scans", "a text chunk of 256 MB", "a profile of 256 MB"])(
    "%s is read or refused by a typed error, and nothing else",
    async (name) => {
      await read(rows[name]![0]).catch((error: unknown) => expect(error).toBeInstanceOf(ArgumentError));
    },
  );

  const costly = [
    "a PNG of 1 x 67,108,864",
    "a PNG of 8192 x 8192",
    "an AVIF that states 8192",
    "an AVIF of 1024 that states 16",
  ];
  test.each([...costly, "a JPEG of 30,000 scans", "a text chunk of 256 MB", "a profile of 256 MB"])(
    "%s stays within a gigabyte of memory",
    async (name) => {
      const path = join(folder, "costly");
      await writeFile(path, rows[name]![0] as Buffer);
      await openedApart(name, path, { kind: "picture", most: MOST });
    },
  );

  test("every row is tried", () => {
    expect(Object.keys(rows)).toHaveLength(names.length + 3);
  });

  test.runIf(process.platform !== "win32")("a pipe, and a path of nothing", async () => {
    const pipe = join(folder, "pipe.png");
    execFileSync("mkfifo", [pipe]);
    await expect(read(pipe)).rejects.toMatchObject({ code: "input", reason: expect.stringContaining("a pipe") });
    await expect(read(join(folder, "none.png"))).rejects.toMatchObject({
      ...{ code: "input", reason: expect.stringContaining("file not found") },
      cause: expect.objectContaining({ code: "ENOENT" }),
    });
  });
});
