/** What a result says of its mesh. */
import { type Bounds, boundsOf, type Mesh, volumeOf } from "../tokenizers/octree/mesh.js";
import { topologyOf } from "../tokenizers/octree/topology.js";

export interface MeshFacts {
  readonly vertices: number;
  readonly faces: number;
  /** Closed, manifold and oriented: every edge has two faces, which agree about outside. */
  readonly watertight: boolean;
  /** Separate pieces. */
  readonly components: number;
  /** Cubic metres. */
  readonly volume: number;
  /** Metres. */
  readonly bounds: Bounds;
  readonly unit: "metre";
  readonly up: "+Y";
}

export function factsOf(mesh: Mesh): MeshFacts {
  const { closed, manifold, oriented, vertices, faces, euler } = topologyOf(mesh);
  const watertight = closed && manifold && oriented;
  const measures = { volume: volumeOf(mesh), bounds: boundsOf(mesh) };
  return { vertices, faces, watertight, components: euler.length, ...measures, unit: "metre", up: "+Y" };
}
