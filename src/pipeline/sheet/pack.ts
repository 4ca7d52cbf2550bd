/** Rectangles side by side in one that is nearly square, by potpack. The order of the rectangles decides among equals, so it is fixed. */
import potpack from "potpack";

export interface Packed {
  readonly width: number;
  readonly height: number;
  /** The corner of each, in the order in which they were given. */
  readonly places: readonly { readonly x: number; readonly y: number }[];
}

/** Lays rectangles out with `padding` free pixels around each. */
export function packed(sizes: readonly { readonly width: number; readonly height: number }[], padding: number): Packed {
  const boxes = sizes.map(({ width, height }) => ({ w: width + 2 * padding, h: height + 2 * padding, x: 0, y: 0 }));
  const { w, h } = potpack([...boxes]); // sorts the list that it is given, and writes into the boxes
  return { width: w, height: h, places: boxes.map(({ x, y }) => ({ x: x + padding, y: y + padding })) };
}
