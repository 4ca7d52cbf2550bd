/** What makes shapes, whatever its tokens: a transformer introduced to the codec that these tokens belong to. */
import type { Decoding } from "../../core/orders.js";
import type { TokenSampling } from "../../core/sampling/ranges.js";
import type { Pass } from "../../media/generate.js";
import type { Closable } from "../../media/parts.js";
import type { Route } from "../../media/routes.js";
import type { Mesh } from "../../tokenizers/octree/mesh.js";
import type { Frame } from "../../tokenizers/octree/encode-mesh.js";
import type { ReadSubject } from "../subject.js";

/** Shapes to be made together, after the same subject. */
export interface ShapeWork {
  readonly subject: ReadSubject;
  readonly items: number;
  /** Number of the first shape among those of the seed. */
  readonly firstItem: number;
  readonly depth: number;
  readonly sampling: TokenSampling;
  readonly decoding: Decoding;
  readonly seed: number;
}

/** A shape in the cube [0, 1]³. */
export interface Shape {
  /** Without a face where the network says nothing that is closed. */
  readonly mesh: Mesh;
  readonly ids: Int32Array;
  /** As deep as it came out. */
  readonly depth: number;
}

/** A shape as far as it is known. */
export interface ShapeLevel {
  readonly level: number;
  /** In the cube [0, 1]³. */
  readonly mesh: Mesh;
}

/** Shapes in the making. */
export interface Shaping extends Closable {
  passes(signal: AbortSignal | undefined): AsyncIterable<Pass>;
  /** The finest level of an item that is complete, if there is one that was not answered before; not the whole shape. */
  level(item: number): ShapeLevel | null;
  finish(item: number): Promise<Shape>;
}

/** A mesh as ids. */
export interface MeshIds {
  readonly ids: Int32Array;
  /** Where the mesh lay. */
  readonly frame: Frame;
}

/** Meshes as the ids of a network, and back. */
export interface ShapeIds {
  /** Throws ArgumentError for a mesh that has no solid, or of which a number is not finite. */
  encode(mesh: Mesh, depth: number): Promise<MeshIds>;
  /** In the cube [0, 1]³. Throws TokenizerError or ArgumentError for ids that no mesh has. */
  decode(ids: Int32Array, depth: number): Promise<Mesh>;
}

export interface ShapeNetwork extends Closable, ShapeIds {
  /** Memory that one shape takes while it is made; APART where shapes are made one after the other. */
  itemBytes(sampling: TokenSampling, decoding: Decoding): number;
  begin(work: ShapeWork): Promise<Shaping>;
}

/** A way in which a model makes shapes. */
export interface ShapeRoute extends Route<ShapeNetwork> {
  /** Completes an order by the model's own settings. Throws ArgumentError for numbers, or sampling, that mean nothing to this network. */
  completed(decoding: Decoding, sampling: TokenSampling): Decoding;
}
