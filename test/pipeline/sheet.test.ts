/** Sprite sheets: every frame is where the JSON says, and none touches another. */
import sharp from "sharp";
import { expect, test } from "vitest";
import type { Picture } from "../../src/index.js";
import { packed } from "../../src/pipeline/sheet/pack.js";
import { type Sheet, sheetFiles } from "../../src/pipeline/sheet/sheet.js";

const SIZES = [
  [7, 11],
  [13, 5],
  [3, 3],
  [11, 7],
  [17, 2],
  [5, 19],
] as const;

const frame = (width: number, height: number, colour: number): Picture => ({
  ...{ width, height },
  data: Uint8Array.from({ length: 4 * width * height }, (_, i) => (i % 4 === 3 ? 255 : i % 4 === 0 ? colour : i % 251)),
});

test("rectangles lie apart by their padding", () => {
  const { places, width, height } = packed(
    SIZES.map(([width, height]) => ({ width, height })),
    2,
  );
  const boxes = places.map(({ x, y }, i) => ({ x: x - 2, y: y - 2, w: SIZES[i]![0] + 4, h: SIZES[i]![1] + 4 }));
  for (const [i, a] of boxes.entries()) {
    expect(a.x >= 0 && a.y >= 0 && a.x + a.w <= width && a.y + a.h <= height).toBe(true);
    for (const b of boxes.slice(i + 1))
      expect(a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y).toBe(true);
  }
});

test("the picture holds the pixels of every frame at its place", async () => {
  const options = { assets: ["a"], padding: 1, side: 4096, format: "png" as const };
  const sheet: Sheet = { name: "all", stem: "sheets/all", frames: [], options };
  const frames = SIZES.map(([w, h], i) => ({ name: `a/${i}`, picture: frame(w, h, 10 * i) }));
  const [image, json] = await sheetFiles(sheet, frames);
  const atlas = JSON.parse(Buffer.from(json!.bytes).toString());
  const { data, info } = await sharp(image!.bytes).raw().toBuffer({ resolveWithObject: true });
  expect(atlas.meta).toMatchObject({ image: "all.png", size: { w: info.width, h: info.height }, scale: "1" });
  for (const { name, picture } of frames) {
    const { x, y, w, h } = atlas.frames[name].frame;
    expect([w, h]).toEqual([picture.width, picture.height]);
    for (let row = 0; row < h; row++) {
      const at = 4 * ((y + row) * info.width + x);
      expect([...data.subarray(at, at + 4 * w)]).toEqual([...picture.data.subarray(4 * row * w, 4 * (row + 1) * w)]);
    }
  }
});

test("a sheet beyond its side is refused", async () => {
  const options = { assets: ["a"], padding: 0, side: 16, format: "png" as const };
  const frames = [frame(12, 12, 0), frame(12, 12, 1)].map((picture, i) => ({ name: `${i}`, picture }));
  await expect(sheetFiles({ name: "all", stem: "all", frames: [], options }, frames)).rejects.toThrow(
    /at most 16 x 16 for sheets.all/,
  );
});
