import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import { type Picture, picturesOf, pixelsOf } from "../../../src/tokenizers/image/pixels.js";

const picture = (width: number, height: number, bytes: readonly number[]): Picture => ({
  width,
  height,
  data: Uint8Array.from(bytes),
});

describe("premultiplied RGBA", () => {
  it("turns bytes into planes", () => {
    // One opaque and one half transparent pixel: 200 x 51 / 255 = 40 exactly.
    const { shape, data } = pixelsOf([picture(2, 1, [255, 0, 200, 255, 200, 0, 255, 51])], 4);
    expect(shape).toEqual([1, 4, 1, 2]);
    const expected = [255, 40, 0, 0, 200, 51, 255, 51].map((byte) => byte / 127.5 - 1);
    expect([...data]).toEqual([...Float32Array.from(expected)]);
  });

  it("hides no colour under transparency, in either direction", () => {
    const pixels = pixelsOf([picture(1, 1, [90, 80, 70, 0])], 4);
    expect([...pixels.data]).toEqual([-1, -1, -1, -1]);
    // A decoder that leaves colour behind where alpha rounds to zero.
    const stray = { shape: [1, 4, 1, 1], data: Float32Array.of(-0.8, -0.8, -0.8, -0.997) };
    expect([...picturesOf(stray)[0]!.data]).toEqual([0, 0, 0, 0]);
  });

  it("returns every byte of an opaque picture, and every premultiplied byte of any", () => {
    const ramp = picture(256, 1, Array.from({ length: 256 }, (_, i) => [i, 255 - i, (i * 7) % 256, 255]).flat());
    expect(picturesOf(pixelsOf([ramp], 4))[0]).toEqual(ramp);
    for (const alpha of [32, 33, 47, 101, 254]) {
      const row = picture(256, 1, Array.from({ length: 256 }, (_, i) => [i, 255 - i, 0, alpha]).flat());
      const once = pixelsOf([row], 4);
      expect(pixelsOf(picturesOf(once), 4)).toEqual(once);
    }
  });

  it("clears the haze that a decoder leaves, and nothing above it", () => {
    const row = picture(256, 1, Array.from({ length: 256 }, (_, alpha) => [255, 0, 0, alpha]).flat());
    const [shown] = picturesOf(pixelsOf([row], 4));
    const left = Array.from({ length: 256 }, (_, alpha) => [...shown!.data.subarray(4 * alpha, 4 * alpha + 4)]);
    expect(left.slice(0, 32)).toEqual(Array(32).fill([0, 0, 0, 0]));
    expect(left.slice(32)).toEqual(Array.from({ length: 224 }, (_, i) => [255, 0, 0, 32 + i]));
  });

  it("clamps what a decoder overshoots, and lets no colour exceed its alpha", () => {
    const over = { shape: [1, 4, 1, 2], data: Float32Array.of(1.4, 0.9, -1.3, -1, 0, 1, 1.2, 0) };
    const [out] = picturesOf(over);
    expect([...out!.data]).toEqual([255, 0, 128, 255, 255, 0, 255, 128]);
  });
});

describe("RGB", () => {
  it("lays transparency over the background", () => {
    const half = picture(1, 1, [255, 0, 0, 51]);
    expect([...pixelsOf([half], 3).data]).toEqual([...Float32Array.of(1, 204 / 127.5 - 1, 204 / 127.5 - 1)]);
    expect([...pixelsOf([half], 3, [0, 0, 255]).data]).toEqual([
      ...Float32Array.of(51 / 127.5 - 1, -1, 204 / 127.5 - 1),
    ]);
  });

  it("writes the nearest byte, opaque", () => {
    const [out] = picturesOf({ shape: [1, 3, 1, 2], data: Float32Array.of(-1, 1, 0, 0.5, -2, 2) });
    expect([...out!.data]).toEqual([0, 128, 0, 255, 255, 191, 255, 255]);
  });
});

describe("batches", () => {
  const two = [
    picture(
      2,
      3,
      Array.from({ length: 24 }, (_, i) => i | 3),
    ),
    picture(2, 3, Array(24).fill(255)),
  ];

  it("keep their pictures apart", () => {
    const [first, second] = [two[0]!, two[1]!];
    const both = pixelsOf(two, 4);
    expect([...both.data]).toEqual([...pixelsOf([first], 4).data, ...pixelsOf([second], 4).data]);
    expect(picturesOf(both)[1]).toEqual(second);
  });

  it("refuse pictures of other sizes, short bytes, no pictures and odd tensors", () => {
    expect(() => pixelsOf([], 4)).toThrow(ArgumentError);
    expect(() => pixelsOf([two[0]!, picture(3, 2, Array(24).fill(0))], 4)).toThrow(/one size/);
    expect(() => pixelsOf([picture(2, 2, [1, 2, 3])], 4)).toThrow(/16 bytes/);
    expect(() => pixelsOf([picture(0, 2, [])], 4)).toThrow(ArgumentError);
    expect(() => picturesOf({ shape: [1, 2, 1, 1], data: new Float32Array(2) })).toThrow(ArgumentError);
  });
});
