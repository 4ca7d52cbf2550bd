/** The parts of a surface that are closed. */
import type { Mesh } from "../octree/mesh.js";

/** The mesh without the connected parts that have an edge of one face only; vertices that no face uses go, too. */
export function closedParts({ positions, faces, normals }: Mesh): Mesh {
  const V = positions.length / 3;
  const parent = Int32Array.from({ length: V }, (_, vertex) => vertex);
  const root = (vertex: number): number => {
    let at = vertex;
    while (parent[at] !== at) at = parent[at] = parent[parent[at]!]!;
    return at;
  };
  // Edges of one face: each is taken back by its opposite.
  const open = new Set<number>();
  for (let f = 0; f < faces.length; f += 3) {
    for (let i = 0; i < 3; i++) {
      const [from, to] = [faces[f + i]!, faces[f + ((i + 1) % 3)]!];
      parent[root(from)] = root(to);
      if (!open.delete(to * V + from)) open.add(from * V + to);
    }
  }
  if (open.size === 0) return { positions, faces, normals };
  const broken = new Set(Array.from(open, (edge) => root(Math.floor(edge / V))));
  const kept = faces.filter((vertex) => !broken.has(root(vertex)));
  const used = [...new Set(kept)].sort((a, b) => a - b);
  const place = new Map(used.map((vertex, i) => [vertex, i]));
  const rows = (of: Float32Array) =>
    Float32Array.from(used.flatMap((vertex) => [...of.subarray(3 * vertex, 3 * vertex + 3)]));
  return {
    positions: rows(positions),
    faces: kept.map((vertex) => place.get(vertex)!),
    normals: normals && rows(normals),
  };
}
