/** Our own caption conditioning against the network that trains it; see fixtures/caption-transformer/make.py. */
import path from "node:path";
import { expect, test } from "vitest";
import { parseTransformerConfig, swigluHidden } from "../../../src/core/llamagen/config.js";
import { LLAMAGEN } from "../../../src/core/llamagen/architecture.js";
import { openModel } from "../../../src/core/model.js";
import { openSession } from "../../../src/core/session.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import { openWeights, readTensors } from "../../golden/case.js";
import { compare } from "../../golden/compare.js";

const config = parseTransformerConfig({
  ...{ layers: 2, heads: 3, width: 36, hidden: swigluHidden(36, 8), vocabulary: 17, grid: 3 },
  condition: { kind: "caption", slots: 5, styles: 4, vocabulary: 13, pad: 0 },
  ...{ conditionRotation: "identity", ropeBase: 10_000, normEpsilon: 1e-5 },
});

test("logits of the training code, and its unconditional half", async () => {
  const folder = path.join(import.meta.dirname, "../../fixtures/caption-transformer");
  const io = await readTensors(folder);
  const ids = io.get("ids")!.data;
  const expected = io.get("logits")!;
  await using weights = await openWeights(folder);
  await using model = await openModel(referenceEngine(), LLAMAGEN, config, weights);
  const positions = [...Array(8).keys()];
  const fill = [...positions, 8];
  const lines = [ids.subarray(0, 8), ids.subarray(8)];
  const logits = async (styles: (number | null)[], captions: number[][], fed: ArrayLike<number>[], guided: boolean) => {
    await using session = await openSession(model, { kind: "caption", styles, captions }, { guided });
    return await session.forward({ keep: 0, feed: positions, values: fed, sight: "causal", fill });
  };
  const tolerance = { abs: 1e-5, rel: 1e-5 };
  const both = await logits([1, null], [[7, 2, 12], []], lines, false);
  expect(compare("logits", both.conditional, expected, tolerance)).toMatchObject({ pass: true });

  // The second item has no condition: it is what the unconditional half of any guided item is.
  const second = { shape: [1, 9, 17], data: (expected.data as Float32Array).subarray(9 * 17) };
  const { unconditional } = await logits([3], [[5, 5, 5, 5]], [lines[1]!], true);
  expect(compare("unconditional", unconditional!, second, tolerance)).toMatchObject({ pass: true });
});
