/** Folders of models at the sizes of their recipes, with random weights: what is measured depends on the sizes alone. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256OfFile } from "../src/base/digest.js";
import { parseOctreeConfig } from "../src/core/octree/config.js";
import { octreeGraph } from "../src/core/octree/graph.js";
import type { Graph } from "../src/engine/graph.js";
import { writeSafetensors } from "../src/engine/weights/safetensors-write.js";
import { CONTEXT_SIZE, PLACE_KINDS, PLACE_ROWS } from "../src/tokenizers/octree/places.js";
import { FIRST, SHAPE_VOCABULARY } from "../src/tokenizers/octree/vocabulary.js";
import { randomWeights } from "./random-weights.js";

/** training/shapes/recipe/model.py. */
const FIRST_WORD = 384;
const SHAPES = {
  ...{ layers: 6, heads: 4, width: 256, hidden: 704, vocabulary: SHAPE_VOCABULARY, rows: FIRST_WORD + 512 },
  ...{ captionSlots: 16, pad: FIRST.pad, begin: FIRST.begin, kinds: PLACE_KINDS, axisRows: PLACE_ROWS },
  ...{ contextSize: CONTEXT_SIZE, most: 4096, ropeBase: 10_000, normEpsilon: 1e-5 },
};

const GREEDY = { guidance: 1, guidanceUntil: 1, temperature: 0, topK: 0, topP: 1, minP: 0 };

/** A folder of the layout of tessera-shapes. */
export async function writeRandomMeshModel(folder: string): Promise<void> {
  await write(folder, "next-token.safetensors", [octreeGraph(parseOctreeConfig(SHAPES))]);
  await writeFile(join(folder, "words.json"), JSON.stringify(["[UNK]", "table"]));
  await writeConfig(folder, ["next-token.safetensors", "words.json"], {
    ...{ name: "random-shapes", kind: "mesh", categories: ["table"], depths: { usual: 6, most: 6 } },
    transformer: { weights: "next-token.safetensors", config: SHAPES },
    sampling: { ...GREEDY, guidance: 2, temperature: 0.8, topP: 0.95 }, // those of training/shapes/export.py
    words: { file: "words.json", firstWord: FIRST_WORD },
  });
}

async function write(folder: string, file: string, graphs: readonly Graph[]): Promise<void> {
  const weights = randomWeights(...graphs);
  const tensors = [...weights.entries].map(async ([name, { shape }]) => {
    return [name, { shape, data: await weights.floats(name) }] as const;
  });
  await writeSafetensors(join(folder, file), await Promise.all(tensors), {});
}

async function writeConfig(folder: string, files: readonly string[], fields: object): Promise<void> {
  const sha256: Record<string, string> = {};
  for (const file of files) sha256[file] = await sha256OfFile(join(folder, file));
  const config = { revision: "1", licence: "CC0-1.0", precision: "q8", ...fields, sha256 };
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
}
