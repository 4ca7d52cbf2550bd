import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import { centreCrop } from "../../../src/tokenizers/image/crop.js";

interface Case {
  readonly width: number;
  readonly height: number;
  readonly size: number;
  readonly pixels: string;
  readonly expected: string;
}
const file = new URL("../../fixtures/centre-crop/cases.json", import.meta.url);
const cases = JSON.parse(readFileSync(file, "utf8")) as readonly Case[];

it.each(cases)("crops $width x $height to $size as Pillow does, to the byte", ({ width, height, size, ...base64 }) => {
  const cropped = centreCrop({ width, height, data: Buffer.from(base64.pixels, "base64") }, size);
  expect([cropped.width, cropped.height]).toEqual([size, size]);
  expect(Buffer.from(cropped.data).equals(Buffer.from(base64.expected, "base64"))).toBe(true);
});

it("refuses a size that is none", () => {
  const picture = { width: 1, height: 1, data: new Uint8Array(4) };
  for (const size of [0, 1.5, Number.NaN, 1e9]) expect(() => centreCrop(picture, size)).toThrow(ArgumentError);
});
