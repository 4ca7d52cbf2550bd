/** Operations that make one number of each line along an axis. */
import type { Value } from "../graph.js";
import { type Op, op, type Tfjs, type TfTensor } from "../op.js";
import type { DType, Tensor } from "../tensor.js";
import { around } from "./loops.js";
import type { AxisAttributes } from "./shape.js";
import { axisOf, expect } from "./sizes.js";

export interface ReduceAttributes extends AxisAttributes {
  /** Whether the axis stays, with size 1. */
  readonly keepDims: boolean;
}

const without = <T>(shape: readonly T[], axis: number, keepDims: boolean): (T | 1)[] =>
  keepDims ? shape.with(axis, 1 as T) : shape.toSpliced(axis, 1);

function reduced(
  x: Tensor,
  { axis, keepDims }: ReduceAttributes,
  dtype: DType,
  of: (line: number[]) => number,
): Tensor {
  const { outer, size, inner } = around(x.shape, axis);
  const data = dtype === "f32" ? new Float32Array(outer * inner) : new Int32Array(outer * inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      data[o * inner + i] = of(Array.from({ length: size }, (_, n) => x.data[(o * size + n) * inner + i]!));
    }
  }
  return { shape: without(x.shape, axisOf("reduce", axis, x.shape.length), keepDims), data };
}

function accumulation(
  name: string,
  of: (line: number[]) => number,
  onnx: string,
  tfjs: (tf: Tfjs, x: TfTensor, axis: number, keepDims: boolean) => TfTensor,
): Op<readonly [x: Value], ReduceAttributes> {
  return op({
    name,
    inputs: ["x"],
    shape: ([x], { axis, keepDims }) => {
      expect(name, "x", x, "f32", null);
      return { shape: without(x.shape, axisOf(name, axis, x.shape.length), keepDims), dtype: "f32" };
    },
    oracle: ([x], attributes) => reduced(x, attributes, "f32", of),
    onnx: (emit, [x], { axis, keepDims }) =>
      emit.node(onnx, [x.name, emit.int64([axis])], { keepdims: { int: keepDims ? 1 : 0 } }),
    tfjs: (tf, [x], { axis, keepDims }) => tfjs(tf, x, axis, keepDims),
  });
}

const total = (line: number[]) => line.reduce((a, b) => a + b, 0);

export const sum = accumulation("sum", total, "ReduceSum", (tf, x, axis, keepDims) => tf.sum(x, axis, keepDims));
export const mean = accumulation(
  "mean",
  (line) => total(line) / line.length,
  "ReduceMean",
  (tf, x, axis, keepDims) => tf.mean(x, axis, keepDims),
);

/** One row from "is a better than b"; the lowest index wins ties. The axis goes; the result is int32. */
function position(
  name: string,
  better: (a: number, b: number) => boolean,
  onnx: string,
  tfjs: (tf: Tfjs, x: TfTensor, axis: number) => TfTensor,
): Op<readonly [x: Value], AxisAttributes> {
  return op({
    name,
    inputs: ["x"],
    shape: ([x], { axis }) => {
      expect(name, "x", x, "f32", null);
      return { shape: without(x.shape, axisOf(name, axis, x.shape.length), false), dtype: "i32" };
    },
    oracle: ([x], { axis }) =>
      reduced(x, { axis, keepDims: false }, "i32", (line) =>
        line.reduce((best, value, index) => (better(value, line[best]!) ? index : best), 0),
      ),
    onnx: (emit, [x], { axis }) => {
      const found = emit.node(onnx, [x.name], { axis: { int: axis }, keepdims: { int: 0 } });
      return emit.node("Cast", [found], { to: { int: 6 } }); // int64 -> int32
    },
    tfjs: (tf, [x], { axis }) => tfjs(tf, x, axis),
  });
}

export const argmin = position(
  "argmin",
  (a, b) => a < b,
  "ArgMin",
  (tf, x, axis) => tf.argMin(x, axis),
);
export const argmax = position(
  "argmax",
  (a, b) => a > b,
  "ArgMax",
  (tf, x, axis) => tf.argMax(x, axis),
);
