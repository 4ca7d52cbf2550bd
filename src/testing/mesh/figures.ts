/** Meshes for reports: thumbnails, and how far the received surface is from the expected one. */
import { type Mesh, rasterise } from "../../index.js";
import type { ClosestFace } from "../../tokenizers/index.js";
import { pngOf } from "../image/figures.js";
import type { Figure } from "../medium.js";

const SIZE = 320;

export async function meshFigures(expected: Mesh, received: Mesh, closest: ClosestFace): Promise<Figure[]> {
  const drawn = async (title: string, mesh: Mesh): Promise<Figure> => {
    const bytes = await pngOf(rasterise(mesh, { size: SIZE }));
    return { title, mediaType: "image/png", bytes };
  };
  return [
    await drawn("Expected", expected),
    await drawn("Received", received),
    await drawn("Received: red is farthest from the expected surface", {
      ...received,
      colours: heat(received, closest),
    }),
  ];
}

/** Grey where a vertex lies on the expected surface, red where it is farthest from it. */
function heat({ positions }: Mesh, closest: ClosestFace): Float32Array {
  const distances = Float64Array.from({ length: positions.length / 3 }, (_, v) => {
    return closest.to(positions[3 * v]!, positions[3 * v + 1]!, positions[3 * v + 2]!)!.distance;
  });
  const most = distances.reduce((a, b) => Math.max(a, b), 0) || 1;
  const colours = new Float32Array(positions.length);
  distances.forEach((distance, v) => {
    const share = distance / most;
    colours.set([0.75 + 0.25 * share, 0.75 * (1 - share), 0.75 * (1 - share)], 3 * v);
  });
  return colours;
}
