/** The model that travels in the package: any mask in a few tokens, and things found by words. */
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BinaryMask, intersectionOverUnion, readMask } from "../../src/mask/binary-mask.js";
import { decodeMask, encodeMask } from "../../src/mask/encode-mask.js";
import { loadMaskModel, type MaskModel } from "../../src/mask/model.js";
import { segmentImage } from "../../src/mask/segment-image.js";

const HEART = "M64 112 C16 72 8 48 24 28 C40 12 58 22 64 38 C70 22 88 12 104 28 C120 48 112 72 64 112 Z";
const STAR = "M64 8 L78 48 L120 48 L86 74 L98 116 L64 90 L30 116 L42 74 L8 48 L50 48 Z";

/** A picture of 320 x 240 with shapes of 128 x 128, each at its place. */
const drawn = (background: string, ...shapes: readonly (readonly [path: string, fill: string, place: string])[]) => {
  const body = shapes.map(
    ([path, fill, place]) => `<path d="${path}" fill="${fill}" transform="translate(${place})"/>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240"><rect width="320" height="240" fill="${background}"/>${body.join("")}</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
};

describe("tessera-masks", () => {
  let model: MaskModel;
  beforeAll(async () => {
    model = await loadMaskModel("tessera-masks", { device: "cpu", threads: 1 });
  });
  afterAll(() => model.close());

  const maskOf = async (path: string, place: string): Promise<BinaryMask> =>
    readMask(await drawn("black", [path, "white", place]));

  test.each([
    ["heart", HEART, "20 90"],
    ["star", STAR, "170 10"],
  ])("says a %s in 32 tokens; fewer of them are a coarser one", async (_, path, place) => {
    const mask = await maskOf(path, place);
    const ids = await encodeMask(mask, { model });
    const at = async (n: number) =>
      intersectionOverUnion(await decodeMask(ids.slice(0, n), { model, width: 320, height: 240 }), mask);
    expect(await at(2)).toBeGreaterThan(0.4); // a box
    expect(await at(7)).toBeGreaterThan(0.75);
    expect(await at(32)).toBeGreaterThan(0.88);
  });

  test("finds a thing by its name", async () => {
    const image = await drawn("#4a6fa5", [HEART, "#e02030", "20 90"], [STAR, "#f7d117", "170 10"]);
    for (const [prompt, path, place] of [
      ["the heart", HEART, "20 90"],
      ["the star", STAR, "170 10"],
    ] as const) {
      const { masks } = await segmentImage({ model, image, prompt });
      expect(intersectionOverUnion(masks[0]!, await maskOf(path, place)), prompt).toBeGreaterThan(0.6);
    }
  });
});
