/** Users' meshes become ids, and ids meshes in their place. */
import { check, isIntegerIn, type Options, withDefaults } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import { ClosestFace } from "./closest.js";
import { encodeVoxels } from "./encode.js";
import { boundsOf, type Mesh } from "./mesh.js";
import { decodeSurface, readIds, symbolsOf } from "./octree-tokenizer.js";
import { hasTopology, offsetSolid } from "./offset-solid.js";
import { fittedOffsets } from "./offsets.js";
import { nearestColour } from "./palette.js";
import { surfaceCells } from "./surface-cells.js";
import { type Topology, topologyOf } from "./topology.js";
import { DEPTHS, FIRST, PROFILES, type Profile } from "./vocabulary.js";
import { shellOf, type Voxels } from "./voxels.js";
import { solidOf } from "./voxels-of-level.js";
import { voxelise } from "./voxelise.js";
import { welded } from "./weld.js";

/** Where the cube [0, 1]³ of a shape lies: p = centre + (q - 1/2) · side. */
export interface Frame {
  readonly centre: readonly [number, number, number];
  /** Length of the cube's side in the units of the mesh. */
  readonly side: number;
}

/** The frame of shapes that nobody placed. */
export const UNIT_FRAME: Frame = { centre: [0, 0, 0], side: 1 };

/** The longest side of a mesh takes this share of its cube: a whole number of voxels at each side from depth 5 on. */
export const EXTENT = 15 / 16;

export interface EncodeOptions {
  /** The grid has 2^depth voxels per axis. 1 to 8. */
  readonly depth: number;
  /** "offsets" places vertices to a sixteenth of a voxel, for about ten times as many ids. */
  readonly profile: Profile;
}

const DEFAULTS: EncodeOptions = { depth: 6, profile: "shell" };

export interface EncodedMesh {
  readonly ids: Int32Array;
  readonly frame: Frame;
  /** Whether the mesh was closed once vertices at the same place were joined; an open one became solid where its surface passes. */
  readonly closed: boolean;
}

/**
 * The ids of a mesh. A closed one of one piece keeps its Euler number wherever a solid within a voxel of it has that.
 *
 * @throws ArgumentError for a mesh without a face, with a position that is not finite, or with a face out of range.
 */
export function encodeMesh(given: Mesh, options: Options<EncodeOptions> = {}): EncodedMesh {
  const { depth, profile } = withDefaults("options", DEFAULTS, options);
  check("depth", `a depth from ${DEPTHS.least} to ${DEPTHS.most}`, depth, isIntegerIn(DEPTHS.least, DEPTHS.most));
  check("profile", `one of ${PROFILES.join(", ")}`, profile, (p) => PROFILES.includes(p));
  checkMesh(given);
  const mesh = welded(given);
  const frame = frameOf(mesh);
  const framed = { ...mesh, positions: mesh.positions.map((p, i) => (p - frame.centre[i % 3]!) / frame.side + 0.5) };
  const topology = topologyOf(mesh);
  const closed = topology.closed && topology.oriented; // what winding numbers need
  const solid = solidOfMesh(framed, depth, topology);
  const closest = mesh.colours || profile === "offsets" ? new ClosestFace(framed) : null;
  const voxels = mesh.colours ? { ...solid, colours: coloursOf(framed, closest!, solid) } : solid;
  if (profile === "shell") return { ids: encodeVoxels(voxels), frame, closed };
  return { ids: withOffsets(encodeVoxels(voxels, 0), framed, closest!, depth), frame, closed };
}

/**
 * The solid of a mesh in the cube [0, 1]³. A closed mesh of one piece keeps its Euler number where any solid near it has that; pieces may overlap,
 * so that nobody knows what several come to.
 */
function solidOfMesh(mesh: Mesh, depth: number, { closed, oriented, manifold, euler }: Topology): Voxels {
  const voxels = voxelise(mesh, depth, closed && oriented);
  if (!closed || !oriented || !manifold || euler.length > 1 || hasTopology(depth, voxels.solid, euler[0]!))
    return voxels;
  return { depth, solid: offsetSolid(mesh, depth, euler[0]!) ?? voxels.solid };
}

/** The mesh of a stream in its frame. `depth`: not deeper than that level. Throws TokenizerError for ids that the grammar does not allow. */
export function decodeMesh(ids: ArrayLike<number>, { centre, side }: Frame = UNIT_FRAME, depth?: number): Mesh {
  const mesh = decodeSurface(readIds(ids), depth);
  return { ...mesh, positions: mesh.positions.map((p, i) => (p - 0.5) * side + centre[i % 3]!) };
}

function checkMesh({ positions, faces, colours }: Mesh): void {
  const vertices = positions.length / 3;
  check("mesh.faces", "at least one face", faces.length, (n) => n >= 3 && n % 3 === 0);
  check(
    "mesh.positions",
    "three finite numbers for each vertex",
    positions,
    (p) => p.length % 3 === 0 && p.every(Number.isFinite),
  );
  const beyond = faces.find((vertex) => vertex >= vertices);
  if (beyond !== undefined) throw new ArgumentError("mesh.faces", `vertices from 0 to ${vertices - 1}`, beyond);
  if (colours && colours.length !== positions.length)
    throw new ArgumentError("mesh.colours", "three numbers for each vertex", colours.length);
}

function frameOf(mesh: Mesh): Frame {
  const { least, most } = boundsOf(mesh);
  const longest = Math.max(...least.map((low, axis) => most[axis]! - low));
  check("mesh", "a mesh larger than a point", longest, (size) => size > 0 && Number.isFinite(size));
  const centre = least.map((low, axis) => (low + most[axis]!) / 2) as [number, number, number];
  return { centre, side: longest / EXTENT };
}

/** Of each voxel of the shell, the palette's nearest colour to that of the closest face. */
function coloursOf(mesh: Mesh, closest: ClosestFace, voxels: Voxels): Uint8Array {
  const R = 1 << voxels.depth;
  const shell = shellOf(voxels);
  const colours = new Uint8Array(shell.length);
  for (let i = 0; i < shell.length; i++) {
    if (!shell[i]) continue;
    const [x, y, z] = [Math.floor(i / (R * R)), Math.floor(i / R) % R, i % R];
    const { face } = closest.to((x + 0.5) / R, (y + 0.5) / R, (z + 0.5) / R)!;
    const mean = [0, 1, 2].map(
      (channel) =>
        [0, 1, 2].reduce((sum, corner) => sum + mesh.colours![3 * mesh.faces[3 * face + corner]! + channel]!, 0) / 3,
    );
    colours[i] = nearestColour(mean[0]!, mean[1]!, mean[2]!);
  }
  return colours;
}

/** The same stream of the other profile: two symbols for each surface cell of what it decodes to. */
function withOffsets(ids: Int32Array, mesh: Mesh, closest: ClosestFace, depth: number): Int32Array {
  const cells = surfaceCells(depth, solidOf(readIds(ids), depth));
  const symbols = symbolsOf(fittedOffsets(mesh, closest, 1 << depth, cells)).map((symbol) => FIRST.symbol + symbol);
  const said = ids.with(1, FIRST.profile + PROFILES.indexOf("offsets")).subarray(0, -1);
  return Int32Array.from([...said, ...symbols, FIRST.end]);
}
