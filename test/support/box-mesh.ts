/** The unit box: 8 vertices, 12 faces, closed and outward. */
import type { Mesh } from "../../src/index.js";

/** Corners of each side, counter-clockwise from outside. A vertex has the number x + 2y + 4z. */
const SIDES = [
  [0, 4, 6, 2],
  [1, 3, 7, 5],
  [0, 1, 5, 4],
  [2, 6, 7, 3],
  [0, 2, 3, 1],
  [4, 5, 7, 6],
] as const;

export const boxMesh = (): Mesh => ({
  positions: Float32Array.from({ length: 24 }, (_, i) => (Math.floor(i / 3) >> (i % 3)) & 1),
  faces: Uint32Array.from(SIDES.flatMap(([a, b, c, d]) => [a, b, c, a, c, d])),
});
