/** OBJ files with the colours of their materials: a colour per vertex, the mean of the texture where there is one. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { readObj } from "../../../src/3d/formats/obj.js";
import { usable } from "../../../src/3d/formats/format.js";
import type { Mesh } from "../../../src/tokenizers/octree/mesh.js";

type Colour = readonly [number, number, number];
const GRAY: Colour = [0.6, 0.6, 0.6];

/** The mesh of a file, whose faces have vertices of their own, in the colour of their material. Throws InputError for a damaged file. */
export async function colouredObj(path: string): Promise<Mesh> {
  const text = await readFile(path, "latin1");
  const materials = new Map<string, Colour>();
  for (const [, file] of text.matchAll(/^mtllib\s+(.+?)\s*$/gm))
    for (const [name, colour] of await materialsOf(join(dirname(path), file!))) materials.set(name, colour);
  const { positions: places, faces: corners } = readObj(path, Buffer.from(text, "latin1"));
  const colours = new Float32Array(3 * corners.length);
  let at = 0;
  for (const part of text.split(/^(?=usemtl\s)/m)) {
    const colour = materials.get(/^usemtl\s+(.+?)\s*$/m.exec(part)?.[1] ?? "") ?? GRAY;
    for (const [, face] of part.matchAll(/^f\s+(.*?)\s*$/gm)) {
      const end = at + 9 * Math.max(0, face!.split(/\s+/).length - 2);
      for (; at < end; at += 3) colours.set(colour, at);
    }
  }
  const positions = Float32Array.from({ length: 3 * corners.length }, (_, i) => places[3 * corners[Math.floor(i / 3)]! + (i % 3)]!);
  return usable(path, { positions, faces: corners.map((_, corner) => corner), colours });
}

/** The diffuse colours of a file of materials, in sRGB. */
async function materialsOf(path: string): Promise<Map<string, Colour>> {
  const colours = new Map<string, Colour>();
  if (!existsSync(path)) return colours;
  for (const part of (await readFile(path, "latin1")).split(/^(?=newmtl\s)/m)) {
    const name = /^newmtl\s+(.+?)\s*$/m.exec(part)?.[1];
    if (name === undefined) continue;
    const said = /^\s*Kd\s+(\S+)\s+(\S+)\s+(\S+)/m.exec(part)?.slice(1).map(Number) ?? GRAY;
    const texture = /^\s*map_Kd\s+(.+?)\s*$/m.exec(part)?.[1];
    const file = texture === undefined ? null : join(dirname(path), texture);
    const mean = file !== null && existsSync(file) ? await meanOf(file) : null;
    colours.set(name, mean ?? [said[0]!, said[1]!, said[2]!]);
  }
  return colours;
}

/** The mean colour of a picture where it is opaque; null: it is not one. */
async function meanOf(file: string): Promise<Colour | null> {
  const one = await sharp(file).removeAlpha().resize(1, 1, { fit: "fill" }).toColourspace("srgb").raw().toBuffer().catch(() => null);
  return one && one.length >= 3 ? [one[0]! / 255, one[1]! / 255, one[2]! / 255] : null;
}
