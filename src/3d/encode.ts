/** Meshes as files, each marked as made by a model where it was. */
import type { Marking } from "../media/marking.js";
import { type Mesh, smoothNormals } from "../tokenizers/octree/mesh.js";
import { VERSION } from "../base/version.js";
import type { MeshFormat } from "./formats/format.js";
import { writeObj } from "./formats/obj.js";
import { writePly } from "./formats/ply.js";
import { writeStl } from "./formats/stl.js";

interface Encoding {
  readonly mediaType: string;
  readonly extensions: readonly string[];
  /** Whether colours of vertices are kept. */
  readonly colours: boolean;
  encode(mesh: Mesh, marking: Marking | null): Uint8Array | Promise<Uint8Array>;
}

/** One row per format. GLB, OBJ and PLY are in metres with +Y up; STL in millimetres with +Z up, as printers take it. */
export const MESH_ENCODINGS: Readonly<Record<MeshFormat, Encoding>> = {
  glb: {
    mediaType: "model/gltf-binary",
    extensions: ["glb"],
    colours: true,
    async encode(mesh, marking) {
      const { writeGlb } = await import("./formats/glb.js"); // with glTF-Transform, which other formats do without
      const notes = { name: "shape", generator: `tessera-sdk ${VERSION}`, extras: marking ? { ...marking } : {} };
      return writeGlb(mesh, notes);
    },
  },
  obj: { mediaType: "model/obj", extensions: ["obj"], colours: true, encode: (mesh, m) => writeObj(mesh, linesOf(m)) },
  stl: { mediaType: "model/stl", extensions: ["stl"], colours: false, encode: (mesh, m) => writeStl(mesh, shortOf(m)) },
  ply: { mediaType: "model/ply", extensions: ["ply"], colours: true, encode: (mesh, m) => writePly(mesh, linesOf(m)) },
};

/** A mesh in metres, +Y up, as the bytes of a file, marked as made by a model where `marking` says so. Normals that it has not are the smooth ones. */
export const meshFile = async (mesh: Mesh, format: MeshFormat, marking: Marking | null): Promise<Uint8Array> =>
  MESH_ENCODINGS[format].encode({ ...mesh, normals: mesh.normals ?? smoothNormals(mesh) }, marking);

/** The mark as lines of comment. */
const linesOf = (marking: Marking | null): string[] =>
  marking === null
    ? []
    : Object.entries(marking)
        .filter(([, value]) => value !== null)
        .map(([name, value]) => `${name}: ${value}`);

/** The mark in the 80 bytes that an STL file has for it. */
const shortOf = (marking: Marking | null): string[] =>
  marking === null ? [] : ["AI-generated: IPTC trainedAlgorithmicMedia", `${marking.system} ${marking.systemVersion}`];
