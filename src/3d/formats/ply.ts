/** PLY (Turk 1994), text and binary of both byte orders: positions, colours and polygons; other properties are passed over. */
import type { Mesh } from "../../tokenizers/octree/mesh.js";
import { MOST_FACES, MOST_VERTICES, checkCount, damaged } from "./format.js";

const SIZES: Readonly<Record<string, number>> = {
  char: 1,
  int8: 1,
  uchar: 1,
  uint8: 1,
  short: 2,
  int16: 2,
  ushort: 2,
  uint16: 2,
  int: 4,
  int32: 4,
  uint: 4,
  uint32: 4,
  float: 4,
  float32: 4,
  double: 8,
  float64: 8,
}; // prettier-ignore

interface Property {
  readonly name: string;
  readonly type: string;
  /** The type of the count of a list. */
  readonly count?: string;
}
interface Element {
  readonly name: string;
  readonly count: number;
  readonly properties: Property[];
}

/** Reads numbers one after the other, in the format that the header states. */
type Source = (type: string) => number;

export function readPly(file: string, bytes: Uint8Array): Mesh {
  const { format, elements, end } = headerOf(file, bytes);
  const next =
    format === "ascii"
      ? words(file, bytes.subarray(end))
      : numbers(file, bytes.subarray(end), format === "binary_little_endian");
  const positions: number[] = [];
  const colours: number[] = [];
  const faces: number[] = [];
  for (const { name, count, properties } of elements) {
    const scale = properties.some(({ name, type }) => name === "red" && SIZES[type] === 1) ? 255 : 1;
    for (let row = 0; row < count; row++) {
      const values = new Map<string, number>();
      for (const property of properties) {
        if (property.count === undefined) values.set(property.name, next(property.type));
        else {
          const length = checkCount(file, "corners of a face", next(property.count), 1_000_000);
          const list = Array.from({ length }, () => next(property.type));
          if (name === "face" && property.name.startsWith("vertex_ind"))
            for (let i = 2; i < length; i++) faces.push(list[0]!, list[i - 1]!, list[i]!);
        }
      }
      if (name !== "vertex") continue;
      positions.push(values.get("x") ?? NaN, values.get("y") ?? NaN, values.get("z") ?? NaN);
      if (values.has("red"))
        colours.push(...["red", "green", "blue"].map((channel) => (values.get(channel) ?? 0) / scale));
    }
  }
  if (faces.some((vertex) => !Number.isInteger(vertex) || vertex < 0))
    throw damaged(file, "a face names a vertex by something that is not an index");
  return {
    positions: Float32Array.from(positions),
    faces: Uint32Array.from(faces),
    colours: colours.length > 0 && colours.length === positions.length ? Float32Array.from(colours) : undefined,
  };
}

const MOST_HEADER = 65_536;
const FORMATS = ["ascii", "binary_little_endian", "binary_big_endian"];

function headerOf(file: string, bytes: Uint8Array): { format: string; elements: Element[]; end: number } {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, MOST_HEADER));
  const match = /^ply\r?\n([\s\S]*?)end_header(?:\r\n|\n|\r)/.exec(text);
  if (!match) throw damaged(file, "it has no PLY header");
  let format = "";
  const elements: Element[] = [];
  for (const line of match[1]!.split(/\r?\n/)) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === "format") format = rest[0] ?? "";
    else if (word === "element") {
      const most = rest[0] === "vertex" ? MOST_VERTICES : MOST_FACES;
      elements.push({
        name: rest[0] ?? "",
        count: checkCount(file, `of "${rest[0]}"`, Number(rest[1]), most),
        properties: [],
      });
    } else if (word === "property") {
      const list = rest[0] === "list";
      const types = list ? rest.slice(1, 3) : rest.slice(0, 1);
      const name = rest[list ? 3 : 1];
      const element = elements.at(-1);
      if (!element || !name || types.some((type) => !Object.hasOwn(SIZES, type)))
        throw damaged(file, `its header has a malformed property: "${line.slice(0, 60)}"`);
      element.properties.push(list ? { name, count: types[0]!, type: types[1]! } : { name, type: types[0]! });
    }
  }
  const bare = elements.find(({ count, properties }) => count > 0 && properties.length === 0);
  if (bare)
    throw damaged(file, `its header states ${bare.count} of "${bare.name.slice(0, 40)}", of which nothing is stored`);
  if (!FORMATS.includes(format))
    throw damaged(file, `its format "${format.slice(0, 40)}" is not one of ${FORMATS.join(", ")}`);
  if (
    !elements.some(
      ({ name, properties }) =>
        name === "vertex" && ["x", "y", "z"].every((axis) => properties.some((p) => p.name === axis)),
    )
  )
    throw damaged(file, "its vertices have no x, y and z");
  return { format, elements, end: match[0].length };
}

function words(file: string, bytes: Uint8Array): Source {
  const all = new TextDecoder("latin1").decode(bytes).split(/\s+/).filter(Boolean);
  let at = 0;
  return () => {
    if (at >= all.length) throw damaged(file, "it ends before the rows that its header states");
    return Number(all[at++]);
  };
}

function numbers(file: string, bytes: Uint8Array, little: boolean): Source {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  return (type) => {
    const here = at;
    at += SIZES[type]!;
    if (at > bytes.length) throw damaged(file, "it ends before the rows that its header states");
    switch (type) {
      case "char":
      case "int8":
        return view.getInt8(here);
      case "uchar":
      case "uint8":
        return view.getUint8(here);
      case "short":
      case "int16":
        return view.getInt16(here, little);
      case "ushort":
      case "uint16":
        return view.getUint16(here, little);
      case "int":
      case "int32":
        return view.getInt32(here, little);
      case "uint":
      case "uint32":
        return view.getUint32(here, little);
      case "float":
      case "float32":
        return view.getFloat32(here, little);
      default:
        return view.getFloat64(here, little);
    } // prettier-ignore
  };
}

/** Writes a binary PLY file with normals, and 8-bit colours where there are some; `head` is written as comments. */
export function writePly({ positions, faces, normals, colours }: Mesh, head: readonly string[]): Uint8Array {
  const vertices = positions.length / 3;
  const count = faces.length / 3;
  const header = [
    "ply",
    "format binary_little_endian 1.0",
    ...head.map((line) => `comment ${line.replaceAll(/[^\x20-\x7e]/g, "?")}`),
    `element vertex ${vertices}`,
    ...["x", "y", "z", ...(normals ? ["nx", "ny", "nz"] : [])].map((name) => `property float ${name}`),
    ...(colours ? ["red", "green", "blue"].map((name) => `property uchar ${name}`) : []),
    `element face ${count}`,
    "property list uchar uint vertex_indices",
    "end_header\n",
  ].join("\n");
  const row = 12 + (normals ? 12 : 0) + (colours ? 3 : 0);
  const bytes = new Uint8Array(header.length + row * vertices + 13 * count);
  bytes.set(new TextEncoder().encode(header));
  const view = new DataView(bytes.buffer);
  let at = header.length;
  for (let v = 0; v < vertices; v++) {
    for (const of of normals ? [positions, normals] : [positions])
      for (let axis = 0; axis < 3; axis++, at += 4) view.setFloat32(at, of[3 * v + axis]!, true);
    if (colours)
      for (let c = 0; c < 3; c++) view.setUint8(at++, Math.round(255 * Math.min(1, Math.max(0, colours[3 * v + c]!))));
  }
  for (let f = 0; f < count; f++) {
    view.setUint8(at++, 3);
    for (let corner = 0; corner < 3; corner++, at += 4) view.setUint32(at, faces[3 * f + corner]!, true);
  }
  return bytes;
}
