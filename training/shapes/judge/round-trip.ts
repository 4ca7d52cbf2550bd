/**
 * Users' meshes through the tokenizer and back, and what that leaves of them:
 *
 *   npx tsx training/shapes/judge/round-trip.ts FOLDER [--n 100] [--depth 6]
 *
 * Takes every k-th of the OBJ files below a folder, such as the unpacked furniture of Sweet Home 3D (Debian's sweethome3d-furniture). Prints the
 * chamfer distance in voxels, the mean of both ways between vertices and surface, and on how many closed meshes the Euler number stayed.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Mesh, readMesh, topologyOf } from "../../../src/index.js";
import { ClosestFace } from "../../../src/tokenizers/octree/closest.js";
import { decodeMesh, EXTENT, encodeMesh } from "../../../src/tokenizers/octree/encode-mesh.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { n: { type: "string", default: "100" }, depth: { type: "string", default: "6" } },
});
const [n, depth] = [Number(values.n), Number(values.depth)];
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

const rows: { readonly file: string; readonly voxels: number; readonly closed: boolean; readonly kept: boolean; readonly ids: number }[] = [];
for (const file of files) {
  try {
    const mesh = await readMesh(join(folder, file));
    const { ids, frame } = encodeMesh(mesh, { depth });
    const back = decodeMesh(ids, frame);
    const [was, is] = [topologyOf(mesh), topologyOf(back)];
    const closed = was.closed && was.manifold;
    const voxel = frame.side / 2 ** depth;
    const sum = (euler: readonly number[]) => euler.reduce((a, b) => a + b, 0);
    rows.push({ file, voxels: chamfer(mesh, back) / voxel, closed, kept: sum(was.euler) === sum(is.euler), ids: ids.length });
    if (!is.closed || !is.manifold) console.log(`${file}: what came back is no solid`);
  } catch (error) {
    console.log(`${file}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
  }
}
const distances = rows.map(({ voxels }) => voxels).sort((a, b) => a - b);
const closed = rows.filter(({ closed }) => closed);
for (const { file, voxels } of [...rows].sort((a, b) => b.voxels - a.voxels).slice(0, 5)) console.log(`${voxels.toFixed(2).padStart(6)}  ${file}`);
const at = (share: number) => distances[Math.min(distances.length - 1, Math.floor(share * distances.length))]!.toFixed(2);
console.log(`${rows.length} of ${files.length} meshes at depth ${depth}, the longest side ${(EXTENT * 2 ** depth).toFixed(0)} voxels`);
console.log(`chamfer in voxels: median ${at(0.5)}, 95 % ${at(0.95)}, worst ${at(1)}; at most 1.5: ${distances.filter((d) => d <= 1.5).length}`);
console.log(`Euler number kept on ${closed.filter(({ kept }) => kept).length} of ${closed.length} closed ones`);
