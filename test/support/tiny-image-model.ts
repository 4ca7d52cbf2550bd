/**
 * A whole image model with random weights, small enough for the reference engine: the same folder layout and the same code
 * paths as the embedded model. The shapes of its weights are asked of the graphs, so there is no list to keep up to date.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256OfFile } from "../../src/base/digest.js";
import { uniform } from "../../src/base/random.js";
import { captionEncoderGraph } from "../../src/core/caption-encoder.js";
import type { VectorCondition } from "../../src/core/condition.js";
import { pictureEncoderGraph } from "../../src/core/picture-encoder.js";
import { conditionGraph } from "../../src/core/llamagen/condition.js";
import type { TransformerConfig } from "../../src/core/llamagen/config.js";
import { scaleConditionGraph } from "../../src/core/var/condition.js";
import { parseScaleConfig } from "../../src/core/var/config.js";
import { scaleDecoderGraph } from "../../src/core/var/graph.js";
import { decoderGraph } from "../../src/core/llamagen/graph.js";
import type { Graph } from "../../src/engine/graph.js";
import { sizeOf, type Tensor } from "../../src/engine/tensor.js";
import { writeSafetensors } from "../../src/engine/weights/safetensors-write.js";
import { parseMultiScaleConfig } from "../../src/tokenizers/image/multi-scale-config.js";
import { multiScalePrograms } from "../../src/tokenizers/image/multi-scale-tokenizer.js";
import type { VqConfig } from "../../src/tokenizers/image/vq-config.js";
import { upscalerGraph } from "../../src/tokenizers/image/upscaler.js";
import { vqPrograms } from "../../src/tokenizers/image/vq-tokenizer.js";

export const TINY_STYLES = ["plain", "round"];

const TINY_VQ: VqConfig = {
  channels: 4,
  patch: 2,
  ch: 6,
  multipliers: [1, 2],
  resBlocks: 1,
  groups: 3,
  zChannels: 7,
  codeDim: 5,
  vocab: 37,
  preview: { width: 6, blocks: 1 },
};

/** Grids of 1, 2, 3 and 5 cells a side. */
const TINY_MULTI_SCALE = parseMultiScaleConfig("tiny", {
  ...{
    channels: 4,
    patch: 2,
    ch: 6,
    multipliers: [1, 2],
    resBlocks: 1,
    groups: 3,
    codeDim: 5,
    vocab: 29,
    preview: { width: 5, blocks: 0 },
  },
  ...{ phi: { share: 2, ratio: 0.5 }, scales: [1, 2, 3, 5] },
});

const tinyScales = (condition: VectorCondition) =>
  parseScaleConfig({
    ...{ layers: 2, heads: 3, width: 12, hidden: 17, vocabulary: 29, codeDim: 5, sides: [1, 2, 3, 5] },
    ...{ condition, modulation: "own", normEpsilon: 1e-6 },
  });

const tinyTransformer = (
  condition: VectorCondition,
  prediction: TransformerConfig["prediction"],
): TransformerConfig => ({
  layers: 2,
  heads: 3,
  width: 12,
  hidden: 19,
  vocabulary: TINY_VQ.vocab,
  grid: 5,
  condition,
  prediction,
  positionEncoding: "rotary",
  conditionRotation: "identity",
  ropeBase: 10_000,
  normEpsilon: 1e-5,
});

/** Pictures of 20 x 20 pixels out of 25 tokens; a prompt has 7 - 1 slots. */
export const TINY_SIDE = 20;
const CAPTION: VectorCondition = { kind: "caption", slots: 7, styles: TINY_STYLES.length, vocabulary: 263, pad: 0 };

/** The same over the vectors of a caption encoder; such a model also has a picture encoder and an upscaler, as the embedded one. */
export const ENCODED_CAPTION: VectorCondition = { ...CAPTION, vectors: 10 };
const ENCODER = { layers: 1, heads: 2, width: 10, hidden: 14, vocabulary: 263, tokens: 6, normEpsilon: 1e-5 };
const PICTURES = { channels: 4, side: 8, convolutions: [[5, 2] as const, [6, 2] as const], joint: 7, captionWidth: 10 };
const UPSCALER = { channels: 4 as const, width: 5, blocks: 1, factor: 4 };

/** What the tiny model can be trained for; the first that is asked for is its default. */
export type TinyOrder = "next-token" | "next-neighbor" | "next-scale";

/** Writes the folder and answers its config.json. Equal seeds give equal bytes, whatever other orders there are. */
export async function writeTinyImageModel(
  folder: string,
  condition: VectorCondition = CAPTION,
  orders: readonly TinyOrder[] = ["next-token"],
  seed = 11,
) {
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  const write = async (file: string, graphs: readonly Graph[], own: number) => {
    await writeSafetensors(join(folder, file), randomWeights(graphs, own));
    files.push(file);
    return file;
  };
  const captions = condition.kind === "caption";
  const tokenizers: Record<string, object> = {};
  const transformers: Record<string, object> = {};
  const defaults = { guidance: 2, guidanceUntil: 1, temperature: 1, topK: 0, topP: 1, minP: 0 };
  for (const order of orders) {
    if (order === "next-scale") {
      const config = tinyScales(condition);
      const vae = await write("scales.safetensors", Object.values(multiScalePrograms(TINY_MULTI_SCALE)), seed + 2);
      tokenizers["multi-scale"] = { layout: "var-multi-scale", weights: vae, config: TINY_MULTI_SCALE };
      const weights = await write(
        "next-scale.safetensors",
        [scaleConditionGraph(config), scaleDecoderGraph(config)],
        seed + 3,
      );
      transformers[order] = { layout: "var", tokenizer: "multi-scale", weights, precision: "f32", config, defaults };
      continue;
    }
    const config = tinyTransformer(condition, { kind: order });
    const vq = Object.values(vqPrograms(TINY_VQ));
    const codec = "tokenizer.safetensors";
    if (!tokenizers.vq)
      tokenizers.vq = { layout: "llamagen-vq", weights: await write(codec, vq, seed), config: TINY_VQ };
    const name = order === "next-token" ? "transformer" : order;
    const weights = await write(`${name}.safetensors`, [conditionGraph(config), decoderGraph(config)], seed + 1);
    transformers[order] = { layout: "llamagen", tokenizer: "vq", weights, precision: "f32", config, defaults };
  }
  if (captions) {
    await writeFile(join(folder, "captions.json"), JSON.stringify(byteTokenizer()));
    files.push("captions.json");
  }
  const encoded = condition.kind === "caption" && condition.vectors !== undefined;
  const part = async <C>(file: string, graph: Graph, config: C, own: number) => ({
    weights: await write(`${file}.safetensors`, [graph], seed + own),
    config,
  });
  const readers = encoded && {
    encoder: await part("caption-encoder", captionEncoderGraph(ENCODER), ENCODER, 4),
    pictures: await part("picture-encoder", pictureEncoderGraph(PICTURES), PICTURES, 5),
  };
  const upscaler = encoded && (await part("upscaler", upscalerGraph(UPSCALER), UPSCALER, 6));
  const digests = files.map(async (file) => [file, await sha256OfFile(join(folder, file))] as const);
  const config = {
    name: "tiny",
    revision: "3",
    kind: "image",
    licence: "CC0-1.0",
    tokenizers,
    transformers,
    captions: captions ? { file: "captions.json", ...readers } : null,
    ...(upscaler && { upscaler }),
    styles: captions ? TINY_STYLES : [],
    defaults: { style: captions ? "plain" : "none", decoding: orders[0] },
    sha256: Object.fromEntries(await Promise.all(digests)),
  };
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  return config;
}

/** Uniform in ±0.7, vectors of norms around 1: pictures vary, logits differ by several units, nothing overflows. */
function randomWeights(graphs: readonly Graph[], seed: number): Map<string, Tensor> {
  const out = new Map<string, Tensor>();
  for (const { shape, source } of graphs.flatMap((graph) => graph.weights)) {
    if (source.kind !== "weight" || out.has(source.name)) continue;
    const sizes = shape as readonly number[];
    const item = out.size;
    const centre = /norm\w*\.weight$/.test(source.name) ? 1 : 0;
    const data = Float32Array.from(
      { length: sizeOf(sizes) },
      (_, position) => centre + 1.4 * (uniform({ seed, item, position, purpose: "noise" }) - 0.5),
    );
    out.set(source.name, { shape: sizes, data });
  }
  return out;
}

/** A tokenizer.json of bytes: 0 is the pad, 1 … 256 the bytes, then six merges. */
function byteTokenizer(): object {
  const visible = [...range(33, 126), ...range(161, 172), ...range(174, 255)];
  const hidden = range(0, 255).filter((byte) => !visible.includes(byte));
  const letters = range(0, 255).map((byte) =>
    String.fromCodePoint(visible.includes(byte) ? byte : 256 + hidden.indexOf(byte)),
  );
  const merges = ["r e", "re d", "a p", "ap p", "l e", "app le"];
  const tokens = ["<pad>", ...letters, ...merges.map((merge) => merge.replace(" ", ""))];
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [
      { id: 0, content: "<pad>", single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    ],
    normalizer: { type: "Lowercase" },
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
