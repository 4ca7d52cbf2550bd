/** Rows fetched by index. Indices outside the table are refused by the oracle and undefined on devices. */
import type { Value } from "../graph.js";
import { type None, type Op, op } from "../op.js";
import type { Tensor } from "../tensor.js";
import { around, emptyLike } from "./loops.js";
import type { AxisAttributes } from "./shape.js";
import { axisOf, expect, refuse } from "./sizes.js";

function taken(name: string, x: Tensor, indices: Tensor, axis: number): Tensor {
  const at = axisOf(name, axis, x.shape.length);
  const { outer, size, inner } = around(x.shape, at);
  const count = indices.data.length;
  const data = emptyLike(x.data, outer * count * inner);
  for (let o = 0; o < outer; o++) {
    indices.data.forEach((index, i) => {
      if (index < 0 || index >= size) refuse(name, `index ${index} is outside 0 to ${size - 1}`);
      const from = (o * size + index) * inner;
      data.set(x.data.subarray(from, from + inner), (o * count + i) * inner);
    });
  }
  return { shape: x.shape.toSpliced(at, 1, ...indices.shape), data };
}

/** x at `indices` (int32, any shape) along an axis, which is replaced by the axes of `indices`. */
export const gather: Op<readonly [x: Value, indices: Value], AxisAttributes> = op({
  name: "gather",
  inputs: ["x", "indices"],
  shape: ([x, indices], { axis }) => {
    expect("gather", "indices", indices, "i32", null);
    const at = axisOf("gather", axis, x.shape.length);
    return { shape: x.shape.toSpliced(at, 1, ...indices.shape), dtype: x.dtype };
  },
  oracle: ([x, indices], { axis }) => taken("gather", x, indices, axis),
  onnx: (emit, [x, indices], { axis }) => emit.node("Gather", [x.name, indices.name], { axis: { int: axis } }),
  tfjs: (tf, [x, indices], { axis }) => tf.gather(x, tf.cast(indices, "int32"), axisOf("gather", axis, x.rank)),
});

/** ids [...] int32 and a table [V, C] -> [..., C]. The table stays in float32 at every precision. */
export const embedding: Op<readonly [ids: Value, table: Value], None> = op({
  name: "embedding",
  inputs: ["ids", "table"],
  shape: ([ids, table]) => {
    expect("embedding", "ids", ids, "i32", null);
    expect("embedding", "table", table, "f32", 2);
    return { shape: [...ids.shape, table.shape[1]!], dtype: "f32" };
  },
  oracle: ([ids, table]) => taken("embedding", table, ids, 0),
  onnx: (emit, [ids, table]) => emit.node("Gather", [table.name, ids.name], { axis: { int: 0 } }),
  tfjs: (tf, [ids, table]) => tf.gather(table, ids, 0),
});
