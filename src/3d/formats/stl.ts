/** STL, binary and text: triangles without shared vertices, in millimetres, z up, as printers take them. */
import { crossOf, type Mesh } from "../../tokenizers/octree/mesh.js";
import { welded } from "../../tokenizers/octree/weld.js";
import { MOST_FACES, checkCount, damaged } from "./format.js";

const HEAD = 80;
const RECORD = 50;

/** Reads an STL file. Its millimetres and its upright z become metres and y. */
export function readStl(file: string, bytes: Uint8Array): Mesh {
  const corners = cornersOf(file, bytes);
  const positions = new Float32Array(corners.length);
  for (let i = 0; i < corners.length; i += 3) {
    positions[i] = corners[i]! / 1000;
    positions[i + 1] = corners[i + 2]! / 1000;
    positions[i + 2] = -corners[i + 1]! / 1000;
  }
  return welded({ positions, faces: Uint32Array.from({ length: positions.length / 3 }, (_, i) => i) });
}

/** Nine coordinates of each triangle. A file is binary if its length is what its count says, whatever its first word is. */
function cornersOf(file: string, bytes: Uint8Array): ArrayLike<number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length >= HEAD + 4 ? view.getUint32(HEAD, true) : -1;
  if (bytes.length === HEAD + 4 + RECORD * count) {
    checkCount(file, "triangles", count, MOST_FACES);
    const corners = new Float32Array(9 * count);
    for (let f = 0; f < count; f++)
      for (let k = 0; k < 9; k++) corners[9 * f + k] = view.getFloat32(HEAD + 4 + RECORD * f + 12 + 4 * k, true);
    return corners;
  }
  const text = new TextDecoder("utf-8").decode(bytes);
  if (!text.trimStart().startsWith("solid"))
    throw damaged(file, `it is not an STL file: it has ${bytes.length} bytes and states ${count} triangles`);
  const corners: number[] = [];
  for (const [, x, y, z] of text.matchAll(/^\s*vertex\s+(\S+)\s+(\S+)\s+(\S+)/gm))
    corners.push(Number(x), Number(y), Number(z));
  if (corners.length % 9 !== 0) throw damaged(file, "its vertices are not triples of triangles");
  return corners;
}

/** Writes a binary STL file: metres become millimetres, y up becomes z up. */
export function writeStl({ positions, faces }: Mesh, head: readonly string[]): Uint8Array {
  const count = faces.length / 3;
  const bytes = new Uint8Array(HEAD + 4 + RECORD * count);
  const view = new DataView(bytes.buffer);
  // A header that begins with "solid" would be taken for text.
  bytes.set(new TextEncoder().encode(`STL ${head.join("; ")}`.slice(0, HEAD)).subarray(0, HEAD));
  view.setUint32(HEAD, count, true);
  const turned = ([x, y, z]: readonly number[]) => [x!, -z!, y!];
  for (let f = 0; f < count; f++) {
    const at = HEAD + 4 + RECORD * f;
    const [a, b, c] = [faces[3 * f]!, faces[3 * f + 1]!, faces[3 * f + 2]!];
    const normal = crossOf(positions, a, b, c);
    const length = Math.hypot(...normal) || 1;
    const rows = [
      turned(normal.map((n) => n / length)),
      ...[a, b, c].map((v) => turned([0, 1, 2].map((axis) => positions[3 * v + axis]! * 1000))),
    ];
    for (const [i, value] of rows.flat().entries()) view.setFloat32(at + 4 * i, value, true);
  }
  return bytes;
}
