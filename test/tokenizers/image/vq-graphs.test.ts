import { expect, it } from "vitest";
import { GraphBuilder } from "../../../src/engine/graph.js";
import { sizeOf } from "../../../src/engine/tensor.js";
import { VQ_CONFIGS } from "../../../src/tokenizers/image/vq-config.js";
import { vqCodes, vqFeatures, vqNearest, vqPixels } from "../../../src/tokenizers/image/vq-graphs.js";

// Counted in the published files vq_ds16_c2i.pt (287.8 MB) and vq_ds8_c2i.pt, less the buffer quantize.codebook_used.
it.each([
  ["vq-ds16", 343, 71.88],
  ["vq-ds8", 299, 70.11],
] as const)("%s asks for the %i tensors of its file, %f million numbers", (name, tensors, millions) => {
  const config = VQ_CONFIGS[name];
  const g = new GraphBuilder(name);
  const ids = vqNearest(g, config, vqFeatures(g, config, g.input("pixels", ["B", 3, "Y", "X"])));
  const pixels = vqPixels(g, config, vqCodes(g, config, g.input("ids", ["B", "h", "w"], "i32")));
  const { weights } = g.build({ ids, pixels });
  expect(weights).toHaveLength(tensors);
  const numbers = weights.reduce((sum, { shape }) => sum + sizeOf(shape as number[]), 0);
  expect(numbers / 1e6).toBeCloseTo(millions, 2);
});

it("keeps sizes symbolic: one graph for all pictures", () => {
  const config = VQ_CONFIGS["vq-ds8"];
  const g = new GraphBuilder("any size");
  expect(vqFeatures(g, config, g.input("pixels", ["B", 3, "Y", "X"])).shape).toEqual(["B", 8, "Y/8", "X/8"]);
  expect(vqPixels(g, config, vqCodes(g, config, g.input("ids", ["B", "h", "w"], "i32"))).shape).toEqual([
    ...["B", 3, "8*h", "8*w"],
  ]);
});
