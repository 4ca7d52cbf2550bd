/**
 * One table of cases for all operations; conformance.test.ts runs it on every device at hand against the oracles.
 *
 * To add an operation, add at least one row here (a test counts them). Sizes are distinct primes wherever the operation
 * allows it, so that no two axes can be confused by luck.
 */

import type { Dim } from "../../src/engine/graph.js";
import type { Op } from "../../src/engine/op.js";
import { HIDDEN } from "../../src/engine/ops/attention.js";
import type { OPS, OpName } from "../../src/engine/ops/index.js";
import { f32, i32, sizeOf, type Tensor, tensor } from "../../src/engine/tensor.js";

/** An input of a case: fed at run time, or a weight of the checkpoint; with names instead of sizes if `dims` is given. */
export interface Fed {
  readonly tensor: Tensor;
  readonly as: "input" | "weight";
  readonly dims: readonly Dim[];
}

export interface Case {
  readonly op: OpName;
  /** What is special about this one. */
  readonly what: string;
  readonly inputs: readonly (Fed | null)[];
  readonly attributes: object;
}

const input = (value: Tensor, dims: readonly Dim[] = value.shape): Fed => ({ tensor: value, as: "input", dims });
const weight = (value: Tensor): Fed => ({ tensor: value, as: "weight", dims: value.shape });

type AttributesOf<N extends OpName> = (typeof OPS)[N] extends Op<infer _, infer A> ? A : never;

/** A case; tensors given bare are inputs of fixed size. */
function on<N extends OpName>(
  op: N,
  what: string,
  inputs: readonly (Tensor | Fed | null)[],
  ...attributes: Record<never, never> extends AttributesOf<N> ? [AttributesOf<N>?] : [AttributesOf<N>]
): Case {
  const fed = inputs.map((given) => (given === null || "tensor" in given ? given : input(given)));
  return { op, what, inputs: fed, attributes: attributes[0] ?? {} };
}

let key = 0;

/** Roughly normal numbers, other ones on every call and the same in every process. */
function normal(...shape: readonly number[]): Tensor {
  key++;
  const uniform = (i: number) => {
    const x = Math.sin((i + 1) * 12.9898 + key * 78.233) * 43758.5453;
    return x - Math.floor(x);
  };
  const sum = (i: number) => uniform(4 * i) + uniform(4 * i + 1) + uniform(4 * i + 2) + uniform(4 * i + 3) - 2;
  return tensor(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => sum(i) * Math.sqrt(3)),
  );
}

const scaled = (x: Tensor, by: number): Tensor => ({ ...x, data: Float32Array.from(x.data, (value) => value * by) });

/** Hides the slots for which `hidden` is true. */
function mask(
  shape: readonly [number, number, number, number],
  hidden: (b: number, t: number, s: number) => boolean,
): Tensor {
  const [, H, T, S] = shape;
  return tensor(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) =>
      hidden(Math.floor(i / (H * T * S)), Math.floor(i / S) % T, i % S) ? -Infinity : 0,
    ),
  );
}

/** cos and sin of a few angles; the first position has neither, as the condition slots of LlamaGen. */
const angles = (...shape: readonly number[]): Tensor => {
  const raw = normal(...shape);
  const row = shape.at(-2)! * 2;
  const data = raw.data.map((_, i) => (i < row ? 0 : i % 2 ? Math.sin(raw.data[i - 1]!) : Math.cos(raw.data[i]!)));
  return tensor(shape, data as Float32Array);
};

const past = (x: Tensor): Fed => input(x, ["B", 3, "S", 10]);
const fresh = (x: Tensor): Fed => input(x, ["B", 3, "T", 10]);

export const CASES: readonly Case[] = [
  on("add", "equal shapes", [normal(2, 3, 5), normal(2, 3, 5)]),
  on("add", "both stretch", [normal(7, 1, 5), normal(3, 1)]),
  on("add", "named sizes", [input(normal(2, 3, 5), ["B", "T", 5]), weight(normal(5))]),
  on("add", "integers", [i32([2, 3], [1, -2, 3, 4, 5, 6]), i32([3], [10, 20, 30])]),
  on("sub", "stretched at the front", [normal(5), normal(2, 3, 5)]),
  on("mul", "a scalar-like tensor", [normal(2, 3, 5), normal(1)]),
  on("div", "stretched in the middle", [normal(2, 3, 5), f32([2, 1, 5], [1, 2, -3, 4, 5, -6, 7, 8, 9, 0.1])]),
  on("affine", "scale and offset", [normal(2, 7)], { scale: -1.7, offset: 0.3 }),
  on("affine", "offset alone", [normal(2, 7)], { offset: 0.3 }),
  on("affine", "nothing", [normal(2, 7)]),
  on("clamp", "both bounds", [normal(3, 11)], { min: -0.5, max: 0.7 }),
  on("clamp", "one bound", [normal(3, 11)], { max: 0.1 }),
  on("cast", "towards zero", [f32([5], [-1.9, -0.5, 0.5, 1.9, 1e6])], { to: "i32" }),
  on("cast", "from integers", [i32([3], [-7, 0, 16_777_217])], { to: "f32" }),
  on("exp", "", [scaled(normal(3, 11), 5)]),
  on("tanh", "", [scaled(normal(3, 11), 2)]),
  on("sigmoid", "with large numbers", [f32([7], [-100, -20, -1, 0, 1, 20, 100])]),
  on("relu", "", [normal(3, 11)]),
  on("silu", "with large numbers", [f32([7], [-100, -20, -1, 0, 1, 20, 100])]),
  on("gelu", "error function", [scaled(normal(5, 13), 2)], { approximation: "none" }),
  on("gelu", "tanh formula", [scaled(normal(5, 13), 2)], { approximation: "tanh" }),

  on("cos", "", [scaled(normal(3, 11), 3)]),
  on("elu", "both sides of zero", [scaled(normal(3, 11), 3)]),
  on("leakyRelu", "", [normal(3, 11)], { slope: 0.1 }),
  on("mish", "with large numbers", [f32([7], [-100, -20, -1, 0.5, 1, 20, 100])]),
  on("sin", "", [scaled(normal(3, 11), 3)]),
  on("sqrt", "", [f32([5], [0, 1e-6, 0.5, 2, 1e6])]),

  on("linear", "a stack of rows", [normal(2, 3, 37), weight(normal(11, 37)), weight(normal(11))]),
  on("linear", "named sizes, no bias", [input(normal(2, 3, 37), ["B", "T", 37]), weight(normal(11, 37)), null]),
  on("linear", "one vector", [normal(37), weight(normal(11, 37)), null]),
  on("linear", "a computed matrix", [normal(3, 7), normal(11, 7), null]),
  on("bulkLinear", "a stack of rows", [normal(2, 3, 37), weight(normal(11, 37)), weight(normal(11))]),
  on("bulkLinear", "named sizes, no bias", [input(normal(2, 3, 37), ["B", "T", 37]), weight(normal(11, 37)), null]),
  on("bulkLinear", "a row of zeros", [f32([2, 3], [0, 0, 0, 1, -2, 3]), weight(normal(5, 3)), weight(normal(5))]),
  on("matmul", "stretched stacks", [normal(5, 1, 3, 7), normal(2, 7, 11)]),
  on("matmul", "with a weight, named sizes", [input(normal(3, 7), ["T", 7]), weight(normal(7, 11))]),
  on("embedding", "ids in two axes", [i32([2, 3], [0, 12, 5, 5, 1, 7]), weight(normal(13, 7))]),
  on("gather", "the last axis", [normal(3, 7, 5), i32([2], [4, 0])], { axis: -1 }),
  on("gather", "rows by a table of indices", [normal(7, 5), i32([2, 3], [6, 0, 3, 3, 1, 2])], { axis: 0 }),

  on("rmsNorm", "with weight", [normal(2, 3, 37), weight(normal(37))], { epsilon: 1e-5 }),
  on("rmsNorm", "tiny numbers show epsilon", [scaled(normal(3, 7), 1e-3), null], { epsilon: 1e-5 }),
  on("layerNorm", "with weight and bias", [normal(2, 3, 37), weight(normal(37)), weight(normal(37))], {
    epsilon: 1e-6,
  }),
  on("layerNorm", "without affine", [normal(2, 3, 37), null, null], { epsilon: 1e-6 }),
  on("layerNorm", "bias alone, epsilon visible", [scaled(normal(3, 37), 1e-2), null, weight(normal(37))], {
    epsilon: 1e-3,
  }),
  on("groupNorm", "pixels", [normal(2, 6, 5, 7), weight(normal(6)), weight(normal(6))], { groups: 3, epsilon: 1e-6 }),
  on(
    "groupNorm",
    "named sizes",
    [input(scaled(normal(2, 6, 5, 7), 1e-2), ["B", 6, "h", "w"]), weight(normal(6)), weight(normal(6))],
    { groups: 2, epsilon: 1e-3 },
  ),
  on("l2Normalize", "channels", [normal(2, 7, 3, 5)], { axis: 1, epsilon: 1e-12 }),
  on("l2Normalize", "below epsilon", [scaled(normal(3, 7), 1e-3)], { axis: -1, epsilon: 0.1 }),
  on("softmax", "last axis, large numbers", [scaled(normal(3, 11), 300)], { axis: -1 }),
  on("softmax", "middle axis", [normal(2, 7, 5)], { axis: 1 }),

  on("sum", "kept", [normal(2, 7, 5)], { axis: 1, keepDims: true }),
  on("mean", "dropped", [normal(2, 7, 5)], { axis: -1, keepDims: false }),
  on("argmin", "ties go to the lowest index", [f32([2, 5], [3, 1, 2, 1, 4, 0, 0, 5, 0, -0])], { axis: -1 }),
  on("argmax", "ties, first axis", [f32([3, 2], [1, 7, 1, 7, 0, 7])], { axis: 0 }),

  on("reshape", "kept axes and the rest", [normal(2, 3, 10)], { shape: [0, -1, 5] }),
  on("reshape", "named sizes", [input(normal(2, 3, 10), ["B", "T", 10])], { shape: [0, 0, 2, 5] }),
  on("reshape", "two names in one", [input(normal(2, 7, 3, 5), ["B", 7, "h", "w"])], { shape: [0, 7, -1] }),
  on("reshapeLike", "named sizes", [
    input(normal(2, 7, 15), ["B", 7, "h*w"]),
    input(normal(2, 7, 3, 5), ["B", 7, "h", "w"]),
  ]),
  on("transpose", "four axes", [normal(2, 3, 5, 7)], { permutation: [0, 2, 3, 1] }),
  on("transpose", "integers", [i32([2, 3], [1, 2, 3, 4, 5, 6])], { permutation: [1, 0] }),
  on("slice", "middle axis", [normal(2, 7, 5)], { axis: 1, start: 2, end: 5 }),
  on("slice", "last axis, named sizes", [input(normal(2, 7, 5), ["B", "T", 5])], { axis: -1, start: 0, end: 2 }),
  on("concat", "three parts", [normal(2, 3, 5), normal(2, 7, 5), normal(2, 1, 5)], { axis: 1 }),
  on("concat", "integers, named sizes", [input(i32([1, 2], [1, 2]), [1, "S"]), i32([1, 3], [3, 4, 5])], { axis: -1 }),

  on("conv2d", "3 x 3, same size", [normal(2, 3, 7, 5), weight(normal(11, 3, 3, 3)), weight(normal(11))], {
    pads: [1, 1, 1, 1],
  }),
  on(
    "conv2d",
    "stride 2, padded right and below only",
    [normal(1, 3, 10, 6), weight(normal(7, 3, 3, 3)), weight(normal(7))],
    {
      stride: 2,
      pads: [0, 0, 1, 1],
    },
  ),
  on("conv2d", "uneven kernel, no bias", [normal(2, 5, 7, 11), weight(normal(3, 5, 2, 3)), null]),
  on("conv2d", "1 x 1, named sizes", [
    input(normal(2, 3, 7, 5), ["B", 3, "h", "w"]),
    weight(normal(11, 3, 1, 1)),
    null,
  ]),
  on("conv2d", "patches", [normal(1, 3, 9, 6), weight(normal(5, 3, 3, 3)), null], { stride: 3 }),
  on("conv1d", "causal and dilated", [normal(2, 3, 17), weight(normal(5, 3, 7)), weight(normal(5))], {
    dilation: 2,
    pads: [12, 0],
  }),
  on(
    "conv1d",
    "stride 5, named sizes, uneven pads",
    [input(normal(2, 3, 20), ["B", 3, "T"]), weight(normal(7, 3, 11)), null],
    {
      stride: 5,
      pads: [4, 3],
    },
  ),
  on(
    "conv1d",
    "one filter per channel",
    [input(normal(2, 7, 13), ["B", 7, "T"]), weight(normal(7, 1, 5)), weight(normal(7))],
    {
      groups: 7,
      pads: [2, 2],
    },
  ),
  on("conv1d", "two filters per channel, stride 2", [normal(2, 3, 13), weight(normal(6, 1, 5)), null], {
    groups: 3,
    stride: 2,
  }),
  on("conv1d", "three groups", [normal(2, 6, 11), weight(normal(15, 2, 3)), weight(normal(15))], {
    groups: 3,
    pads: [1, 1],
  }),
  on("convTranspose1d", "stride 5, cut at both ends", [normal(2, 3, 7), weight(normal(3, 5, 11)), weight(normal(5))], {
    stride: 5,
    pads: [3, 2],
  }),
  on(
    "convTranspose1d",
    "named sizes, one place more",
    [input(normal(2, 3, 7), ["B", 3, "T"]), weight(normal(3, 5, 6)), null],
    {
      stride: 3,
      pads: [2, 2],
      outputPadding: 1,
    },
  ),
  on("convTranspose1d", "padded beyond the kernel", [normal(1, 3, 7), weight(normal(3, 2, 3)), weight(normal(2))], {
    stride: 3,
    outputPadding: 2,
  }),
  on("convTranspose1d", "one filter per channel", [normal(2, 5, 7), weight(normal(5, 1, 4)), weight(normal(5))], {
    groups: 5,
    stride: 2,
    pads: [1, 1],
  }),
  on("convTranspose1d", "three groups", [normal(2, 6, 7), weight(normal(6, 5, 3)), null], { groups: 3, stride: 2 }),
  on("cropTo", "named sizes", [input(normal(2, 3, 7), ["B", 3, "T"]), input(normal(2, 5, 5), ["B", 5, "t"])], {
    axis: 2,
  }),
  on("pad", "zeros", [normal(2, 5, 3)], { axis: 1, before: 2, after: 3, mode: "zero" }),
  on("pad", "the edge, named sizes", [input(normal(2, 3, 5), ["B", 3, "T"])], {
    axis: -1,
    before: 7,
    after: 1,
    mode: "edge",
  }),
  on("pad", "a mirror", [normal(2, 3, 5)], { axis: 2, before: 4, after: 2, mode: "reflect" }),
  on("relativeShift", "all keys", [
    input(normal(2, 3, 5, 9), ["B", 3, "T", "R"]),
    input(normal(2, 3, 5, 7), ["B", 3, "T", 7]),
  ]),
  on("relativeShift", "two queries behind a cache", [normal(1, 3, 2, 8), normal(1, 3, 7, 5)]),
  on("repeat", "the last axis, named sizes", [input(normal(2, 3, 5), ["B", 3, "T"])], { axis: -1, times: 7 }),
  on("repeat", "a middle axis", [input(normal(2, 5, 3), ["B", "T", 3])], { axis: 1, times: 2 }),
  on("tail", "a middle axis, named sizes", [input(normal(2, 7, 3), ["B", "T", 3])], { axis: 1, count: 5 }),
  on("tail", "integers", [i32([5], [1, 2, 3, 4, 5])], { axis: -1, count: 2 }),
  on("resizeNearest", "twice", [normal(2, 3, 5, 7)], { factor: 2 }),
  on("resizeNearest", "three times, named sizes", [input(normal(1, 2, 5, 3), ["B", 2, "h", "w"])], { factor: 3 }),
  on("spaceToDepth", "blocks of 3", [normal(2, 5, 6, 9)], { size: 3 }),
  on("spaceToDepth", "named sizes", [input(normal(2, 3, 4, 10), ["B", 3, "h", "w"])], { size: 2 }),
  on("depthToSpace", "blocks of 3", [normal(2, 18, 5, 7)], { size: 3 }),

  on("turn", "rows with angles of their own", [normal(5, 14), normal(5, 7), normal(5, 7)]),
  on("turn", "named sizes", [
    input(normal(5, 6), ["N", 6]),
    input(normal(5, 3), ["N", 3]),
    input(normal(5, 3), ["N", 3]),
  ]),
  on("rotary", "one table for all", [
    input(normal(2, 3, 5, 14), ["B", 3, "T", 14]),
    input(angles(5, 7, 2), ["T", 7, 2]),
  ]),
  on("rotary", "a table per item", [
    input(normal(2, 3, 5, 14), ["B", 3, "T", 14]),
    input(angles(2, 5, 7, 2), ["B", "T", 7, 2]),
  ]),

  on("rotary", "halves", [normal(2, 3, 5, 14), angles(5, 7, 2)], { pairs: "halves" }),
  on(
    "rotary",
    "halves of a part of the head, a table per item",
    [input(normal(2, 3, 5, 14), ["B", 3, "T", 14]), input(angles(2, 5, 5, 2), ["B", "T", 5, 2])],
    { pairs: "halves" },
  ),
  on("rotary", "neighbours in a part of the head", [normal(2, 3, 5, 11), angles(5, 2, 2)]),

  on(
    "attention",
    "nothing behind, no bias",
    [normal(2, 3, 5, 10), normal(2, 3, 7, 10), normal(2, 3, 7, 10), null, null, null],
    {
      scale: 0.3,
    },
  ),
  on(
    "attention",
    "causal, a mask an item",
    [
      normal(2, 3, 5, 10),
      normal(2, 3, 5, 10),
      normal(2, 3, 5, 10),
      null,
      null,
      mask([2, 1, 5, 5], (b, t, s) => s > t || (s < b && s !== t)),
    ],
    { scale: 10 ** -0.5 },
  ),
  on(
    "attention",
    "one step behind a cache",
    [
      normal(2, 3, 1, 10),
      normal(2, 3, 1, 10),
      normal(2, 3, 1, 10),
      normal(2, 3, 7, 10),
      normal(2, 3, 7, 10),
      mask([1, 1, 1, 8], (_, _t, s) => s === 5 || s === 6),
    ],
    { scale: 10 ** -0.5 },
  ),
  on(
    "attention",
    "several steps behind a cache, all sizes named, a bias a head",
    [
      fresh(normal(2, 3, 5, 10)),
      fresh(normal(2, 3, 5, 10)),
      fresh(normal(2, 3, 5, 10)),
      past(normal(2, 3, 7, 10)),
      past(normal(2, 3, 7, 10)),
      input(normal(1, 3, 5, 12), [1, 3, "T", "S+T"]),
    ],
    { scale: 10 ** -0.5 },
  ),
  on(
    "attention",
    "a row that hides everything is the mean of all",
    [
      normal(1, 2, 3, 10),
      normal(1, 2, 3, 10),
      normal(1, 2, 3, 10),
      normal(1, 2, 5, 10),
      normal(1, 2, 5, 10),
      mask([1, 1, 3, 8], (_, t) => t === 1),
    ],
    { scale: 0.3 },
  ),
  on(
    "attention",
    "hidden by a large number",
    [
      normal(1, 2, 1, 10),
      normal(1, 2, 1, 10),
      normal(1, 2, 1, 10),
      normal(1, 2, 3, 10),
      normal(1, 2, 3, 10),
      f32([1, 1, 1, 4], [0, HIDDEN, -3e38, 0]),
    ],
    { scale: 0.3 },
  ),

  on(
    "attention",
    "query heads that share key heads, behind a cache",
    [
      input(normal(2, 6, 5, 7), ["B", 6, "T", 7]),
      input(normal(2, 2, 5, 7), ["B", 2, "T", 7]),
      input(normal(2, 2, 5, 7), ["B", 2, "T", 7]),
      input(normal(2, 2, 11, 7), ["B", 2, "S", 7]),
      input(normal(2, 2, 11, 7), ["B", 2, "S", 7]),
      input(
        mask([2, 1, 5, 16], (b, t, s) => s - 11 > t || s < b),
        ["B", 1, "T", "S+T"],
      ),
    ],
    { scale: 7 ** -0.5 },
  ),
  on(
    "attention",
    "all query heads on one key head, no cache",
    [normal(2, 5, 3, 7), normal(2, 1, 11, 7), normal(2, 1, 11, 7), null, null, null],
    { scale: 0.4 },
  ),
  on(
    "attention",
    "a soft cap below the bias",
    [
      scaled(normal(2, 6, 3, 7), 3),
      normal(2, 2, 3, 7),
      normal(2, 2, 3, 7),
      normal(2, 2, 5, 7),
      normal(2, 2, 5, 7),
      mask([1, 1, 3, 8], (_, t, s) => s - 5 > t || s === 1),
    ],
    { scale: 1.3, softCap: 2 },
  ),

  on("openAttention", "values of another width", [normal(2, 5, 21), normal(2, 7, 21), normal(2, 7, 33)], {
    heads: 3,
    scale: 7 ** -0.5,
  }),
  on("openAttention", "more keys than queries", [normal(2, 5, 21), normal(2, 7, 21), normal(2, 7, 21)], {
    heads: 3,
    scale: 0.7,
  }),
  on(
    "openAttention",
    "sizes named, more of them than a tile holds",
    [
      input(normal(2, 131, 21), ["B", "T", 21]),
      input(normal(2, 257, 21), ["B", "S+T", 21]),
      input(normal(2, 257, 21), ["B", "S+T", 21]),
    ],
    { heads: 3, scale: 7 ** -0.5 },
  ),
];
