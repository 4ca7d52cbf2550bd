/** Products of matrices. */
import type { Value } from "../graph.js";
import {
  type None,
  type OnnxEmitter,
  type OnnxMatrix,
  type OnnxValue,
  type Op,
  op,
  type Tfjs,
  type TfTensor,
} from "../op.js";
import { sizeOf } from "../tensor.js";
import { stretchedStrides, walk } from "./loops.js";
import { stretched } from "./repeated.js";
import { broadcast, expect, expectShape, refuse } from "./sizes.js";

/**
 * y = x · weightᵀ + bias. x [..., C], weight [O, C] as PyTorch stores it, bias [O] or null -> [..., O].
 * With bulkLinear the only row whose weight follows the precision of the program: q8 and q4 hold it in blocks of 32 along C.
 */
export const linear: Op<readonly [x: Value, weight: Value, bias: Value | null], None> = op({
  name: "linear",
  inputs: ["x", "weight", "bias?"],
  shape: ([x, weight, bias]) => {
    expect("linear", "x", x, "f32", null);
    expect("linear", "weight", weight, "f32", 2);
    if (x.shape.length < 1 || x.shape.at(-1) !== weight.shape[1])
      refuse("linear", `x [${x.shape}] and weight [${weight.shape}] should end in the same size`);
    if (bias) expectShape("linear", "bias", bias, [weight.shape[0]!]);
    return { shape: [...x.shape.slice(0, -1), weight.shape[0]!], dtype: "f32" };
  },
  oracle: ([x, weight, bias]) => {
    const [O, C] = weight.shape as [number, number];
    const rows = sizeOf(x.shape.slice(0, -1));
    const data = new Float32Array(rows * O);
    for (let row = 0; row < rows; row++) {
      for (let o = 0; o < O; o++) {
        let sum = bias ? bias.data[o]! : 0;
        for (let c = 0; c < C; c++) sum += x.data[row * C + c]! * weight.data[o * C + c]!;
        data[row * O + o] = sum;
      }
    }
    return { shape: [...x.shape.slice(0, -1), O], data };
  },
  onnx: (emit, [x, weight, bias]) => {
    const matrix = emit.matrix(weight);
    if (matrix.form === "blocks") return blockProduct(emit, x, weight, matrix, bias);
    const product = emit.transposedProduct(x.name, matrix.name);
    return bias ? emit.node("Add", [product, bias.name]) : product;
  },
  tfjs: (tf, [x, weight, bias]) => {
    const [O, C] = weight.shape as [number, number];
    const product = tf.matMul(tf.reshape(x, [-1, C]) as TfTensor, weight, false, true);
    const y = tf.reshape(product, [...x.shape.slice(0, -1), O]);
    return bias ? tf.add(y, bias) : y;
  },
});

/** accuracy_level 4 multiplies in int8, quantising x per block of 32: measured 5 to 30 times faster than level 0. */
function blockProduct(
  emit: OnnxEmitter,
  x: OnnxValue,
  weight: OnnxValue,
  { bits, packed, scales }: OnnxMatrix & { form: "blocks" },
  bias: OnnxValue | null,
): string {
  const [N, K] = weight.shape as [number, number];
  const sizes = { K: { int: K }, N: { int: N }, bits: { int: bits }, block_size: { int: 32 } };
  const inputs = [x.name, packed, scales, ...(bias ? ["", "", bias.name] : [])];
  return emit.node("MatMulNBits", inputs, { ...sizes, accuracy_level: { int: 4 } }, "com.microsoft");
}

/**
 * The same y, for passes of many rows: q8 on ONNX Runtime's CPU is a product of integers with one scale for each row of x and of
 * the weight, so that a result does not depend on what else is in the batch; elsewhere all is as in linear. Blocks of 32 are finer
 * and take fewer nodes, which counts for a row or two; what this gains with many rows, bench var-d16 and nar-l print.
 */
export const bulkLinear: typeof linear = op({
  ...linear,
  name: "bulkLinear",
  onnx: (emit, inputs, attributes) => {
    const [x, weight, bias] = inputs;
    const matrix = emit.bulkMatrix(weight);
    if (matrix.form !== "rows") return linear.onnx(emit, inputs, attributes);
    const most = emit.node("ReduceMax", [emit.node("Abs", [x.name]), emit.int64([-1])], { keepdims: { int: 1 } });
    const [step, middle] = [emit.scalar(1 / 127), emit.byte(128)];
    const codes = emit.node("QuantizeLinear", [emit.node("Div", [x.name, most]), step, middle]);
    const operands = [codes, matrix.codes, step, matrix.scales, middle];
    const product = emit.node("MatMulIntegerToFloat", operands, {}, "com.microsoft");
    const y = emit.node("Mul", [product, most]); // a row of zeros has no codes to speak of, but this makes it zeros again
    return bias ? emit.node("Add", [y, bias.name]) : y;
  },
});

/** a [..., M, K] · b [..., K, N] -> [..., M, N]; the axes in front stretch. Never quantised, also with weights. */
export const matmul: Op<readonly [a: Value, b: Value], None> = op({
  name: "matmul",
  inputs: ["a", "b"],
  shape: ([a, b]) => {
    expect("matmul", "a", a, "f32", null);
    expect("matmul", "b", b, "f32", null);
    if (a.shape.length < 2 || b.shape.length < 2 || a.shape.at(-1) !== b.shape.at(-2))
      refuse("matmul", `[${a.shape}] and [${b.shape}] do not multiply`);
    const front = broadcast("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
    return { shape: [...front, a.shape.at(-2)!, b.shape.at(-1)!], dtype: "f32" };
  },
  oracle: ([a, b]) => {
    const [M, K] = a.shape.slice(-2) as [number, number];
    const N = b.shape.at(-1)!;
    const front = broadcast("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2)) as number[];
    const data = new Float32Array(sizeOf(front) * M * N);
    const strides = [a, b].map(({ shape }) => stretchedStrides(shape.slice(0, -2), front));
    walk(front, strides, (index, [i, j]) => {
      for (let m = 0; m < M; m++) {
        for (let n = 0; n < N; n++) {
          let sum = 0;
          for (let k = 0; k < K; k++) sum += a.data[(i! * M + m) * K + k]! * b.data[(j! * K + k) * N + n]!;
          data[(index * M + m) * N + n] = sum;
        }
      }
    });
    return { shape: [...front, M, N], data };
  },
  onnx: (emit, [a, b]) => emit.node("MatMul", [a.name, b.name]),
  tfjs: (tf: Tfjs, [a, b]) => {
    const [frontA, frontB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
    if (frontA.join() === frontB.join()) return tf.matMul(a, b);
    // tfjs 4.22.0 stretches only one side right: [5, 1, …] by [2, …] has NaN on its cpu and wasm backends.
    const front = broadcast("matmul", frontA, frontB) as number[];
    const stretch = (x: TfTensor) => stretched(tf, x, [...front, ...x.shape.slice(-2)]);
    return tf.matMul(stretch(a), stretch(b));
  },
});
