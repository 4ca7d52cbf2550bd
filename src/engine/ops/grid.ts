/** Operations on the pixels of [B, C, Y, X]. */
import type { Dim, Value } from "../graph.js";
import { type Op, op } from "../op.js";
import type { Tensor } from "../tensor.js";
import { emptyLike } from "./loops.js";
import { repeated } from "./repeated.js";
import { expect, refuse, scaled } from "./sizes.js";

type Grid = readonly [B: Dim, C: Dim, Y: Dim, X: Dim];

function gridOf(name: string, x: Value, factor: number): Grid {
  expect(name, "x", x, "f32", 4);
  if (!Number.isInteger(factor) || factor < 1) refuse(name, `the factor should be a positive integer, not ${factor}`);
  return x.shape as Grid;
}

/** Fills [B, C, Y, X] by naming, for each place, the element of `x` that goes there. */
function rearranged(
  x: Tensor,
  shape: readonly [number, number, number, number],
  from: (c: number, y: number, x: number) => readonly [c: number, y: number, x: number],
): Tensor {
  const [B, C, Y, X] = shape;
  const [, c0, y0, x0] = x.shape as [number, number, number, number];
  const data = emptyLike(x.data, B * C * Y * X);
  let index = 0;
  for (let b = 0; b < B; b++) {
    for (let c = 0; c < C; c++) {
      for (let i = 0; i < Y; i++) {
        for (let j = 0; j < X; j++) {
          const [fromC, fromY, fromX] = from(c, i, j);
          data[index++] = x.data[((b * c0 + fromC) * y0 + fromY) * x0 + fromX]!;
        }
      }
    }
  }
  return { shape, data };
}

export interface ResizeAttributes {
  readonly factor: number;
}

/** Each pixel becomes factor x factor equal ones. [B, C, Y, X] -> [B, C, f·Y, f·X]. */
export const resizeNearest: Op<readonly [x: Value], ResizeAttributes> = op({
  name: "resizeNearest",
  inputs: ["x"],
  shape: ([x], { factor }) => {
    const [B, C, Y, X] = gridOf("resizeNearest", x, factor);
    return {
      shape: [B, C, scaled("resizeNearest", Y, factor, 1), scaled("resizeNearest", X, factor, 1)],
      dtype: "f32",
    };
  },
  oracle: ([x], { factor }) => {
    const [B, C, Y, X] = x.shape as [number, number, number, number];
    const down = (i: number) => Math.floor(i / factor);
    return rearranged(x, [B, C, Y * factor, X * factor], (c, i, j) => [c, down(i), down(j)]);
  },
  onnx: (emit, [x], { factor }) => {
    const scales = emit.constant({ shape: [4], data: Float32Array.of(1, 1, factor, factor) });
    return emit.node("Resize", [x.name, "", scales], {
      mode: { string: "nearest" },
      coordinate_transformation_mode: { string: "asymmetric" },
      nearest_mode: { string: "floor" },
    });
  },
  tfjs: (tf, [x], { factor }) => repeated(tf, repeated(tf, x, 3, factor), 2, factor),
});

export interface BlockAttributes {
  /** Side of a block of pixels. */
  readonly size: number;
}

/** Blocks of pixels become channels, channel c·s² + i·s + j from pixel (i, j): PyTorch's pixel_unshuffle. */
export const spaceToDepth: Op<readonly [x: Value], BlockAttributes> = op({
  name: "spaceToDepth",
  inputs: ["x"],
  shape: ([x], { size: s }) => {
    const [B, C, Y, X] = gridOf("spaceToDepth", x, s);
    const of = (size: Dim, p: number, q: number) => scaled("spaceToDepth", size, p, q);
    return { shape: [B, of(C, s * s, 1), of(Y, 1, s), of(X, 1, s)], dtype: "f32" };
  },
  oracle: ([x], { size: s }) => {
    const [B, C, Y, X] = x.shape as [number, number, number, number];
    return rearranged(x, [B, C * s * s, Y / s, X / s], (c, i, j) => {
      const within = c % (s * s);
      return [Math.floor(c / (s * s)), i * s + Math.floor(within / s), j * s + (within % s)];
    });
  },
  // ONNX numbers the channels (i·s + j)·C + c, so they are put in order afterwards.
  onnx: (emit, [x], { size: s }) => {
    const C = x.shape[1];
    if (typeof C !== "number") return refuse("spaceToDepth", "the number of channels should be known");
    const blocks = emit.node("SpaceToDepth", [x.name], { blocksize: { int: s } });
    const order = Array.from({ length: C * s * s }, (_, c) => (c % (s * s)) * C + Math.floor(c / (s * s)));
    return emit.node("Gather", [blocks, emit.int64(order)], { axis: { int: 1 } });
  },
  tfjs: (tf, [x], { size: s }) => {
    const [B, C, Y, X] = x.shape as [number, number, number, number];
    const split = tf.reshape(x, [B * C, Y / s, s, X / s, s]);
    return tf.reshape(tf.transpose(split, [0, 2, 4, 1, 3]), [B, C * s * s, Y / s, X / s]);
  },
});

/** The inverse of spaceToDepth: PyTorch's pixel_shuffle. */
export const depthToSpace: Op<readonly [x: Value], BlockAttributes> = op({
  name: "depthToSpace",
  inputs: ["x"],
  shape: ([x], { size: s }) => {
    const [B, C, Y, X] = gridOf("depthToSpace", x, s);
    const of = (size: Dim, p: number, q: number) => scaled("depthToSpace", size, p, q);
    return { shape: [B, of(C, 1, s * s), of(Y, s, 1), of(X, s, 1)], dtype: "f32" };
  },
  oracle: ([x], { size: s }) => {
    const [B, C, Y, X] = x.shape as [number, number, number, number];
    return rearranged(x, [B, C / (s * s), Y * s, X * s], (c, i, j) => [
      (c * s + (i % s)) * s + (j % s),
      Math.floor(i / s),
      Math.floor(j / s),
    ]);
  },
  onnx: (emit, [x], { size: s }) =>
    emit.node("DepthToSpace", [x.name], { blocksize: { int: s }, mode: { string: "CRD" } }),
  tfjs: (tf, [x], { size: s }) => {
    const [B, C, Y, X] = x.shape as [number, number, number, number];
    const split = tf.reshape(x, [(B * C) / (s * s), s, s, Y, X]);
    return tf.reshape(tf.transpose(split, [0, 3, 1, 4, 2]), [B, C / (s * s), Y * s, X * s]);
  },
});
