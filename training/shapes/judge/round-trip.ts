/**
 * Users' meshes through the tokenizer and back, and what that leaves of them:
 *
 *   npx tsx training/shapes/judge/round-trip.ts FOLDER [--n 100] [--depth 6] [--finest 7] [--out report.json]
 *
 * Takes every k-th of the OBJ files below a folder, such as the unpacked furniture of Sweet Home 3D (Debian's sweethome3d-furniture). Prints the
 * chamfer distance in voxels, the mean of both ways between vertices and surface, and on how many closed meshes the Euler number stayed.
 *
 * Pieces of furniture overlap, and together they are one solid: the Euler number to be kept is that of the mesh where it is one piece, else that of
 * its pieces united on a grid of twice as many voxels per axis (not looked at where --finest is --depth). Where that of one piece changes, the size of what was lost is measured: a finer
 * grid that keeps the number tells that walls and gaps are no thinner than its voxels.
 */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Mesh, readMesh, topologyOf } from "../../../src/index.js";
import { ClosestFace } from "../../../src/tokenizers/octree/closest.js";
import { decodeMesh, EXTENT, encodeMesh } from "../../../src/tokenizers/octree/encode-mesh.js";
import { welded } from "../../../src/tokenizers/octree/weld.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    n: { type: "string", default: "100" },
    depth: { type: "string", default: "6" },
    finest: { type: "string", default: "7" },
    out: { type: "string" },
  },
});
const [n, depth, finest] = [Number(values.n), Number(values.depth), Number(values.finest)];
const folder = positionals[0]!;
const all = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".obj")).sort();
const step = Math.max(1, Math.floor(all.length / n));
const files = all.filter((_, i) => i % step === 0).slice(0, n);

/** The mean distance of the vertices of one mesh to the other, both ways. */
function chamfer(a: Mesh, b: Mesh): number {
  const oneWay = (from: Mesh, to: Mesh) => {
    const closest = new ClosestFace(to);
    const every = 3 * Math.max(1, Math.floor(from.positions.length / 3 / 4000)); // some thousand of the vertices will do
    let [sum, count] = [0, 0];
    for (let v = 0; v < from.positions.length; v += every, count++)
      sum += closest.to(from.positions[v]!, from.positions[v + 1]!, from.positions[v + 2]!)!.distance;
    return sum / count;
  };
  return (oneWay(a, b) + oneWay(b, a)) / 2;
}

/** The Euler number of a mesh, or of its solid at a depth: the sum over its pieces. */
const eulerOf = (mesh: Mesh): number => topologyOf(mesh).euler.reduce((a, b) => a + b, 0);
const eulerAt = (mesh: Mesh, at: number): number => {
  const { ids, frame } = encodeMesh(mesh, { depth: at });
  return eulerOf(decodeMesh(ids, frame));
};

interface Row {
  readonly file: string;
  readonly voxels: number;
  readonly ids: number;
  readonly pieces: number;
  /** Of a closed mesh: the Euler number to be kept, the one that came back, and the first depth that keeps it; null: none does. */
  readonly euler?: { readonly mesh: number; readonly back: number; readonly keptFrom: number | null };
}

const rows: Row[] = [];
const refused: { file: string; why: string }[] = [];
for (const file of files) {
  try {
    const mesh = welded(await readMesh(join(folder, file)));
    const { ids, frame, closed } = encodeMesh(mesh, { depth });
    const back = decodeMesh(ids, frame);
    const [was, is] = [topologyOf(mesh), topologyOf(back)];
    if (!is.closed || !is.manifold) console.log(`${file}: what came back is no solid`);
    const voxel = frame.side / 2 ** depth;
    const row = { file, voxels: chamfer(mesh, back) / voxel, ids: ids.length, pieces: was.euler.length };
    console.error(`${rows.length + refused.length + 1} of ${files.length}: ${row.voxels.toFixed(2)} voxels, ${closed ? "closed" : "open"}, ${file}`);
    if (!closed || !was.manifold || (row.pieces > 1 && finest === depth)) {
      rows.push(row);
      continue;
    }
    const kept = row.pieces === 1 ? eulerOf(mesh) : eulerAt(mesh, Math.min(finest, depth + 1));
    const finer = Array.from({ length: finest - depth + 1 }, (_, i) => depth + i);
    const keptFrom = finer.find((at) => (at === depth ? eulerOf(back) : eulerAt(mesh, at)) === kept) ?? null;
    rows.push({ ...row, euler: { mesh: kept, back: eulerOf(back), keptFrom } });
  } catch (error) {
    refused.push({ file, why: error instanceof Error ? error.message.split("\n")[0]! : String(error) });
  }
}

const distances = rows.map(({ voxels }) => voxels).sort((a, b) => a - b);
const at = (share: number) => distances[Math.min(distances.length - 1, Math.floor(share * distances.length))]!;
const closed = rows.flatMap(({ file, pieces, euler }) => (euler ? [{ file, pieces, ...euler }] : []));
const count = (of: typeof closed, depth: number | null) => of.filter(({ keptFrom }) => keptFrom === depth).length;
const kinds = { "of one piece": closed.filter(({ pieces }) => pieces === 1), "of several": closed.filter(({ pieces }) => pieces > 1) };

for (const { file, why } of refused) console.log(`refused: ${file}: ${why}`);
for (const { file, voxels } of [...rows].sort((a, b) => b.voxels - a.voxels).slice(0, 5)) console.log(`${voxels.toFixed(2).padStart(6)}  ${file}`);
console.log(`${rows.length} of ${files.length} meshes at depth ${depth}, the longest side ${(EXTENT * 2 ** depth).toFixed(0)} voxels`);
console.log(`chamfer in voxels: median ${at(0.5).toFixed(2)}, 95 % ${at(0.95).toFixed(2)}, worst ${at(1).toFixed(2)}; at most 1.5: ${distances.filter((d) => d <= 1.5).length}`);
for (const [kind, of] of Object.entries(kinds)) {
  const later = Array.from({ length: finest - depth }, (_, i) => `${count(of, depth + 1 + i)} at depth ${depth + 1 + i}`);
  console.log(`Euler number kept on ${count(of, depth)} of ${of.length} closed ones ${kind}; else ${[...later, `${count(of, null)} at none`].join(", ")}`);
}
for (const { file, mesh, back, keptFrom } of closed.filter(({ keptFrom }) => keptFrom !== depth))
  console.log(`  ${file}: ${mesh} became ${back}; kept ${keptFrom === null ? `at no depth up to ${finest}` : `from depth ${keptFrom}`}`);
if (values.out) await writeFile(values.out, `${JSON.stringify({ depth, files: files.length, refused, rows }, null, 1)}\n`);
