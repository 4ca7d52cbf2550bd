/** A shape: coloured parts, and what can be said of it in words. */
import { type ColourName, colourOf } from "../../../src/tokenizers/octree/palette.js";
import { EXTENT } from "../../../src/tokenizers/octree/encode-mesh.js";
import { fillCavities, type Voxels } from "../../../src/tokenizers/octree/voxels.js";
import type { Solid } from "./solids.js";

export interface Part {
  readonly solid: Solid;
  readonly colour: ColourName;
}

/** Words that are true of a shape. A caption is: some of `before`, a noun, and "with" some of `after`. */
export interface Words {
  readonly nouns: readonly string[];
  /** Attribute -> value: the words before the noun. */
  readonly before: Readonly<Record<string, string>>;
  /** Attribute -> value: the words after "with". */
  readonly after: Readonly<Record<string, string>>;
}

export interface Shape extends Words {
  readonly category: string;
  readonly parts: readonly Part[];
  /** Cut out of all parts. */
  readonly cuts?: readonly Solid[];
}

/** The shape on a grid of 2^depth: centred, its longest side EXTENT. Where parts overlap the last wins. */
export function voxelsOfShape({ parts, cuts = [] }: Shape, depth: number): Voxels {
  const R = 1 << depth;
  const least = [0, 1, 2].map((i) => Math.min(...parts.map(({ solid }) => solid.least[i]!)));
  const most = [0, 1, 2].map((i) => Math.max(...parts.map(({ solid }) => solid.most[i]!)));
  const scale = (Math.max(...[0, 1, 2].map((i) => most[i]! - least[i]!)) / EXTENT / R) * (1 + 1e-6);
  const middle = [0, 1, 2].map((i) => (least[i]! + most[i]!) / 2);
  const place = (voxel: number, axis: number) => (voxel + 0.5 - R / 2) * scale + middle[axis]!;
  const solid = new Uint8Array(R ** 3);
  const colours = new Uint8Array(R ** 3);
  for (const { solid: part, colour } of parts) {
    const index = colourOf(colour);
    const range = [0, 1, 2].map((axis) => {
      const low = Math.floor((part.least[axis]! - middle[axis]!) / scale + R / 2 - 0.5);
      const high = Math.ceil((part.most[axis]! - middle[axis]!) / scale + R / 2 - 0.5);
      return [Math.max(0, low), Math.min(R - 1, high)] as const;
    });
    const [[x0, x1], [y0, y1], [z0, z1]] = range as [readonly [number, number], readonly [number, number], readonly [number, number]];
    for (let x = x0; x <= x1; x++) {
      const px = place(x, 0);
      for (let y = y0; y <= y1; y++) {
        const py = place(y, 1);
        for (let z = z0; z <= z1; z++) {
          const pz = place(z, 2);
          if (part.distance(px, py, pz) >= 0 || cuts.some((cut) => cut.distance(px, py, pz) < 0)) continue;
          const i = (x * R + y) * R + z;
          solid[i] = 1;
          colours[i] = index;
        }
      }
    }
  }
  fillCavities(depth, solid);
  return { depth, solid, colours };
}
