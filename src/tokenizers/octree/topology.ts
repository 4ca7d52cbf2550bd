/** The topology of a triangle mesh: what printers, engines and boolean operations ask for. */
import { crossOf, type Mesh } from "./mesh.js";

export interface Topology {
  readonly vertices: number;
  readonly faces: number;
  readonly edges: number;
  /** Every edge has two faces. */
  readonly closed: boolean;
  /** No edge has more than two faces, and the faces of each vertex form one fan. */
  readonly manifold: boolean;
  /** Every edge runs once in either direction. */
  readonly oriented: boolean;
  /** Faces with a vertex twice or with no area. */
  readonly degenerate: number;
  /** Euler number V - E + F of each component, the largest component first. 2 - 2·genus if it is closed. */
  readonly euler: readonly number[];
}

/** Counts a mesh. Vertices that no face uses are not counted. Any indices within the vertices will do. */
export function topologyOf({ positions, faces }: Pick<Mesh, "positions" | "faces">): Topology {
  const V = positions.length / 3;
  const F = faces.length / 3;
  const parts = new Components(V);
  const edges = new Map<number, { count: number; balance: number; at: number }>();
  let degenerate = 0;
  for (let f = 0; f < F; f++) {
    const corners = [faces[3 * f]!, faces[3 * f + 1]!, faces[3 * f + 2]!] as const;
    const [a, b, c] = corners;
    if (a === b || b === c || c === a || !(Math.hypot(...crossOf(positions, a, b, c)) > 0)) degenerate++;
    parts.join(a, b);
    parts.join(b, c);
    for (let i = 0; i < 3; i++) {
      const [from, to] = [corners[i]!, corners[(i + 1) % 3]!];
      const key = Math.min(from, to) * V + Math.max(from, to);
      const edge = edges.get(key);
      if (edge) {
        edge.count++;
        edge.balance += from < to ? 1 : -1;
      } else edges.set(key, { count: 1, balance: from < to ? 1 : -1, at: from });
    }
  }
  const used = new Uint8Array(V);
  for (const vertex of faces) used[vertex] = 1;
  const euler = new Map<number, { number: number; faces: number }>();
  const of = (vertex: number) => {
    const root = parts.root(vertex);
    const found = euler.get(root) ?? { number: 0, faces: 0 };
    euler.set(root, found);
    return found;
  };
  let vertices = 0;
  for (let v = 0; v < V; v++) {
    if (!used[v]) continue;
    vertices++;
    of(v).number++;
  }
  let closed = true;
  let paired = true;
  let oriented = true;
  for (const { count, balance, at } of edges.values()) {
    of(at).number--;
    if (count !== 2) closed = false;
    if (count > 2) paired = false;
    if (count === 2 ? balance !== 0 : count > 2) oriented = false;
  }
  for (let f = 0; f < F; f++) {
    const part = of(faces[3 * f]!);
    part.number++;
    part.faces++;
  }
  return {
    vertices,
    faces: F,
    edges: edges.size,
    closed: closed && F > 0,
    manifold: paired && oneFanEach(V, faces),
    oriented,
    degenerate,
    euler: [...euler.values()].sort((a, b) => b.faces - a.faces).map(({ number }) => number),
  };
}

/** Whether the faces around every vertex are joined by edges at that vertex. */
function oneFanEach(V: number, faces: Uint32Array): boolean {
  const corners = new Components(faces.length); // a corner of a face: joined to the corner of the next face around the same vertex
  const spokes = new Map<number, number>();
  const start = new Int32Array(V).fill(-1);
  for (let corner = 0; corner < faces.length; corner++) {
    const face = corner - (corner % 3);
    const at = faces[corner]!;
    for (const turn of [1, 2]) {
      const key = at * V + faces[face + ((corner + turn) % 3)]!;
      const other = spokes.get(key);
      if (other === undefined) spokes.set(key, corner);
      else corners.join(other, corner);
    }
  }
  for (let corner = 0; corner < faces.length; corner++) {
    const at = faces[corner]!;
    if (start[at] === -1) start[at] = corner;
    else if (corners.root(start[at]!) !== corners.root(corner)) return false;
  }
  return true;
}

/** Sets that grow together (union-find with path halving). */
class Components {
  private readonly parent: Int32Array;
  constructor(size: number) {
    this.parent = Int32Array.from({ length: size }, (_, i) => i);
  }
  root(i: number): number {
    const parent = this.parent;
    while (parent[i] !== i) {
      parent[i] = parent[parent[i]!]!;
      i = parent[i]!;
    }
    return i;
  }
  join(a: number, b: number): void {
    this.parent[this.root(a)] = this.root(b);
  }
}
