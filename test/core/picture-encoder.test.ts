/** The picture encoder against the network that is trained; see fixtures/picture-encoder/make.py. */
import path from "node:path";
import { expect, test } from "vitest";
import { fields } from "../../src/base/fields.js";
import { openPictureEncoder, parsePictureEncoderConfig } from "../../src/core/picture-encoder.js";
import { referenceEngine } from "../../src/engine/reference.js";
import type { FloatTensor } from "../../src/engine/tensor.js";
import { openWeights, readTensors } from "../golden/case.js";

const folder = path.join(import.meta.dirname, "../fixtures/picture-encoder");
const convolutions = [
  [5, 2],
  [6, 1],
  [7, 2],
];
const row = { channels: 4, side: 8, convolutions, joint: 9, captionWidth: 11 };
const parsed = (change: object) => parsePictureEncoderConfig(fields({ ...row, ...change }, "pictures"), "pictures");

test("pictures lie as near to a caption as by the training code, which normalises and pads", async () => {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  await using encoder = await openPictureEncoder(referenceEngine(), parsed({}), weights);
  const [pixels, vectors] = [io.get("pixels") as FloatTensor, io.get("vectors")!.data as Float32Array];
  const nearness = await encoder.nearness(vectors, pixels);
  const expected = io.get("nearness")!.data;
  expect(nearness).toHaveLength(3);
  nearness.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  await expect(encoder.nearness(new Float32Array(), pixels)).rejects.toMatchObject({ argument: "vectors" });
  await expect(encoder.nearness(vectors.subarray(1), pixels)).rejects.toMatchObject({ argument: "vectors" });
});

test("a configuration that makes no sense is refused", () => {
  for (const change of [{ side: 10 }, { convolutions: [] }, { convolutions: [[5, 3]] }, { joint: 0 }, { colour: 1 }]) {
    expect(() => parsed(change)).toThrow(Object.keys(change)[0]);
  }
});
