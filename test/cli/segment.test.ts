/** `tessera segment`, as users run it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { fromRle } from "../../src/mask/formats/rle.js";
import { readMask } from "../../src/mask/binary-mask.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { commandIn } from "../support/tessera-command.js";
import { squarePicture, TINY_MASKS } from "../support/tiny-mask-model.js";

const folder = temporaryFolder();

test("writes the mask, what lies in it and a manifest, and tells their shape", async () => {
  const { rgba, ...size } = squarePicture(40, 30);
  const photo = await sharp(rgba, { raw: { ...size, channels: 4 } })
    .png()
    .toBuffer();
  await writeFile(join(folder, "photo.png"), photo);
  const run = commandIn(folder);
  const words = ["segment", "photo.png", "car", "--model", TINY_MASKS, "-o", "mask.png", "--cut-out", "cut.png"];
  const { code, stdout, stderr } = await run(...words, "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { masks } = JSON.parse(stdout) as { masks: { path: string; manifest: string; cutOut: string; rle: never }[] };
  expect(masks[0]).toMatchObject({ path: "mask.png", manifest: "mask.png.json", cutOut: "cut.png", ...size });
  const mask = await readMask(join(folder, "mask.png"));
  expect(fromRle(masks[0]!.rle)).toEqual(mask);
  const cut = await sharp(join(folder, "cut.png")).ensureAlpha().extractChannel(3).raw().toBuffer();
  expect(Array.from(cut, (alpha) => alpha / 255)).toEqual(Array.from(mask.inside));
  expect(await run(...words.with(1, "none.png"))).toMatchObject({ code: 2 });
});

test("verify finds the mask again in its picture", async () => {
  const run = commandIn(folder);
  const words = ["verify", "mask.png.json", "--model", TINY_MASKS];
  expect(await run(...words, "--image", "photo.png")).toEqual({
    ...{ code: 0, stderr: "" },
    stdout: "same tokens, same mask, same file\n",
  });
  await writeFile(join(folder, "mask.png"), await sharp(join(folder, "mask.png")).negate().png().toBuffer());
  const changed = await run(...words, "--image", "photo.png");
  expect(changed).toMatchObject({ code: 1, stdout: expect.stringContaining("file: its bytes are not those made now") });
  expect(await run(...words)).toMatchObject({ code: 2, stderr: expect.stringContaining("--image") });
  const other = await run(...words, "--image", "mask.png");
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("the picture that the mask was found in") });
});
