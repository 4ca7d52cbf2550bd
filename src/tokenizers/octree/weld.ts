/** Vertices at the same place become one: formats and exporters give faces vertices of their own, and what belongs together looks open. */
import type { Mesh } from "./mesh.js";

/** The mesh with vertices at the same place joined. The colour of the first one stays; normals are left out. */
export function welded({ positions, faces, colours }: Mesh): Mesh {
  const V = positions.length / 3;
  const to = new Uint32Array(V);
  const kept = new Uint32Array(V);
  let count = 0;
  // A table with open addressing of the kept vertices, by the bits of their positions; -0 is 0.
  const places = Float32Array.from(positions, (p) => p + 0);
  const bits = new Uint32Array(places.buffer);
  const mask = 2 ** Math.ceil(Math.log2(2 * V + 2)) - 1;
  const table = new Int32Array(mask + 1).fill(-1);
  for (let v = 0; v < V; v++) {
    const [x, y, z] = [bits[3 * v]!, bits[3 * v + 1]!, bits[3 * v + 2]!];
    let slot = mixed(x, y, z) & mask;
    for (; table[slot] !== -1; slot = (slot + 1) & mask) {
      const other = 3 * kept[table[slot]!]!;
      if (bits[other] === x && bits[other + 1] === y && bits[other + 2] === z) break;
    }
    if (table[slot] === -1) {
      kept[count] = v;
      table[slot] = count++;
    }
    to[v] = table[slot]!;
  }
  const gathered = (from: Float32Array) => {
    const out = new Float32Array(3 * count);
    for (let i = 0; i < count; i++) for (let axis = 0; axis < 3; axis++) out[3 * i + axis] = from[3 * kept[i]! + axis]!;
    return out;
  };
  return { positions: gathered(positions), faces: faces.map((v) => to[v]!), colours: colours && gathered(colours) };
}

/** Three words into one whose low bits depend on all of theirs (the finaliser of MurmurHash3, Appleby). */
function mixed(x: number, y: number, z: number): number {
  let h = Math.imul(x, 0x85ebca6b) ^ Math.imul(y, 0xc2b2ae35) ^ Math.imul(z, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
