/** Capital letters and digits of straight strokes and arcs, as blocks. */
import { PAINTS } from "./dice.js";
import type { Maker } from "./furniture.js";
import { box, prism, type Solid } from "./solids.js";

/** Strokes on a field of 4 x 6: from x, y to x, y. */
const STROKES: Readonly<Record<string, readonly (readonly [number, number, number, number])[]>> = {
  A: [[0, 0, 2, 6], [4, 0, 2, 6], [1, 2, 3, 2]],
  B: [[0, 0, 0, 6], [0, 6, 3, 6], [3, 6, 4, 4.7], [4, 4.7, 3, 3.2], [0, 3.2, 3, 3.2], [3, 3.2, 4, 1.6], [4, 1.6, 3, 0], [3, 0, 0, 0]],
  C: [[4, 5, 3, 6], [3, 6, 1, 6], [1, 6, 0, 5], [0, 5, 0, 1], [0, 1, 1, 0], [1, 0, 3, 0], [3, 0, 4, 1]],
  D: [[0, 0, 0, 6], [0, 6, 2.4, 6], [2.4, 6, 4, 4.4], [4, 4.4, 4, 1.6], [4, 1.6, 2.4, 0], [2.4, 0, 0, 0]],
  E: [[0, 0, 0, 6], [0, 6, 4, 6], [0, 3, 3.2, 3], [0, 0, 4, 0]],
  F: [[0, 0, 0, 6], [0, 6, 4, 6], [0, 3, 3.2, 3]],
  H: [[0, 0, 0, 6], [4, 0, 4, 6], [0, 3, 4, 3]],
  I: [[2, 0, 2, 6], [0.5, 6, 3.5, 6], [0.5, 0, 3.5, 0]],
  J: [[3.2, 6, 3.2, 1], [3.2, 1, 2.2, 0], [2.2, 0, 1, 0], [1, 0, 0, 1.2]],
  K: [[0, 0, 0, 6], [0, 2.6, 4, 6], [1.2, 3.6, 4, 0]],
  L: [[0, 0, 0, 6], [0, 0, 4, 0]],
  M: [[0, 0, 0, 6], [0, 6, 2, 2.5], [2, 2.5, 4, 6], [4, 6, 4, 0]],
  N: [[0, 0, 0, 6], [0, 6, 4, 0], [4, 0, 4, 6]],
  O: [[1, 0, 3, 0], [3, 0, 4, 1], [4, 1, 4, 5], [4, 5, 3, 6], [3, 6, 1, 6], [1, 6, 0, 5], [0, 5, 0, 1], [0, 1, 1, 0]],
  P: [[0, 0, 0, 6], [0, 6, 3, 6], [3, 6, 4, 4.7], [4, 4.7, 3, 3], [3, 3, 0, 3]],
  R: [[0, 0, 0, 6], [0, 6, 3, 6], [3, 6, 4, 4.7], [4, 4.7, 3, 3], [3, 3, 0, 3], [1.6, 3, 4, 0]],
  S: [[4, 5, 3, 6], [3, 6, 1, 6], [1, 6, 0, 5], [0, 5, 0, 4], [0, 4, 4, 2.2], [4, 2.2, 4, 1], [4, 1, 3, 0], [3, 0, 1, 0], [1, 0, 0, 1]],
  T: [[2, 0, 2, 6], [0, 6, 4, 6]],
  U: [[0, 6, 0, 1], [0, 1, 1, 0], [1, 0, 3, 0], [3, 0, 4, 1], [4, 1, 4, 6]],
  V: [[0, 6, 2, 0], [2, 0, 4, 6]],
  W: [[0, 6, 1, 0], [1, 0, 2, 3.5], [2, 3.5, 3, 0], [3, 0, 4, 6]],
  X: [[0, 0, 4, 6], [0, 6, 4, 0]],
  Y: [[0, 6, 2, 3], [4, 6, 2, 3], [2, 3, 2, 0]],
  Z: [[0, 6, 4, 6], [4, 6, 0, 0], [0, 0, 4, 0]],
};

export const letter: Maker = (d) => {
  const name = d.one(Object.keys(STROKES));
  const colour = d.colour(PAINTS);
  const wide = d.one(["bold", "thin"] as const);
  const half = wide === "bold" ? 0.62 : 0.36;
  const depth = d.between(0.7, 1.1);
  const stroke = ([x0, y0, x1, y1]: readonly [number, number, number, number]): Solid => {
    const length = Math.hypot(x1 - x0, y1 - y0);
    const [ux, uy] = [((x1 - x0) / length) * half, ((y1 - y0) / length) * half];
    if (ux === 0 || uy === 0)
      return box([(x0 + x1) / 2 - 2, (y0 + y1) / 2, 0], [Math.abs(x1 - x0) + 2 * half, Math.abs(y1 - y0) + 2 * half, 2 * depth]);
    const ends: [number, number][] = [
      [x0 - ux - uy, y0 - uy + ux],
      [x0 - ux + uy, y0 - uy - ux],
      [x1 + ux + uy, y1 + uy - ux],
      [x1 + ux - uy, y1 + uy + ux],
    ];
    return prism(ends.map(([x, y]) => [x - 2, y]), -depth, depth);
  };
  const parts = STROKES[name]!.map((line) => ({ solid: stroke(line), colour }));
  return { parts, nouns: [`letter ${name.toLowerCase()}`], before: { size: wide, colour }, after: {} };
};
