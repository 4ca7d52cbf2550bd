/** From the nodes of a walk to voxels: mirrored, filled, well-composed. */
import { childrenOf, type Level } from "./level.js";
import { cellOf } from "./morton.js";
import { UNCOLOURED, VARIED } from "./vocabulary.js";
import { closeSolid, type Voxels } from "./voxels.js";

/** What a stream said so far. */
interface Said {
  readonly levels: readonly Level[];
  /** Bit 4, 2, 1: the half with the greater x, y, z is the mirror image of the other. */
  readonly mirror: number;
}

/** The nodes of the level `depth`, of which all bytes above are known. */
function nodesAt({ levels }: Said, depth: number): Level {
  return levels[depth] ?? childrenOf(levels[depth - 1]!);
}

/** The solid that the nodes of level `depth` enclose, a voxel for each. */
export function solidOf(walk: Said, depth: number): Uint8Array {
  const solid = new Uint8Array(8 ** depth);
  for (const key of nodesAt(walk, depth).keys) for (const voxel of imagesOf(key, depth, walk.mirror)) solid[voxel] = 1;
  closeSolid(depth, solid);
  return solid;
}

/** The same with colours: those of the shell as said, the others as their nearest neighbours. */
export function voxelsOf(walk: Said, depth: number): Voxels {
  const solid = solidOf(walk, depth);
  const { keys, colours: said } = nodesAt(walk, depth);
  if (said.every((colour) => colour === UNCOLOURED)) return { depth, solid };
  const colours = new Uint8Array(solid.length).fill(VARIED);
  for (const [node, key] of keys.entries())
    for (const voxel of imagesOf(key, depth, walk.mirror)) colours[voxel] = said[node]!;
  spreadColours(depth, solid, colours);
  return { depth, solid, colours };
}

/** The voxel of a node and of its mirror images. */
function imagesOf(key: number, depth: number, mirror: number): number[] {
  const R = 1 << depth;
  const images: number[] = [];
  const [x, y, z] = cellOf(key);
  for (let image = mirror; ; image = (image - 1) & mirror) {
    const at = (axis: number, bit: number) => (image & bit ? R - 1 - axis : axis);
    images.push((at(x, 4) * R + at(y, 2)) * R + at(z, 1));
    if (image === 0) return images;
  }
}

/** Gives solid voxels without a colour that of a coloured neighbour by face, nearest first. Within a round the lowest index wins. */
function spreadColours(depth: number, solid: Uint8Array, colours: Uint8Array): void {
  const R = 1 << depth;
  let front: number[] = [];
  for (let i = 0; i < solid.length; i++) if (solid[i] && colours[i] !== VARIED) front.push(i);
  while (front.length > 0) {
    const next: number[] = [];
    for (const i of front) {
      const [x, y, z] = [Math.floor(i / (R * R)), Math.floor(i / R) % R, i % R];
      const visit = (inside: boolean, j: number) => {
        if (!inside || !solid[j] || colours[j] !== VARIED) return;
        colours[j] = colours[i]!;
        next.push(j);
      };
      visit(x > 0, i - R * R);
      visit(x < R - 1, i + R * R);
      visit(y > 0, i - R);
      visit(y < R - 1, i + R);
      visit(z > 0, i - 1);
      visit(z < R - 1, i + 1);
    }
    front = next;
  }
}
