/** How oracles walk a tensor: row-major strides, and the view of a tensor as [outer, size, inner] around one axis. */
import { sizeOf } from "../tensor.js";

export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** The strides of `shape` when it is read as the larger shape `to`: 0 where it is stretched. */
export function stretchedStrides(shape: readonly number[], to: readonly number[]): number[] {
  const own = stridesOf(shape);
  const missing = to.length - shape.length;
  return to.map((_, axis) => (axis < missing || shape[axis - missing] === 1 ? 0 : own[axis - missing]!));
}

/** The sizes before, at and after an axis. */
export function around(shape: readonly number[], axis: number): { outer: number; size: number; inner: number } {
  const at = axis < 0 ? axis + shape.length : axis;
  return { outer: sizeOf(shape.slice(0, at)), size: shape[at]!, inner: sizeOf(shape.slice(at + 1)) };
}

/** Calls `visit(index, offsets)` for every element of `shape` in order; offsets[i] follows strides[i]. */
export function walk(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (index: number, offsets: readonly number[]) => void,
): void {
  const total = sizeOf(shape);
  const place = new Array<number>(shape.length).fill(0);
  const offsets = strides.map(() => 0);
  for (let index = 0; index < total; index++) {
    visit(index, offsets);
    // Count up like an odometer: the last axis turns, a full one starts again and turns its neighbour.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const full = ++place[axis]! === shape[axis];
      const steps = full ? 1 - shape[axis]! : 1;
      for (let i = 0; i < strides.length; i++) offsets[i]! += steps * strides[i]![axis]!;
      if (!full) break;
      place[axis] = 0;
    }
  }
}

/** Elements of the same kind as `like`, to be filled. */
export const emptyLike = (like: Float32Array | Int32Array, size: number): Float32Array | Int32Array =>
  like instanceof Float32Array ? new Float32Array(size) : new Int32Array(size);
