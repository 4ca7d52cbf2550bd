/** The table of all operations, and the way to call them so that a model reads like its formula. */
import { UnknownNameError } from "../../base/errors.js";
import type { GraphBuilder, Value } from "../graph.js";
import type { Inputs, Op } from "../op.js";
import { attention, openAttention } from "./attention.js";
import { conv2d } from "./convolution.js";
import { conv1d, convTranspose1d } from "./convolution-1d.js";
import {
  add,
  affine,
  cast,
  clamp,
  cos,
  div,
  elu,
  exp,
  gelu,
  leakyRelu,
  mish,
  mul,
  relu,
  sigmoid,
  silu,
  sin,
  sqrt,
  sub,
  tanh,
} from "./elementwise.js";
import { depthToSpace, resizeNearest, spaceToDepth } from "./grid.js";
import { embedding, gather } from "./lookup.js";
import { bulkLinear, linear, matmul } from "./matrix.js";
import { groupNorm, l2Normalize, layerNorm, rmsNorm, softmax } from "./norm.js";
import { argmax, argmin, mean, sum } from "./reduce.js";
import { rotary, turn } from "./rotary.js";
import { cropTo, pad, relativeShift, repeat, tail } from "./sequence.js";
import { concat, reshape, reshapeLike, slice, transpose } from "./shape.js";

export const OPS = {
  ...{ add, sub, mul, div, affine, clamp, cast },
  ...{ exp, tanh, sigmoid, relu, silu, gelu },
  ...{ cos, elu, leakyRelu, mish, sin, sqrt },
  ...{ linear, bulkLinear, matmul, embedding, gather },
  ...{ rmsNorm, layerNorm, groupNorm, l2Normalize, softmax },
  ...{ sum, mean, argmin, argmax },
  ...{ reshape, reshapeLike, transpose, slice, concat },
  ...{ conv2d, resizeNearest, spaceToDepth, depthToSpace },
  ...{ conv1d, convTranspose1d },
  ...{ cropTo, pad, relativeShift, repeat, tail },
  ...{ rotary, turn, attention, openAttention },
};

export type OpName = keyof typeof OPS;

/** Any row, for code that walks a graph and knows names only. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- rows differ in their tuples; the shape rule has checked them when the graph was built.
export type AnyOp = Op<any, any>;

/** The row of a node. Throws UnknownNameError for a node that a stranger built. */
export function opNamed(name: string): AnyOp {
  if (!Object.hasOwn(OPS, name)) throw new UnknownNameError("operation", name, Object.keys(OPS));
  return OPS[name as OpName];
}

/** A row as a function: its inputs, then its attributes, which may be left out if none is required. */
type Call<R> =
  R extends Op<infer I extends Inputs, infer A>
    ? Record<never, never> extends A
      ? (...args: [...I, attributes?: A]) => Value
      : (...args: [...I, attributes: A]) => Value
    : never;

export type Ops = { readonly [N in OpName]: Call<(typeof OPS)[N]> };

/** The operations as functions that add to `graph`: `const o = opsOf(g); o.linear(x, w, null)`. */
export function opsOf(graph: GraphBuilder): Ops {
  const call =
    (row: AnyOp) =>
    (...args: unknown[]) => {
      const variadic = row.inputs[0]!.startsWith("...");
      const count = variadic ? args.length - 1 : row.inputs.length;
      return graph.apply(row, args.slice(0, count) as Value[], args[count] ?? {});
    };
  return Object.fromEntries(Object.entries(OPS).map(([name, row]) => [name, call(row)])) as unknown as Ops;
}
