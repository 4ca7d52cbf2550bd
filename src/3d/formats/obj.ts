/** Wavefront OBJ: text; positions with optional colours after them, polygons of any number of corners. */
import type { Mesh } from "../../tokenizers/octree/mesh.js";
import { damaged } from "./format.js";

/**
 * Reads the triangles of an OBJ file. Polygons become fans; faces of fewer than three corners, materials, groups and texture coordinates are
 * passed over, as other readers do. A face may stand before its vertices.
 */
export function readObj(file: string, bytes: Uint8Array): Mesh {
  const text = new TextDecoder("utf-8").decode(bytes);
  const positions: number[] = [];
  const colours: number[] = [];
  const faces: number[] = [];
  let start = 0;
  for (let number = 1; start <= text.length; number++) {
    const end = text.indexOf("\n", start);
    const line = text.slice(start, end < 0 ? undefined : end);
    start = end < 0 ? text.length + 1 : end + 1;
    const kind = line.charCodeAt(1) === SPACE || line.charCodeAt(1) === TAB ? line[0] : "";
    if (kind !== "v" && kind !== "f") continue;
    const words = line.slice(2).trim().split(BLANKS);
    if (kind === "v") {
      const values = words.map(Number);
      if (values.length < 3 || values.some(Number.isNaN))
        throw damaged(file, `line ${number} is not a vertex: "${line.slice(0, 60)}"`);
      positions.push(values[0]!, values[1]!, values[2]!);
      if (values.length >= 6) colours.push(values[3]!, values[4]!, values[5]!);
    } else {
      const corners = words.map((corner) => cornerOf(corner, positions.length / 3));
      if (corners.some(Number.isNaN))
        throw damaged(file, `line ${number} is not a face of known vertices: "${line.slice(0, 60)}"`);
      for (let i = 2; i < corners.length; i++) faces.push(corners[0]!, corners[i - 1]!, corners[i]!);
    }
  }
  return {
    positions: Float32Array.from(positions),
    faces: Uint32Array.from(faces),
    colours: colours.length > 0 && colours.length === positions.length ? Float32Array.from(colours) : undefined,
  };
}

const BLANKS = /\s+/;
const [SPACE, TAB] = [32, 9];

/** "7/1/3" is vertex 6, wherever it stands; "-1" the last one so far; NaN for what is neither. */
function cornerOf(corner: string, vertices: number): number {
  const index = Number.parseInt(corner, 10);
  const vertex = index < 0 ? vertices + index : index - 1;
  return vertex >= 0 ? vertex : Number.NaN;
}

/** Writes an OBJ file with shared vertices and normals; `head` is written as comments. */
export function writeObj({ positions, faces, normals, colours }: Mesh, head: readonly string[]): Uint8Array {
  const lines = head.map((line) => `# ${line.replaceAll(/[\r\n]/g, " ")}`);
  const three = (of: Float32Array, at: number) => `${of[at]!} ${of[at + 1]!} ${of[at + 2]!}`;
  for (let v = 0; v < positions.length; v += 3)
    lines.push(`v ${three(positions, v)}${colours ? ` ${three(colours, v)}` : ""}`);
  if (normals) for (let v = 0; v < normals.length; v += 3) lines.push(`vn ${three(normals, v)}`);
  const corner = (vertex: number) => (normals ? `${vertex + 1}//${vertex + 1}` : `${vertex + 1}`);
  for (let f = 0; f < faces.length; f += 3)
    lines.push(`f ${corner(faces[f]!)} ${corner(faces[f + 1]!)} ${corner(faces[f + 2]!)}`);
  return new TextEncoder().encode(`${lines.join("\n")}\n`);
}
