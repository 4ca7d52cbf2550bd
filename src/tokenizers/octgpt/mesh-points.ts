/** Points on the surface of a mesh, with the normals of their faces: what OctGPT's autoencoder reads. */
import { check, isIntegerIn } from "../../base/check.js";
import { uniform } from "../../base/random.js";
import { boundsOf, crossOf, type Mesh } from "../octree/mesh.js";

/** Where a mesh lay that was brought into [-1, 1]³: p = centre + q · scale. */
export interface PointFrame {
  readonly centre: readonly [number, number, number];
  readonly scale: number;
}

export interface MeshPoints {
  /** [n, 3] */
  readonly points: Float32Array;
  readonly normals: Float32Array;
  readonly frame: PointFrame;
}

/** The longest side of a mesh reaches so far from the middle, as in the authors' training. */
const REACH = 0.8;

/**
 * `count` points, evenly by area, the same for the same mesh.
 *
 * @throws ArgumentError for a mesh that has no face of non-zero area, or a position that is not finite.
 */
export function meshPoints(mesh: Pick<Mesh, "positions" | "faces">, count = 200_000): MeshPoints {
  check("count", "a whole number from 1 to 10,000,000", count, isIntegerIn(1, 1e7));
  check("mesh.positions", "finite numbers", mesh.positions, (positions) => positions.every(Number.isFinite));
  const { faces } = mesh;
  const { least, most } = boundsOf(mesh);
  const scale = Math.max(...least.map((low, axis) => most[axis]! - low)) / 2 / REACH;
  const centre = least.map((low, axis) => (low + most[axis]!) / 2) as [number, number, number];
  const positions = Float64Array.from(mesh.positions, (p, i) => (p - centre[i % 3]!) / scale);
  const areas = new Float64Array(faces.length / 3); // summed up
  let total = 0;
  for (let f = 0; f < areas.length; f++) {
    total += Math.hypot(...crossOf(positions, faces[3 * f]!, faces[3 * f + 1]!, faces[3 * f + 2]!));
    areas[f] = total;
  }
  check("mesh", "at least one face of non-zero area", total, (area) => area > 0 && Number.isFinite(area));
  const points = new Float32Array(3 * count);
  const normals = new Float32Array(3 * count);
  for (let i = 0, face = 0; i < count; i++) {
    const coin = (index: number) => uniform({ seed: 0, item: 0, position: i, purpose: "noise" }, index);
    const at = ((i + coin(0)) / count) * total; // one point in each of `count` equal parts of the area
    while (areas[face]! <= at && face + 1 < areas.length) face++;
    const [a, b, c] = [faces[3 * face]!, faces[3 * face + 1]!, faces[3 * face + 2]!];
    const root = Math.sqrt(coin(1));
    const weights = [1 - root, root * (1 - coin(2)), root * coin(2)] as const;
    const normal = crossOf(positions, a, b, c);
    const length = Math.hypot(...normal);
    for (let axis = 0; axis < 3; axis++) {
      points[3 * i + axis] = [a, b, c].reduce((sum, v, corner) => sum + weights[corner]! * positions[3 * v + axis]!, 0);
      normals[3 * i + axis] = normal[axis]! / length;
    }
  }
  return { points, normals, frame: { centre, scale } };
}
