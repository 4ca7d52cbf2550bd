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
    this.build(0, 0, F, middlesOf(mesh));
  }

  private build(node: number, from: number, to: number, middles: Float64Array): void {
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
    const half = (from + to) >> 1;
    divide(this.order, from, to, half, (face) => middles[3 * face + axis]!);
    this.build(2 * node + 1, from, half, middles);
    this.build(2 * node + 2, half, to, middles);
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

/** Orders from … to so that nothing before `half` has a greater value than anything from there on (quickselect, Hoare 1961). */
function divide(order: Uint32Array, from: number, to: number, half: number, value: (face: number) => number): void {
  for (let [low, high] = [from, to - 1]; low < high; ) {
    const pivot = value(order[(low + high) >> 1]!);
    let [i, j] = [low, high];
    while (i <= j) {
      while (value(order[i]!) < pivot) i++;
      while (value(order[j]!) > pivot) j--;
      if (i > j) break;
      const face = order[i]!;
      order[i++] = order[j]!;
      order[j--] = face;
    }
    if (half <= j) high = j;
    else if (half >= i) low = i;
    else return;
  }
}

/** Three times the middle of each face, as the sum of its corners. */
function middlesOf({ positions, faces }: Pick<Mesh, "positions" | "faces">): Float64Array {
  const middles = new Float64Array(faces.length);
  for (let i = 0; i < faces.length; i++) {
    const face = i - (i % 3);
    for (let axis = 0; axis < 3; axis++) middles[face + axis]! += positions[3 * faces[i]! + axis]!;
  }
  return middles;
}

/** The closest point of a triangle (Ericson 2005, Real-Time Collision Detection, §5.1.5). */
function closestOfFace(
  { positions: q, faces }: Pick<Mesh, "positions" | "faces">,
  face: number,
  x: number,
  y: number,
  z: number,
): [number, number, number] {
  const [a, b, c] = [3 * faces[3 * face]!, 3 * faces[3 * face + 1]!, 3 * faces[3 * face + 2]!];
  const [ax, ay, az] = [q[a]!, q[a + 1]!, q[a + 2]!];
  const [ux, uy, uz] = [q[b]! - ax, q[b + 1]! - ay, q[b + 2]! - az]; // from a to b
  const [vx, vy, vz] = [q[c]! - ax, q[c + 1]! - ay, q[c + 2]! - az]; // from a to c
  const [px, py, pz] = [x - ax, y - ay, z - az];
  const [d1, d2] = [ux * px + uy * py + uz * pz, vx * px + vy * py + vz * pz];
  const [uu, uv, vv] = [ux * ux + uy * uy + uz * uz, ux * vx + uy * vy + uz * vz, vx * vx + vy * vy + vz * vz];
  const [d3, d4] = [d1 - uu, d2 - uv]; // the same seen from b
  const [d5, d6] = [d1 - uv, d2 - vv]; // and from c
  let [s, t] = [0, 0]; // the point is a + s·u + t·v
  const [va, vb, vc] = [d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2];
  if (d1 <= 0 && d2 <= 0) [s, t] = [0, 0];
  else if (d3 >= 0 && d4 <= d3) [s, t] = [1, 0];
  else if (vc <= 0 && d1 >= 0 && d3 <= 0) [s, t] = [ratio(d1, d1 - d3), 0];
  else if (d6 >= 0 && d5 <= d6) [s, t] = [0, 1];
  else if (vb <= 0 && d2 >= 0 && d6 <= 0) [s, t] = [0, ratio(d2, d2 - d6)];
  else if (va <= 0 && d4 - d3 >= 0 && d5 - d6 >= 0) {
    t = ratio(d4 - d3, d4 - d3 + (d5 - d6));
    s = 1 - t;
  } else [s, t] = [ratio(vb, va + vb + vc), ratio(vc, va + vb + vc)];
  return [ax + s * ux + t * vx, ay + s * uy + t * vy, az + s * uz + t * vz];
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** The unit normal of a face; null if it has no area. */
export function faceNormal(mesh: Pick<Mesh, "positions" | "faces">, face: number): [number, number, number] | null {
  const { positions, faces } = mesh;
  const [x, y, z] = crossOf(positions, faces[3 * face]!, faces[3 * face + 1]!, faces[3 * face + 2]!);
  const length = Math.hypot(x, y, z);
  return length > 0 ? [x / length, y / length, z / length] : null;
}
