/** Folders of Janus as the hub has them, with the tiny random weights of the golden cases and a tokenizer of few words. */
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openCheckpoint } from "../../src/engine/weights/open.js";
import { writeSafetensors } from "../../src/engine/weights/safetensors-write.js";
import { type FloatTensor, tensor } from "../../src/engine/tensor.js";
import { readCase } from "../golden/case.js";

/** The authors' own layout, and the converted one. */
export type JanusLayout = "authors" | "converted";

const CASES = { authors: "generate-original-layout", converted: "generate" } as const;

/** Ids of the case's run that tokens have; the grid that the authors' code alone states. */
const BEGINS = { authors: 92, converted: 96 } as const;
const AUTHORS_GRID = 4;

export const JANUS_WORDS = ["red", "apple", "blue", "fox", "User", "Assistant", ":", "a", "round", "<", "|", ">"];

/** Writes the folder; `shards`: with the weights in two files and an index. */
export async function writeTinyJanus(folder: string, layout: JanusLayout, { shards = false } = {}): Promise<void> {
  await mkdir(folder, { recursive: true });
  const from = join(import.meta.dirname, "../fixtures/janus", CASES[layout]);
  const { config } = await readCase(from);
  const codec = config.gen_vision_config as { readonly params: object } | undefined;
  const params = { ...codec?.params, ...(config._vq as object), num_patches: AUTHORS_GRID };
  const stated = codec ? { ...config, gen_vision_config: { ...codec, params } } : config;
  await writeFile(join(folder, "config.json"), JSON.stringify(stated));
  await writeFile(join(folder, "tokenizer.json"), JSON.stringify(janusTokenizer(BEGINS[layout])));
  const weights = join(from, "weights.safetensors");
  if (shards) await writeShards(weights, folder);
  else await copyFile(weights, join(folder, "model.safetensors"));
}

/** Every other tensor in the second file. */
async function writeShards(weights: string, folder: string): Promise<void> {
  await using checkpoint = await openCheckpoint(weights);
  const map: Record<string, string> = {};
  const files = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  const halves = files.map(() => new Map<string, FloatTensor>());
  let i = 0;
  for (const { name, shape } of checkpoint.entries.values()) {
    map[name] = files[i % 2]!;
    halves[i++ % 2]!.set(name, tensor(shape, await checkpoint.floats(name)));
  }
  for (const [half, file] of files.entries()) await writeSafetensors(join(folder, file), halves[half]!);
  await writeFile(join(folder, "model.safetensors.index.json"), JSON.stringify({ metadata: {}, weight_map: map }));
}

/** Words apart by spaces and punctuation; the ids that the models of the cases know. */
export function janusTokenizer(begin: number) {
  const special = (id: number, content: string) => ({
    ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
  });
  const specials: Readonly<Record<string, number>> = {
    ...{ "<｜begin▁of▁sentence｜>": 0, "<｜▁pad▁｜>": 2, "<|User|>": 3, "<|Assistant|>": 4, "<begin_of_image>": begin },
  };
  const words = Object.fromEntries(JANUS_WORDS.map((word, i) => [word, 10 + i]));
  return {
    version: "1.0",
    ...{ truncation: null, padding: null, normalizer: null, post_processor: null, decoder: null },
    added_tokens: Object.entries(specials).map(([content, id]) => special(id, content)),
    pre_tokenizer: { type: "Whitespace" },
    model: { type: "WordLevel", vocab: { ...specials, "[UNK]": 1, ...words }, unk_token: "[UNK]" },
  };
}
