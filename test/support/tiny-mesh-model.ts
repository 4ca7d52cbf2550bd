/** A whole mesh model with random weights, small enough for the reference engine: the same folder layout as the embedded one. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256OfFile } from "../../src/base/digest.js";
import { uniform } from "../../src/base/random.js";
import { parseOctreeConfig } from "../../src/core/octree/config.js";
import { octreeGraph } from "../../src/core/octree/graph.js";
import { sizeOf, type Tensor } from "../../src/engine/tensor.js";
import { writeSafetensors } from "../../src/engine/weights/safetensors-write.js";
import { CONTEXT_SIZE, PLACE_KINDS, PLACE_ROWS } from "../../src/tokenizers/octree/places.js";
import { FIRST, SHAPE_VOCABULARY } from "../../src/tokenizers/octree/vocabulary.js";

export const TINY_WORDS = ["[UNK]", "a", "red", "round", "table", "with", "legs", "three"];
const FIRST_WORD = 384;

/** Writes the folder. Its shapes are random, but shapes. */
export async function writeTinyMeshModel(folder: string, most = 400): Promise<void> {
  const config = {
    ...{
      layers: 2,
      heads: 2,
      width: 12,
      hidden: 17,
      vocabulary: SHAPE_VOCABULARY,
      rows: FIRST_WORD + TINY_WORDS.length,
    },
    ...{ captionSlots: 5, pad: FIRST.pad, begin: FIRST.begin, kinds: PLACE_KINDS, axisRows: PLACE_ROWS },
    ...{ contextSize: CONTEXT_SIZE, most, ropeBase: 10_000, normEpsilon: 1e-5 },
  };
  const graph = octreeGraph(parseOctreeConfig(config));
  const tensors = new Map<string, Tensor>();
  for (const { source, shape } of graph.weights) {
    if (source.kind !== "weight") continue;
    const sizes = shape as readonly number[];
    const draw = (i: number) => uniform({ seed: tensors.size, item: 0, position: i, purpose: "noise" }) - 0.5;
    tensors.set(source.name, { shape: sizes, data: Float32Array.from({ length: sizeOf(sizes) }, (_, i) => draw(i)) });
  }
  await mkdir(folder, { recursive: true });
  await writeSafetensors(join(folder, "next-token.safetensors"), tensors);
  await writeFile(join(folder, "words.json"), JSON.stringify(TINY_WORDS));
  const files = ["next-token.safetensors", "words.json"];
  const sha256 = Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await sha256OfFile(join(folder, file))] as const)),
  );
  const json = {
    ...{ name: "tiny-shapes", revision: "1", kind: "mesh", licence: "CC0-1.0" },
    transformer: { weights: "next-token.safetensors", config },
    precision: "f32",
    sampling: { guidance: 1.5, guidanceUntil: 1, temperature: 1, topK: 0, topP: 1, minP: 0 },
    words: { file: "words.json", firstWord: FIRST_WORD },
    categories: ["table", "round table"],
    depths: { usual: 3, most: 5 },
    sha256,
  };
  await writeFile(join(folder, "config.json"), JSON.stringify(json));
}
