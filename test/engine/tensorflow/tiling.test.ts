/**
 * What tfjs-backend-webgpu 4.22.0 does on the host: it tiles tensors of five axes and more there, and reads them by a canvas, which Node
 * has not. No machine of the tests needs to have that device to see that no operation asks for it.
 */
import { expect, test } from "vitest";
import type { Tfjs, TfTensor } from "../../../src/engine/op.js";
import { opNamed } from "../../../src/engine/ops/index.js";
import { dtypeOf } from "../../../src/engine/tensor.js";
import { loadBackend } from "../../../src/engine/tensorflow/backends.js";
import { CASES } from "../cases.js";

test("no operation tiles in more than four axes", async () => {
  const tf = await loadBackend("cpu", "tensorflow-cpu");
  const ranks = new Map<string, number>();
  for (const { op, inputs, attributes } of CASES) {
    const seen = (to: readonly number[]) => ranks.set(op, Math.max(ranks.get(op) ?? 0, to.length));
    const watched: Tfjs = Object.create(tf, {
      tile: { value: (x: TfTensor, to: number[]) => (seen(to), tf.tile(x, to)) },
      broadcastTo: { value: (x: TfTensor, to: number[]) => (seen(to), tf.broadcastTo(x, to)) },
    });
    const tensors = inputs.map(
      (fed) =>
        fed && tf.tensor(fed.tensor.data, [...fed.tensor.shape], dtypeOf(fed.tensor) === "f32" ? "float32" : "int32"),
    );
    tf.tidy(() => opNamed(op).tfjs(watched, tensors, attributes));
  }
  expect([...ranks.keys()]).toContain("resizeNearest");
  expect(Math.max(...ranks.values())).toBeLessThanOrEqual(4);
});
