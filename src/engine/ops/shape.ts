/** Operations that move elements and compute nothing. */
import type { Dim, Value } from "../graph.js";
import { type None, type Op, op } from "../op.js";
import { sizeOf } from "../tensor.js";
import { around, emptyLike, stridesOf, walk } from "./loops.js";
import { axisOf, factors, plus, refuse, sameShape, scaled } from "./sizes.js";

export interface ReshapeAttributes {
  /** A size; 0 for the size that x has on the same axis; or, once, -1 for whatever remains. */
  readonly shape: readonly number[];
}

/** The same elements in the same order under another shape. */
export const reshape: Op<readonly [x: Value], ReshapeAttributes> = op({
  name: "reshape",
  inputs: ["x"],
  shape: ([x], { shape }) => ({ shape: settle(x.shape, shape), dtype: x.dtype }),
  oracle: ([x], { shape }) => ({ shape: settle(x.shape, shape) as number[], data: x.data.slice() }),
  onnx: (emit, [x], { shape }) => emit.node("Reshape", [x.name, emit.int64(shape)]),
  tfjs: (tf, [x], { shape }) => tf.reshape(x, settle(x.shape, shape) as number[]),
});

/** The shape that a reshape gives, where -1 may stand for a product of names such as "h*w". */
function settle(from: readonly Dim[], to: readonly number[]): Dim[] {
  const where = `reshape [${from}] to [${to}]`;
  const kept = to.map(
    (size, axis): Dim => (size === 0 ? (from[axis] ?? refuse(where, `x has no axis ${axis}`)) : size),
  );
  const rest = kept.indexOf(-1);
  if (kept.some((size) => typeof size === "number" && (size < -1 || !Number.isInteger(size))))
    refuse(where, "sizes should be positive, 0 (as in x) or -1 (the rest)");
  if (rest !== kept.lastIndexOf(-1)) refuse(where, "only one size can be the rest");
  const given = factors(rest < 0 ? kept : kept.toSpliced(rest, 1));
  const all = factors(from);
  const left = [...all.names];
  for (const name of given.names) {
    const at = left.indexOf(name);
    if (at < 0) refuse(where, `${name} is not a size of x`);
    left.splice(at, 1);
  }
  if (rest < 0) {
    if (left.length > 0 || given.number !== all.number) refuse(where, "the number of elements changes");
    return kept;
  }
  const names = left.join("*");
  kept[rest] = names
    ? scaled(where, left.length > 1 ? `(${names})` : names, all.number, given.number)
    : scaled(where, all.number, 1, given.number);
  return kept;
}

/** The elements of x under the shape of `like`, for shapes whose sizes are known only when the graph runs. */
export const reshapeLike: Op<readonly [x: Value, like: Value], None> = op({
  name: "reshapeLike",
  inputs: ["x", "like"],
  shape: ([x, like]) => {
    const concrete = [...x.shape, ...like.shape].every((size) => typeof size === "number");
    if (concrete && sizeOf(x.shape as number[]) !== sizeOf(like.shape as number[]))
      refuse("reshapeLike", `[${x.shape}] and [${like.shape}] differ in their number of elements`);
    return { shape: like.shape, dtype: x.dtype };
  },
  oracle: ([x, like]) => {
    if (x.data.length !== like.data.length) refuse("reshapeLike", `[${x.shape}] does not fill [${like.shape}]`);
    return { shape: like.shape, data: x.data.slice() };
  },
  onnx: (emit, [x, like]) => emit.node("Reshape", [x.name, emit.node("Shape", [like.name])]),
  tfjs: (tf, [x, like]) => tf.reshape(x, like.shape),
});

export interface TransposeAttributes {
  /** Axis i of the result is axis permutation[i] of x. */
  readonly permutation: readonly number[];
}

export const transpose: Op<readonly [x: Value], TransposeAttributes> = op({
  name: "transpose",
  inputs: ["x"],
  shape: ([x], { permutation }) => {
    if (
      !sameShape(
        [...permutation].sort((a, b) => a - b),
        [...x.shape.keys()],
      )
    )
      refuse("transpose", `[${permutation}] is not an order of the ${x.shape.length} axes of x`);
    return { shape: permutation.map((axis) => x.shape[axis]!), dtype: x.dtype };
  },
  oracle: ([x], { permutation }) => {
    const shape = permutation.map((axis) => x.shape[axis]!);
    const strides = stridesOf(x.shape);
    const data = emptyLike(x.data, x.data.length);
    walk(shape, [permutation.map((axis) => strides[axis]!)], (index, [from]) => {
      data[index] = x.data[from!]!;
    });
    return { shape, data };
  },
  onnx: (emit, [x], { permutation }) => emit.node("Transpose", [x.name], { perm: { ints: permutation } }),
  tfjs: (tf, [x], { permutation }) => tf.transpose(x, [...permutation]),
});

export interface SliceAttributes {
  readonly axis: number;
  /** First index, and the one after the last; both count from the front. */
  readonly start: number;
  readonly end: number;
}

export const slice: Op<readonly [x: Value], SliceAttributes> = op({
  name: "slice",
  inputs: ["x"],
  shape: ([x], { axis, start, end }) => {
    const at = axisOf("slice", axis, x.shape.length);
    const size = x.shape[at]!;
    if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end))
      refuse("slice", `${start} to ${end} is not a range`);
    if (typeof size === "number" && end > size)
      refuse("slice", `${start} to ${end} exceeds size ${size} of axis ${axis}`);
    return { shape: x.shape.with(at, end - start), dtype: x.dtype };
  },
  oracle: ([x], { axis, start, end }) => {
    const { outer, size, inner } = around(x.shape, axis);
    if (end > size) refuse("slice", `${start} to ${end} exceeds size ${size} of axis ${axis}`);
    const length = (end - start) * inner;
    const data = emptyLike(x.data, outer * length);
    for (let o = 0; o < outer; o++) {
      const from = (o * size + start) * inner;
      data.set(x.data.subarray(from, from + length), o * length);
    }
    return { shape: x.shape.with(axisOf("slice", axis, x.shape.length), end - start), data };
  },
  onnx: (emit, [x], { axis, start, end }) =>
    emit.node("Slice", [x.name, emit.int64([start]), emit.int64([end]), emit.int64([axis])]),
  tfjs: (tf, [x], { axis, start, end }) => {
    const at = axisOf("slice", axis, x.rank);
    return tf.slice(
      x,
      x.shape.map((_, i) => (i === at ? start : 0)),
      x.shape.with(at, end - start),
    );
  },
});

export interface AxisAttributes {
  readonly axis: number;
}

/** Joins any number of values of one type along an axis; the other sizes agree. Called as concat(a, b, …, { axis }). */
export const concat: Op<readonly Value[], AxisAttributes> = op({
  name: "concat",
  inputs: ["...parts"],
  shape: (parts, { axis }) => {
    const first = parts[0] ?? refuse("concat", "there is nothing to join");
    const at = axisOf("concat", axis, first.shape.length);
    const total = parts.reduce<Dim>((sum, { shape, dtype }) => {
      if (
        dtype !== first.dtype ||
        shape.length !== first.shape.length ||
        !sameShape(shape.with(at, 0), first.shape.with(at, 0))
      )
        refuse("concat", `[${shape}] ${dtype} does not join [${first.shape}] ${first.dtype} along axis ${axis}`);
      return plus(sum, shape[at]!);
    }, 0);
    return { shape: first.shape.with(at, total), dtype: first.dtype };
  },
  oracle: (parts, { axis }) => {
    const first = parts[0]!;
    const spans = parts.map(({ shape }) => around(shape, axis));
    const lengths = spans.map(({ size, inner }) => size * inner);
    const row = lengths.reduce((a, b) => a + b, 0);
    const data = emptyLike(first.data, spans[0]!.outer * row);
    let at = 0;
    parts.forEach((part, i) => {
      const length = lengths[i]!;
      for (let o = 0; o < spans[i]!.outer; o++)
        data.set(part.data.subarray(o * length, (o + 1) * length), o * row + at);
      at += length;
    });
    const size = spans.reduce((sum, span) => sum + span.size, 0);
    return { shape: first.shape.with(axisOf("concat", axis, first.shape.length), size), data };
  },
  onnx: (emit, parts, { axis }) =>
    emit.node(
      "Concat",
      parts.map((part) => part.name),
      { axis: { int: axis } },
    ),
  tfjs: (tf, parts, { axis }) => tf.concat([...parts], axisOf("concat", axis, parts[0]!.rank)),
});
