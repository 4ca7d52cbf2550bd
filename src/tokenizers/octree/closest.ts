/** The point of a mesh that is closest to any point: a tree of boxes over its faces. */
import { crossOf, type Mesh } from "./mesh.js";

export interface Closest {
  readonly distance: number;
  readonly point: readonly [number, number, number];
  readonly face: number;
}

/** Faces of a leaf of the tree. */
const LEAF = 8;

export class ClosestFace {
  private readonly order: Uint32Array;
  /** Six numbers of each node: least x, y, z and most x, y, z. Children of node i are 2i+1 and 2i+2. */
  private readonly boxes: number[][] = [];
  private readonly ranges: (readonly [from: number, to: number])[] = [];

  constructor(private readonly mesh: Pick<Mesh, "positions" | "faces">) {
    const F = mesh.faces.length / 3;
    this.order = Uint32Array.from({ length: F }, (_, f) => f);
    this.build(0, 0, F);
  }

  private build(node: number, from: number, to: number): void {
    const { positions, faces } = this.mesh;
    const box = [Infinity, Infinity, Infinity, -Infinity, -Infinity, -Infinity];
    for (let i = from; i < to; i++) {
      for (let corner = 0; corner < 3; corner++) {
        const vertex = 3 * faces[3 * this.order[i]! + corner]!;
        for (let axis = 0; axis < 3; axis++) {
          box[axis] = Math.min(box[axis]!, positions[vertex + axis]!);
          box[3 + axis] = Math.max(box[3 + axis]!, positions[vertex + axis]!);
        }
      }
    }
    this.boxes[node] = box;
    this.ranges[node] = [from, to];
    if (to - from <= LEAF) return;
    const axis = [0, 1, 2].reduce((a, b) => (box[3 + b]! - box[b]! > box[3 + a]! - box[a]! ? b : a));
    const middle = (face: number) =>
      positions[3 * faces[3 * face]! + axis]! +
      positions[3 * faces[3 * face + 1]! + axis]! +
      positions[3 * faces[3 * face + 2]! + axis]!;
    this.order.subarray(from, to).sort((a, b) => middle(a) - middle(b));
    const half = (from + to) >> 1;
    this.build(2 * node + 1, from, half);
    this.build(2 * node + 2, half, to);
  }

  /** The closest point of the mesh; null if none is nearer than `within`. */
  to(x: number, y: number, z: number, within = Infinity): Closest | null {
    let best: Closest | null = null;
    let square = within * within;
    const stack = [0];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (this.boxDistance(node, x, y, z) >= square) continue;
      const [from, to] = this.ranges[node]!;
      if (to - from > LEAF) {
        const [near, far] = [2 * node + 1, 2 * node + 2];
        const nearer = this.boxDistance(near, x, y, z) <= this.boxDistance(far, x, y, z);
        stack.push(nearer ? far : near, nearer ? near : far);
        continue;
      }
      for (let i = from; i < to; i++) {
        const face = this.order[i]!;
        const point = closestOfFace(this.mesh, face, x, y, z);
        const d = (point[0] - x) ** 2 + (point[1] - y) ** 2 + (point[2] - z) ** 2;
        if (d >= square) continue;
        square = d;
        best = { distance: Math.sqrt(d), point, face };
      }
    }
    return best;
  }

  private boxDistance(node: number, x: number, y: number, z: number): number {
    const box = this.boxes[node]!;
    const dx = Math.max(box[0]! - x, 0, x - box[3]!);
    const dy = Math.max(box[1]! - y, 0, y - box[4]!);
    const dz = Math.max(box[2]! - z, 0, z - box[5]!);
    return dx * dx + dy * dy + dz * dz;
  }
}

/** The closest point of a triangle (Ericson 2005, Real-Time Collision Detection, §5.1.5). */
function closestOfFace(
  { positions, faces }: Pick<Mesh, "positions" | "faces">,
  face: number,
  x: number,
  y: number,
  z: number,
): [number, number, number] {
  const vertex = (corner: number): [number, number, number] => {
    const at = 3 * faces[3 * face + corner]!;
    return [positions[at]!, positions[at + 1]!, positions[at + 2]!];
  };
  const [a, b, c] = [vertex(0), vertex(1), vertex(2)];
  const minus = (p: readonly number[], q: readonly number[]) => [p[0]! - q[0]!, p[1]! - q[1]!, p[2]! - q[2]!];
  const dot = (p: readonly number[], q: readonly number[]) => p[0]! * q[0]! + p[1]! * q[1]! + p[2]! * q[2]!;
  const along = (p: readonly number[], d: readonly number[], t: number): [number, number, number] => [
    p[0]! + t * d[0]!,
    p[1]! + t * d[1]!,
    p[2]! + t * d[2]!,
  ];
  const p = [x, y, z];
  const [ab, ac, ap] = [minus(b, a), minus(c, a), minus(p, a)];
  const [d1, d2] = [dot(ab, ap), dot(ac, ap)];
  if (d1 <= 0 && d2 <= 0) return a;
  const bp = minus(p, b);
  const [d3, d4] = [dot(ab, bp), dot(ac, bp)];
  if (d3 >= 0 && d4 <= d3) return b;
  const vc = d1 * d4 - d3 * d2;
  if (vc <= 0 && d1 >= 0 && d3 <= 0) return along(a, ab, d1 - d3 === 0 ? 0 : d1 / (d1 - d3));
  const cp = minus(p, c);
  const [d5, d6] = [dot(ab, cp), dot(ac, cp)];
  if (d6 >= 0 && d5 <= d6) return c;
  const vb = d5 * d2 - d1 * d6;
  if (vb <= 0 && d2 >= 0 && d6 <= 0) return along(a, ac, d2 - d6 === 0 ? 0 : d2 / (d2 - d6));
  const va = d3 * d6 - d5 * d4;
  if (va <= 0 && d4 - d3 >= 0 && d5 - d6 >= 0) {
    const span = d4 - d3 + (d5 - d6);
    return along(b, minus(c, b), span === 0 ? 0 : (d4 - d3) / span);
  }
  const whole = 1 / (va + vb + vc);
  return along(along(a, ab, vb * whole), ac, vc * whole);
}

/** The unit normal of a face; null if it has no area. */
export function faceNormal(mesh: Pick<Mesh, "positions" | "faces">, face: number): [number, number, number] | null {
  const { positions, faces } = mesh;
  const [x, y, z] = crossOf(positions, faces[3 * face]!, faces[3 * face + 1]!, faces[3 * face + 2]!);
  const length = Math.hypot(x, y, z);
  return length > 0 ? [x / length, y / length, z / length] : null;
}
