/** Signed distances to a closed mesh on a grid, negative inside. */
import { ClosestFace } from "./closest.js";
import type { Mesh } from "./mesh.js";
import { insideOf } from "./voxelise.js";

/** Distances [R³] at the points (place(i), place(j), place(k)), i slowest. `place` steps evenly. */
export function distanceField(
  mesh: Pick<Mesh, "positions" | "faces">,
  R: number,
  place: (i: number) => number,
): Float32Array {
  const inside = insideOf(mesh, R, place);
  const closest = new ClosestFace(mesh);
  const field = new Float32Array(R ** 3);
  let near = Infinity; // no further than the last point's distance and the way from it
  let last: readonly number[] = [0, 0, 0];
  for (let i = 0, at = 0; i < R; i++) {
    for (let j = 0; j < R; j++) {
      for (let k = 0; k < R; k++, at++) {
        const here = [place(i), place(j), place(k)] as const;
        const reach = near + Math.hypot(here[0] - last[0]!, here[1] - last[1]!, here[2] - last[2]!);
        near = closest.to(...here, reach * (1 + 1e-9) + 1e-12)!.distance;
        last = here;
        field[at] = inside[at] ? -near : near;
      }
    }
  }
  return field;
}
