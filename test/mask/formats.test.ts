import { describe, expect, test } from "vitest";
import { uniform } from "../../src/base/random.js";
import {
  areaOf,
  type BinaryMask,
  boxedMask,
  boxOf,
  intersectionOverUnion,
  readMask,
  rgbaOf,
} from "../../src/mask/binary-mask.js";
import { fromPolygons, toPolygons } from "../../src/mask/formats/polygon.js";
import { fromRle, toRle } from "../../src/mask/formats/rle.js";

/** Rows of "#" and ".". */
const drawn = (...rows: readonly string[]): BinaryMask => ({
  width: rows[0]!.length,
  height: rows.length,
  inside: Uint8Array.from(rows.join(""), (sign) => (sign === "#" ? 1 : 0)),
});

const random = (width: number, height: number, seed: number, share: number): BinaryMask => ({
  ...{ width, height },
  inside: Uint8Array.from({ length: width * height }, (_, position) =>
    uniform({ seed, item: 0, position, purpose: "noise" }) < share ? 1 : 0,
  ),
});

const striped = (y: number, x: number) => (Math.floor((y + 7 * x) / 25) % 3 === 0 ? 1 : 0);
const RING = drawn(".....", ".###.", ".#.#.", ".###.", "....#");
const MASKS = [
  RING,
  drawn("#"),
  drawn("."),
  drawn("##", "##"),
  drawn("#.#"),
  random(17, 13, 1, 0.5),
  random(40, 9, 2, 0.05),
];

describe("COCO run lengths", () => {
  test("are those of pycocotools", () => {
    // encode(np.asfortranarray(mask)) of pycocotools 2.0.11, whose counts for a list are those of its uncompressed form.
    expect(toRle(drawn("..#", ".##"), "list")).toEqual({ size: [2, 3], counts: [3, 3] });
    expect(toRle(drawn("..#", ".##"))).toEqual({ size: [2, 3], counts: "33" });
    expect(toRle(RING, "list").counts).toEqual([6, 3, 2, 1, 1, 1, 2, 3, 5, 1]);
    expect(toRle(RING).counts).toBe("632NO0123N");
    const stripes = {
      width: 9,
      height: 70,
      inside: Uint8Array.from({ length: 630 }, (_, i) => striped(Math.floor(i / 9), i % 9)),
    };
    expect(toRle(stripes).counts).toBe("0i0]1I5K0003M7I2N00000D");
    const half = Uint8Array.from({ length: 400 * 3000 }, (_, i) => (i % 3000 > 1500 ? 1 : 0));
    expect(toRle({ width: 3000, height: 400, inside: half }).counts).toBe("`ZZb0`aYb0");
  });

  test("and masks stand for each other", () => {
    for (const mask of MASKS)
      for (const form of ["text", "list"] as const) expect(fromRle(toRle(mask, form))).toEqual(mask);
    const wide = boxedMask([0, 0.1, 0.5, 0.9], { width: 900, height: 700 });
    expect(Buffer.compare(fromRle(toRle(wide)).inside, wide.inside)).toBe(0);
  });

  test.each<[string, Parameters<typeof fromRle>[0], string]>([
    ["too few pixels", { size: [2, 3], counts: [3, 2] }, "6 pixels"],
    ["too many", { size: [2, 3], counts: [3, 4] }, "6 pixels"],
    ["a run below 0", { size: [2, 3], counts: [-1, 7] }, "at least 0"],
    ["half a pixel", { size: [2, 3], counts: [2.5, 3.5] }, "at least 0"],
    ["a text that breaks off", { size: [2, 3], counts: "3S" }, "character 2"],
    ["a text of other signs", { size: [2, 3], counts: "3 3" }, "character 1"],
    ["a text of another size", { size: [2, 2], counts: "33" }, "4 pixels"],
    ["no list", { size: [2, 2], counts: {} as never }, "whole numbers"],
    ["a size of none", { size: [0, 2], counts: [] }, "size"],
    ["a huge size", { size: [65536, 65536], counts: [] }, "size"],
  ])("%s is an ArgumentError", (_, rle, words) => {
    expect(() => fromRle(rle)).toThrow(expect.objectContaining({ code: "argument" }));
    expect(() => fromRle(rle)).toThrow(words);
  });
});

describe("outlines", () => {
  test("run along the edges of pixels, holes within them", () => {
    expect(toPolygons(drawn("##", "##"))).toEqual([[0, 0, 2, 0, 2, 2, 0, 2]]);
    expect(toPolygons(drawn("."))).toEqual([]);
    expect(toPolygons(RING).map(({ length }) => length)).toEqual([8, 8, 8]); // outer, hole, and a pixel that touches at a corner
  });

  test("and masks stand for each other", () => {
    for (const mask of MASKS) expect(fromPolygons(toPolygons(mask), mask)).toEqual(mask);
  });

  test("of any shape hold the pixels whose centres lie in them, as far as they are on the picture", () => {
    const triangle = fromPolygons([[0, 0, 8, 0, 0, 8]], { width: 8, height: 8 });
    expect(areaOf(triangle)).toBe(28); // below the diagonal, which is not inside
    expect(areaOf(fromPolygons([[-100, -100, 100, -100, 100, 100, -100, 100]], { width: 5, height: 4 }))).toBe(20);
    expect(() => fromPolygons([[0, 0, 1, 1]], { width: 4, height: 4 })).toThrow("three points");
    expect(() => fromPolygons([[0, 0, 1, Number.NaN, 2, 2]], { width: 4, height: 4 })).toThrow("three points");
  });
});

describe("masks", () => {
  test("know their box and area, and boxes are masks", () => {
    expect(boxOf(RING)).toEqual([0.2, 0.2, 1, 1]);
    expect(boxOf(drawn(".."))).toBeNull();
    expect(boxOf(boxedMask([0.25, 0.5, 0.75, 1], { width: 8, height: 4 }))).toEqual([0.25, 0.5, 0.75, 1]);
    expect(intersectionOverUnion(drawn("##."), drawn(".##"))).toBeCloseTo(1 / 3);
    expect(intersectionOverUnion(drawn("."), drawn("."))).toBe(1);
    expect(() => intersectionOverUnion(drawn("."), drawn(".."))).toThrow("1 x 1");
  });

  test("are read from pictures of them, cut at half of white; transparent is black", async () => {
    expect(await readMask({ width: 5, height: 5, rgba: rgbaOf(RING) })).toEqual(RING);
    const greys = Uint8Array.from([127, 127, 127, 255, 128, 128, 128, 255, 255, 255, 255, 100]);
    expect(await readMask({ width: 3, height: 1, rgba: greys })).toEqual(drawn(".#."));
  });

  test.each<[string, unknown]>([
    ["another number of pixels", { width: 2, height: 2, inside: new Uint8Array(3) }],
    ["a pixel that is neither", { width: 1, height: 1, inside: Uint8Array.of(2) }],
    ["no pixels", { width: 0, height: 1, inside: new Uint8Array(0) }],
    ["a list", { width: 1, height: 1, inside: [1] }],
    ["nothing", undefined],
  ])("%s is an ArgumentError", async (_, mask) => {
    await expect(readMask(mask as BinaryMask)).rejects.toMatchObject({ code: "argument", argument: "mask" });
  });
});
