/** Operations on each element alone, and on pairs of elements of two shapes that stretch to one. */
import type { Value } from "../graph.js";
import { type None, type OnnxEmitter, type Op, op, type Tfjs, type TfTensor } from "../op.js";
import { sizeOf, type Tensor } from "../tensor.js";
import { emptyLike, stretchedStrides, walk } from "./loops.js";
import { broadcast, expect, refuse } from "./sizes.js";

type Unary<A extends object> = Op<readonly [x: Value], A>;

/** One row from the function of a number; x of any shape, float32. */
function unary<A extends object>(
  name: string,
  of: (x: number, attributes: A) => number,
  onnx: (emit: OnnxEmitter, x: string, attributes: A) => string,
  tfjs: (tf: Tfjs, x: TfTensor, attributes: A) => TfTensor,
): Unary<A> {
  return op({
    name,
    inputs: ["x"],
    shape: ([x]) => {
      expect(name, "x", x, "f32", null);
      return x;
    },
    oracle: ([x], attributes) => map(x, (value) => of(value, attributes)),
    onnx: (emit, [x], attributes) => onnx(emit, x.name, attributes),
    tfjs: (tf, [x], attributes) => tfjs(tf, x, attributes),
  });
}

const map = (x: Tensor, of: (value: number) => number): Tensor => ({
  shape: x.shape,
  data: Float32Array.from(x.data, of),
});

/** 1 / (1 + e^-x). */
export const sigmoid = unary<None>(
  "sigmoid",
  (x) => 1 / (1 + Math.exp(-x)),
  (emit, x) => emit.node("Sigmoid", [x]),
  (tf, x) => tf.sigmoid(x),
);

/** x · sigmoid(x), also called swish. */
export const silu = unary<None>(
  "silu",
  (x) => x / (1 + Math.exp(-x)),
  (emit, x) => emit.node("Mul", [x, emit.node("Sigmoid", [x])]),
  (tf, x) => tf.mul(x, tf.sigmoid(x)),
);

export const relu = unary<None>(
  "relu",
  (x) => Math.max(x, 0),
  (emit, x) => emit.node("Relu", [x]),
  (tf, x) => tf.relu(x),
);

export const tanh = unary<None>(
  "tanh",
  (x) => Math.tanh(x),
  (emit, x) => emit.node("Tanh", [x]),
  (tf, x) => tf.tanh(x),
);

export const exp = unary<None>(
  "exp",
  (x) => Math.exp(x),
  (emit, x) => emit.node("Exp", [x]),
  (tf, x) => tf.exp(x),
);

export const sqrt = unary<None>(
  "sqrt",
  (x) => Math.sqrt(x),
  (emit, x) => emit.node("Sqrt", [x]),
  (tf, x) => tf.sqrt(x),
);

export const sin = unary<None>(
  "sin",
  (x) => Math.sin(x),
  (emit, x) => emit.node("Sin", [x]),
  (tf, x) => tf.sin(x),
);

export const cos = unary<None>(
  "cos",
  (x) => Math.cos(x),
  (emit, x) => emit.node("Cos", [x]),
  (tf, x) => tf.cos(x),
);

/** x above zero, e^x - 1 below. arXiv 1511.07289. */
export const elu = unary<None>(
  "elu",
  (x) => (x > 0 ? x : Math.expm1(x)),
  (emit, x) => emit.node("Elu", [x]),
  (tf, x) => tf.elu(x),
);

/** x · tanh(ln(1 + e^x)). arXiv 1908.08681. */
export const mish = unary<None>(
  "mish",
  (x) => x * Math.tanh(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  (emit, x) => emit.node("Mul", [x, emit.node("Tanh", [emit.node("Softplus", [x])])]),
  (tf, x) => tf.mul(x, tf.tanh(tf.softplus(x))),
);

/** What a number below zero is multiplied by. */
export interface LeakyReluAttributes {
  readonly slope: number;
}

export const leakyRelu = unary<LeakyReluAttributes>(
  "leakyRelu",
  (x, { slope }) => (x > 0 ? x : slope * x),
  (emit, x, { slope }) => emit.node("LeakyRelu", [x], { alpha: { float: slope } }),
  (tf, x, { slope }) => tf.leakyRelu(x, slope),
);

/** How gelu is computed: by the error function, or by the tanh formula of Hendrycks and Gimpel, arXiv 1606.08415 §2. */
export interface GeluAttributes {
  readonly approximation: "none" | "tanh";
}

const TANH_SCALE = Math.sqrt(2 / Math.PI);

/** x · Φ(x) with the normal distribution function Φ. */
export const gelu = unary<GeluAttributes>(
  "gelu",
  (x, { approximation }) =>
    approximation === "tanh"
      ? 0.5 * x * (1 + Math.tanh(TANH_SCALE * (x + 0.044715 * x ** 3)))
      : 0.5 * x * (1 + erf(x / Math.SQRT2)),
  (emit, x, { approximation }) => emit.node("Gelu", [x], { approximate: { string: approximation } }),
  (tf, x, { approximation }) => {
    const inner =
      approximation === "tanh"
        ? tf.tanh(tf.mul(TANH_SCALE, tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x))))))
        : tf.erf(tf.mul(x, Math.SQRT1_2));
    return tf.mul(tf.mul(x, 0.5), tf.add(inner, 1));
  },
);

/** The error function to float64 precision: Maclaurin series near zero, Lentz's continued fraction of erfc beyond. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 2.5) {
    let term = a;
    let sum = a;
    for (let n = 1; Math.abs(term) > 1e-17 * sum; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * Math.sign(x) * sum;
  }
  let fraction = a;
  for (let n = 60; n > 0; n--) fraction = a + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / fraction);
}

/** min and max are inclusive; leave one out for no bound. */
export interface ClampAttributes {
  readonly min?: number;
  readonly max?: number;
}

export const clamp = unary<ClampAttributes>(
  "clamp",
  (x, { min = -Infinity, max = Infinity }) => Math.min(Math.max(x, min), max),
  (emit, x, { min, max }) => {
    const bound = (value: number | undefined) => (value === undefined ? "" : emit.scalar(value));
    return emit.node("Clip", [x, bound(min), bound(max)]);
  },
  (tf, x, { min = -Infinity, max = Infinity }) => tf.clipByValue(x, min, max),
);

/** Both default to what changes nothing. */
export interface AffineAttributes {
  readonly scale?: number;
  readonly offset?: number;
}

/** x · scale + offset, by constants. */
export const affine = unary<AffineAttributes>(
  "affine",
  (x, { scale = 1, offset = 0 }) => x * scale + offset,
  (emit, x, { scale, offset }) => {
    const product = scale === undefined ? x : emit.node("Mul", [x, emit.scalar(scale)]);
    return offset === undefined ? product : emit.node("Add", [product, emit.scalar(offset)]);
  },
  (tf, x, { scale = 1, offset = 0 }) => tf.add(tf.mul(x, scale), offset),
);

/** One row from the function of two numbers; shapes stretch as in NumPy, both of one type. */
function binary(
  name: string,
  types: readonly string[],
  of: (x: number, y: number) => number,
  onnx: string,
  tfjs: (tf: Tfjs, x: TfTensor, y: TfTensor) => TfTensor,
): Op<readonly [x: Value, y: Value], None> {
  return op({
    name,
    inputs: ["x", "y"],
    shape: ([x, y]) => {
      if (x.dtype !== y.dtype || !types.includes(x.dtype))
        refuse(name, `x and y should both be ${types.join(" or both ")} but are ${x.dtype} and ${y.dtype}`);
      return { shape: broadcast(name, x.shape, y.shape), dtype: x.dtype };
    },
    oracle: ([x, y]) => {
      const shape = broadcast(name, x.shape, y.shape) as number[];
      const data = emptyLike(x.data, sizeOf(shape));
      walk(shape, [stretchedStrides(x.shape, shape), stretchedStrides(y.shape, shape)], (index, [i, j]) => {
        data[index] = of(x.data[i!]!, y.data[j!]!);
      });
      return { shape, data };
    },
    onnx: (emit, [x, y]) => emit.node(onnx, [x.name, y.name]),
    tfjs: (tf, [x, y]) => tfjs(tf, x, y),
  });
}

const NUMBERS = ["f32", "i32"];

export const add = binary(
  "add",
  NUMBERS,
  (x, y) => x + y,
  "Add",
  (tf, x, y) => tf.add(x, y),
);
export const sub = binary(
  "sub",
  NUMBERS,
  (x, y) => x - y,
  "Sub",
  (tf, x, y) => tf.sub(x, y),
);
export const mul = binary(
  "mul",
  NUMBERS,
  (x, y) => x * y,
  "Mul",
  (tf, x, y) => tf.mul(x, y),
);
export const div = binary(
  "div",
  ["f32"],
  (x, y) => x / y,
  "Div",
  (tf, x, y) => tf.div(x, y),
);

export interface CastAttributes {
  readonly to: "f32" | "i32";
}

/** To the other type; towards zero when an integer is made of a float. Values outside int32 are undefined. */
export const cast: Op<readonly [x: Value], CastAttributes> = op({
  name: "cast",
  inputs: ["x"],
  shape: ([x], { to }) => ({ shape: x.shape, dtype: to }),
  oracle: ([x], { to }) => ({
    shape: x.shape,
    data: to === "f32" ? Float32Array.from(x.data) : Int32Array.from(x.data, Math.trunc),
  }),
  onnx: (emit, [x], { to }) => emit.node("Cast", [x.name], { to: { int: to === "f32" ? 1 : 6 } }),
  tfjs: (tf, [x], { to }) => tf.cast(x, to === "f32" ? "float32" : "int32"),
});
