/** Shapes become ids, and ids become shapes: a codec without weights, whose every stream is a closed surface. */
import { check, isIntegerIn } from "../../base/check.js";
import type { Mesh } from "./mesh.js";
import { PALETTE } from "./palette.js";
import { surfaceCells } from "./surface-cells.js";
import { surfaceOf } from "./surface.js";
import type { Voxels } from "./voxels.js";
import { voxelsOf } from "./voxels-of-level.js";
import { OctreeWalk } from "./walk.js";

/** Reads a whole or a cut stream. @throws TokenizerError at the first id that the grammar does not allow. */
export function readIds(ids: ArrayLike<number>): OctreeWalk {
  const walk = new OctreeWalk();
  for (let i = 0; i < ids.length; i++) walk.accept(ids[i]!);
  return walk;
}

/**
 * The solid that a stream says, at `depth`, which is as deep as it is known where nothing is asked.
 *
 * @throws ArgumentError if no level is known, or not that many.
 */
export function decodeVoxels(walk: OctreeWalk, depth = walk.known): Voxels {
  check("depth", `a depth from 1 to the ${walk.known} that the ids say`, depth, isIntegerIn(1, walk.known));
  return voxelsOf(walk, depth);
}

/** The mesh of a stream in the cube [0, 1]³, with smooth normals, and colours where it says some. */
export function decodeSurface(walk: OctreeWalk, depth = walk.known): Mesh {
  const voxels = decodeVoxels(walk, depth);
  const whole = depth === walk.depth && walk.profile === "offsets" && walk.symbols.length > 0;
  const offsets = whole ? offsetsOf(walk.symbols) : undefined;
  if (offsets && offsets.length === 3 * surfaceCells(depth, voxels.solid).length)
    return surfaceOf(voxels, { kind: "offsets", offsets }, rgbOf);
  return surfaceOf(voxels, { kind: "smooth" }, rgbOf);
}

const rgbOf = (index: number) => PALETTE[index]?.rgb.map((channel) => channel / 255) ?? GRAY;
const GRAY = [0.6, 0.6, 0.6];

/** Twelve bits of each cell, four of each axis, in two symbols. Value q stands for the middle of the q-th sixteenth of the cell. */
function offsetsOf(symbols: readonly number[]): Float64Array {
  const offsets = new Float64Array(Math.floor(symbols.length / 2) * 3);
  for (let i = 0; 2 * i + 1 < symbols.length; i++) {
    const twelve = symbols[2 * i]! * 64 + symbols[2 * i + 1]!;
    for (const [axis, shift] of [8, 4, 0].entries())
      offsets[3 * i + axis] = (((twelve >> shift) & 15) + 0.5) / 16 - 0.5;
  }
  return offsets;
}

/** The two symbols of each offset; the inverse of `offsetsOf`. Offsets beyond half a voxel are clipped. */
export function symbolsOf(offsets: Float64Array): number[] {
  const symbols: number[] = [];
  for (let i = 0; i < offsets.length; i += 3) {
    const [x, y, z] = [0, 1, 2].map((axis) => Math.min(15, Math.max(0, Math.floor((offsets[i + axis]! + 0.5) * 16))));
    const twelve = x! * 256 + y! * 16 + z!;
    symbols.push(twelve >> 6, twelve & 63);
  }
  return symbols;
}
