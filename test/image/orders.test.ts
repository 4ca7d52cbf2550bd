/** One model that was trained for three orders, and all that generateImage promises, in each of the decodings that follow. */
import { copyFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type DecodingOption,
  type GenerateImageOptions,
  generateImage,
  type ImageEvent,
  type ImageModel,
  loadImageModel,
  parseManifest,
  streamImage,
  verifyImage,
} from "../../src/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { TINY_SIDE, writeTinyImageModel } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
let model: ImageModel;
beforeAll(async () => {
  await writeTinyImageModel(folder, undefined, ["next-token", "next-neighbor", "next-scale"]);
  model = await loadImageModel(folder, { device: "reference" });
});
afterAll(() => model.close());

const draw = (options: Partial<GenerateImageOptions> = {}) =>
  generateImage({ model, prompt: "red apple", seed: 7, ...options } as GenerateImageOptions);

const idsOf = async (options: Partial<GenerateImageOptions> = {}) =>
  (await draw(options)).images.map(({ ids }) => ids.join());

/** Tokens and passes of a picture: a grid of 5 x 5, or grids of 1, 2, 3 and 5. */
const DECODINGS: [DecodingOption, tokens: number, passes: number][] = [
  ["next-token", 25, 25],
  ["next-neighbor", 25, 9],
  ["next-scale", 39, 4],
  [{ kind: "next-scale", moreSmooth: true }, 39, 4],
];

test("the orders of a model, its default first", async () => {
  expect(model.decodings).toEqual(["next-token", "jacobi", "next-neighbor", "next-scale"]);
  expect((await draw()).images[0]!.manifest.decoding).toEqual({ kind: "next-token" });
});

describe.each(DECODINGS)("%j", (decoding, tokens, passes) => {
  test("makes pictures: usage, manifest, and the same again by verify", async () => {
    const { images, usage } = await draw({ decoding, n: 2, format: "webp" });
    const [, image] = images;
    expect(usage).toMatchObject({ outputTokens: 2 * tokens, predictedTokens: 2 * tokens, forwardPasses: passes });
    expect(image).toMatchObject({ width: TINY_SIDE, height: TINY_SIDE, index: 1 });
    expect(image!.ids).toHaveLength(tokens);
    const { manifest } = image!;
    expect(manifest.decoding).toMatchObject(typeof decoding === "string" ? { kind: decoding } : decoding);
    expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
    expect(await verifyImage(manifest, { model })).toMatchObject({ same: true, differences: [] });
  });

  test("a picture does not depend on those made with it; seeds and prompts differ", async () => {
    const together = (await draw({ decoding, n: 3 })).images;
    expect(new Set(together.map(({ ids }) => ids.join())).size).toBe(3);
    for (const firstIndex of [2, 0]) {
      const [alone] = (await draw({ decoding, firstIndex })).images;
      expect(alone!.ids).toEqual(together[firstIndex]!.ids);
      expect(alone!.rgba).toEqual(together[firstIndex]!.rgba);
    }
    const first = together[0]!.ids.join();
    for (const change of [{ seed: 8 }, { prompt: "red" }, { style: "round" }, { guidance: 6 }, { topP: 0.2 }])
      expect(await idsOf({ decoding, ...change } as Partial<GenerateImageOptions>)).not.toEqual([first]);
  });

  test("previews come between passes and stop before the end; an abort leaves the model usable", async () => {
    const events: ImageEvent[] = [];
    for await (const event of streamImage({ model, prompt: "red", decoding, previewEvery: 2 })) events.push(event);
    const previews = events.filter((event) => event.type === "image-preview");
    expect(previews).toHaveLength(Math.ceil(passes / 2) - 1);
    expect(previews.every(({ picture }) => picture.width === TINY_SIDE && picture.data.some((byte) => byte > 0))).toBe(
      true,
    );
    expect(previews.map(({ done }) => done)).toEqual(previews.map(({ done }) => done).sort((a, b) => a - b));
    const watched = events.find((event) => event.type === "image-end")!.image.ids;
    expect([watched.join()]).toEqual(await idsOf({ decoding, prompt: "red", seed: 0 }));

    const controller = new AbortController();
    const reason = new Error("enough");
    const run = async () => {
      for await (const event of streamImage({ model, prompt: "red", decoding, signal: controller.signal }))
        if (event.type === "tokens-accept") controller.abort(reason);
    };
    await expect(run()).rejects.toBe(reason);
    expect([watched.join()]).toEqual(await idsOf({ decoding, prompt: "red", seed: 0 }));
  });
});

test("previews of next-scale are whole pictures, each finer than the last", async () => {
  const pictures: Uint8Array[] = [];
  for await (const event of streamImage({ model, prompt: "red", decoding: "next-scale", previewEvery: 1 })) {
    if (event.type === "image-preview") pictures.push(Uint8Array.from(event.picture.data));
    if (event.type === "image-end") pictures.push(event.image.rgba);
  }
  expect(pictures).toHaveLength(4);
  expect(new Set(pictures.map((data) => data.join())).size).toBe(4);
});

test("more smooth is another picture of other pixels, and no guidance is another one, too", async () => {
  const plain = (await draw({ decoding: "next-scale" })).images[0]!;
  const smooth = (await draw({ decoding: { kind: "next-scale", moreSmooth: true } })).images[0]!;
  expect(smooth.rgba).not.toEqual(plain.rgba);
  expect(smooth.ids[0]).toBe(plain.ids[0]); // nothing was fed yet
  expect(await idsOf({ decoding: "next-scale", guidance: 1 })).not.toEqual([plain.ids.join()]);
});

test.each(DECODINGS)(
  "%j: guidance that ends early changes what is drawn behind that, at any batch size",
  async (decoding) => {
    const ids = async (guidanceUntil: number, n = 1) =>
      (await draw({ decoding, guidanceUntil, n })).images.map((i) => [...i.ids]);
    const [guided] = await ids(1);
    const [early] = await ids(0.3);
    const apart = early!.findIndex((id, i) => id !== guided![i]);
    expect(apart).toBeGreaterThan(0);
    expect((await ids(0.3, 3))[0]).toEqual(early);
    expect(await ids(0)).toEqual([(await draw({ decoding, guidance: 1 })).images[0]!.ids].map((line) => [...line]));
  },
);

describe("what a model was not trained for", () => {
  test.each(["parallel-regions", "widdershins", { kind: "sideways" }])(
    "%j is refused, with what there is",
    async (decoding) => {
      const failure = await draw({ decoding: decoding as DecodingOption }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "unknown-name", known: [...model.decodings] });
    },
  );

  test.each([
    [{ kind: "next-scale", moreSmooth: 1 }, "decoding.moreSmooth"],
    [{ kind: "next-scale", window: 3 }, "decoding.window"],
    [{ kind: "next-neighbor", moreSmooth: true }, "decoding.moreSmooth"],
  ])("%j is an ArgumentError", async (decoding, argument) => {
    await expect(draw({ decoding: decoding as DecodingOption })).rejects.toMatchObject({ code: "argument", argument });
  });
});

describe("files", () => {
  test("those of another order are verified when it is first asked for, and not before", async () => {
    const path = join(folder, "damaged");
    await writeTinyImageModel(path, undefined, ["next-scale", "next-token", "next-neighbor"]);
    await writeFile(join(path, "next-neighbor.safetensors"), "damaged");
    await rm(join(path, "tokenizer.safetensors"));
    await using other = await loadImageModel(path, { device: "reference" });
    expect(other.decodings[0]).toBe("next-scale");
    const { images } = await generateImage({ model: other, prompt: "red" });
    expect(Object.keys(images[0]!.manifest.model.sha256)).toEqual([
      "captions.json",
      "next-scale.safetensors",
      "scales.safetensors",
    ]);
    const ask = (decoding: DecodingOption) => generateImage({ model: other, prompt: "red", decoding });
    await expect(ask("next-token")).rejects.toMatchObject({ code: "checkpoint", fault: "unreadable" });
    await writeTinyImageModel(join(folder, "whole"));
    await copyFile(join(folder, "whole", "tokenizer.safetensors"), join(path, "tokenizer.safetensors"));
    expect((await ask("next-token")).images).toHaveLength(1); // a failure is not remembered
    await expect(ask("next-neighbor")).rejects.toMatchObject({ code: "checkpoint", fault: "checksum" });
  });

  test("an order that is first asked for after the end finds a closed model", async () => {
    const closed = await loadImageModel(folder, { device: "reference" });
    await closed.close();
    for (const decoding of model.decodings)
      await expect(generateImage({ model: closed, prompt: "red", decoding })).rejects.toMatchObject({ code: "closed" });
  });

  test("transformers that share a tokenizer give the same pictures for the same ids", async () => {
    const [raster, diagonal] = await Promise.all([model.routes[0]!.network(), model.routes[1]!.network()]);
    const picture = { width: TINY_SIDE, height: TINY_SIDE, data: (await draw()).images[0]!.rgba };
    expect(await raster.idsOf(picture)).toEqual(await diagonal.idsOf(picture));
  });
});
