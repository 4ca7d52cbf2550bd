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
  const parts = new Sets(V);
  let degenerate = 0;
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [faces[f]!, faces[f + 1]!, faces[f + 2]!];
    const [x, y, z] = crossOf(positions, a, b, c);
    if (a === b || b === c || c === a || !(x * x + y * y + z * z > 0)) degenerate++;
    parts.join(a, b);
    parts.join(b, c);
  }
  const numbers = new Int32Array(V); // Euler numbers and faces, at the root of each component
  const sizes = new Int32Array(V);
  const used = new Uint8Array(V);
  for (const vertex of faces) used[vertex] = 1;
  let vertices = 0;
  for (let v = 0; v < V; v++) {
    if (!used[v]) continue;
    vertices++;
    numbers[parts.root(v)]!++;
  }
  for (let f = 0; f < faces.length; f += 3) {
    const root = parts.root(faces[f]!);
    numbers[root]!++;
    sizes[root]!++;
  }
  const fans = new Sets(faces.length); // corners of faces: joined to those of the next face around the same vertex
  let [edges, closed, paired, oriented] = [0, true, true, true];
  for (const { from, sides, balance } of edgesOf(V, faces)) {
    edges++;
    numbers[parts.root(from)]!--;
    if (sides.length !== 2) closed = false;
    if (sides.length > 2) paired = false;
    if (sides.length > 2 || (sides.length === 2 && balance !== 0)) oriented = false;
    for (let i = 1; i < sides.length; i++) joinFaces(fans, faces, sides[0]!, sides[i]!);
  }
  const roots = [...numbers.keys()].filter((v) => used[v] === 1 && parts.root(v) === v);
  return {
    ...{ vertices, faces: F, edges, degenerate, oriented },
    closed: closed && F > 0,
    manifold: paired && oneFanEach(V, faces, fans),
    euler: roots.sort((a, b) => sizes[b]! - sizes[a]!).map((root) => numbers[root]!),
  };
}

interface Edge {
  /** The lower of its two vertices. */
  readonly from: number;
  /** Of each face that has it, the corner where it begins. */
  readonly sides: readonly number[];
  /** How many more of them run from the lower vertex to the higher one than back. */
  readonly balance: number;
}

/** All edges, by their lower vertex: sorting the few edges of each vertex costs less than a map of them all. */
function* edgesOf(V: number, faces: Uint32Array): Iterable<Edge> {
  const first = new Int32Array(V + 1);
  for (let corner = 0; corner < faces.length; corner++)
    first[Math.min(faces[corner]!, faces[nextCorner(corner)]!) + 1]!++;
  for (let v = 0; v < V; v++) first[v + 1]! += first[v]!;
  const ends = first.slice(0, V);
  // Sorted by the other vertex, then by the corner, in one number.
  const around = new Float64Array(faces.length);
  for (let corner = 0; corner < faces.length; corner++) {
    const [a, b] = [faces[corner]!, faces[nextCorner(corner)]!];
    around[ends[Math.min(a, b)]!++] = Math.max(a, b) * faces.length + corner;
  }
  for (let from = 0; from < V; from++) {
    const own = around.subarray(first[from]!, first[from + 1]!);
    if (own.length > 1) own.sort();
    for (let i = 0; i < own.length; ) {
      const to = Math.floor(own[i]! / faces.length);
      const sides: number[] = [];
      let balance = 0;
      for (; i < own.length && Math.floor(own[i]! / faces.length) === to; i++) {
        const corner = own[i]! % faces.length;
        sides.push(corner);
        balance += faces[corner] === from ? 1 : -1;
      }
      yield { from, sides, balance };
    }
  }
}

const nextCorner = (corner: number): number => (corner % 3 === 2 ? corner - 2 : corner + 1);

/** Joins two faces that have an edge in common, at both of its vertices. */
function joinFaces(fans: Sets, faces: Uint32Array, one: number, two: number): void {
  const same = faces[one] === faces[two];
  fans.join(one, same ? two : nextCorner(two));
  fans.join(nextCorner(one), same ? nextCorner(two) : two);
}

/** Whether the corners around every vertex are one set. */
function oneFanEach(V: number, faces: Uint32Array, fans: Sets): boolean {
  const start = new Int32Array(V).fill(-1);
  for (let corner = 0; corner < faces.length; corner++) {
    const at = faces[corner]!;
    if (start[at] === -1) start[at] = corner;
    else if (fans.root(start[at]!) !== fans.root(corner)) return false;
  }
  return true;
}

/** Sets that grow together (union-find with path halving). */
class Sets {
  private readonly parent: Int32Array;
  constructor(size: number) {
    this.parent = new Int32Array(size);
    for (let i = 0; i < size; i++) this.parent[i] = i;
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
