/** Fewer faces, by meshoptimizer (edge collapse under quadric errors, Garland and Heckbert 1997). */
import { check, isIntegerIn } from "../base/check.js";
import { boundsOf, type Mesh, smoothNormals } from "../tokenizers/octree/mesh.js";
import { topologyOf } from "../tokenizers/octree/topology.js";

export interface Simplified {
  readonly mesh: Mesh;
  /** The largest distance to the mesh that was given, as estimated, in its units. */
  readonly error: number;
}

/** How much more faces are tried where fewer would have torn the mesh. */
const STEP = 1.5;

/**
 * A mesh of about `faces` triangles. A closed manifold stays one: where so few faces would tear it, the fewest that do not are kept, and
 * in the end the mesh itself.
 */
export async function simplify(mesh: Mesh, faces: number): Promise<Simplified> {
  check("faces", "a whole number from 4 to 10,000,000", faces, isIntegerIn(4, 10_000_000));
  const given = mesh.faces.length / 3;
  const { closed } = topologyOf(mesh);
  const { MeshoptSimplifier } = await import("meshoptimizer"); // loaded when needed: its import decodes WebAssembly
  await MeshoptSimplifier.ready;
  const { least, most } = boundsOf(mesh);
  const extent = Math.max(...least.map((low, axis) => most[axis]! - low));
  for (let target = faces; target < given; target = Math.ceil(target * STEP)) {
    const [indices, error] = MeshoptSimplifier.simplify(mesh.faces, mesh.positions, 3, 3 * target, 1, ["LockBorder"]);
    const lean = compact({ ...mesh, faces: indices });
    const topology = topologyOf(lean);
    const whole = topology.closed && topology.manifold && topology.oriented && topology.degenerate === 0;
    if (whole || !closed) return { mesh: lean, error: error * extent };
  }
  return { mesh, error: 0 };
}

/** Only the vertices that faces use. Normals are made anew. */
function compact({ positions, faces, colours }: Mesh): Mesh {
  const to = new Map<number, number>();
  for (const vertex of faces) if (!to.has(vertex)) to.set(vertex, to.size);
  const gathered = (from: Float32Array) => {
    const out = new Float32Array(3 * to.size);
    for (const [vertex, place] of to) out.set(from.subarray(3 * vertex, 3 * vertex + 3), 3 * place);
    return out;
  };
  const lean = { positions: gathered(positions), faces: faces.map((vertex) => to.get(vertex)!) };
  return { ...lean, normals: smoothNormals(lean), colours: colours && gathered(colours) };
}
