/** A whole text model with random weights in a folder as the hub lays it out, small enough for the reference engine. */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { uniform } from "../../src/base/random.js";
import { hubConfig } from "../../src/core/hub-config.js";
import { llamaGraph } from "../../src/core/llama/graph.js";
import { readLlamaConfig } from "../../src/core/llama/read-config.js";
import { sizeOf, type Tensor } from "../../src/engine/tensor.js";
import { writeSafetensors } from "../../src/engine/weights/safetensors-write.js";

const TOKENIZER = join(import.meta.dirname, "../fixtures/constrained/regex-bytelevel/tokenizer.json");

export const TINY_CONFIG = {
  architectures: ["Qwen2ForCausalLM"],
  ...{ model_type: "qwen2", vocab_size: 523, hidden_size: 24, intermediate_size: 40, num_hidden_layers: 2 },
  ...{ num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 1200, rms_norm_eps: 1e-6 },
  ...{ rope_theta: 10_000, tie_word_embeddings: true, eos_token_id: 0 },
};

export const TINY_TEMPLATE =
  "{% for m in messages %}{{ '<' + m.role + '>' + m.content + '\\n' }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";

/** Writes the folder; `changes` are made to its config.json. */
export async function writeTinyTextModel(folder: string, changes: Record<string, unknown> = {}): Promise<string> {
  await mkdir(folder, { recursive: true });
  const json = { ...TINY_CONFIG, ...changes };
  const graph = llamaGraph(readLlamaConfig(hubConfig(TINY_CONFIG)));
  const tensors = graph.weights.map(({ source, shape }, item): readonly [string, Tensor] => {
    const sizes = shape as readonly number[];
    const data = Float32Array.from({ length: sizeOf(sizes) }, (_, position) => {
      const coin = uniform({ seed: 11, item, position, purpose: "noise" });
      return sizes.length === 1 ? 0.8 + 0.4 * coin : (coin - 0.5) * 1.2;
    });
    return [source.kind === "weight" ? source.name : "", { shape: sizes, data }];
  });
  await writeSafetensors(join(folder, "model.safetensors"), tensors);
  await writeFile(join(folder, "config.json"), JSON.stringify(json));
  await copyFile(TOKENIZER, join(folder, "tokenizer.json"));
  const template = { chat_template: TINY_TEMPLATE, eos_token: "<|endoftext|>" };
  await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(template));
  return folder;
}

/** The folder's file of JSON with changes. */
export async function changeJson(folder: string, file: string, changes: Record<string, unknown>): Promise<void> {
  const path = join(folder, file);
  const json = JSON.parse(await readFile(path, "utf8").catch(() => "{}")) as object;
  await writeFile(path, JSON.stringify({ ...json, ...changes }));
}
