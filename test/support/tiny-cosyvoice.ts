/** The folder of CosyVoice in small: the names and layouts of the published files, with wavy weights, so that it babbles. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { conformerLmGraph, frontGraph } from "../../src/core/speech-lm/conformer-lm.js";
import { speechLmGraph } from "../../src/core/speech-lm/speech-lm.js";
import { type Graph, GraphBuilder } from "../../src/engine/graph.js";
import { saveOnnx } from "../../src/engine/onnx/save.js";
import { opsOf } from "../../src/engine/ops/index.js";
import { type FloatTensor, tensor } from "../../src/engine/tensor.js";
import { writeSafetensors } from "../../src/engine/weights/safetensors-write.js";
import { memoryCheckpoint } from "../../src/engine/weights/stored.js";
import { COSYVOICE_CONFIGS, type CosyvoiceConfig } from "../../src/models/cosyvoice.js";
import type { FlowConfig } from "../../src/tokenizers/speech/flow/flow-config.js";
import { encoderGraph, estimatorGraph, regulatorGraph } from "../../src/tokenizers/speech/flow/flow-graphs.js";
import { hiftGraphs } from "../../src/tokenizers/speech/vocoder/hift.js";
import { BYTE_CHARACTERS } from "../../src/tokenizers/text/byte-alphabet.js";
import { wavyWeights } from "./random-weights.js";

const SPEECH = 27;
const SPEAKER = 12;
/** Special tokens of Whisper, of which the last 1501 are times. */
const WHISPER_SPECIALS = 2 + 100 + 6 + 1501;

/** The published configuration with small sizes. */
export function tinyCosyvoiceConfig(file: CosyvoiceFile): CosyvoiceConfig {
  const published = COSYVOICE_CONFIGS[file]!;
  return {
    ...published,
    ...tinyLanguageModel(published),
    flow: tinyFlow(published.flow),
    vocoder: { ...published.vocoder, channels: 16, f0Channels: 8 },
    silent: published.silent.filter((id) => id < SPEECH),
  };
}

export type CosyvoiceFile = "cosyvoice.yaml" | "cosyvoice2.yaml" | "cosyvoice3.yaml";

function tinyLanguageModel({ languageModel: model }: CosyvoiceConfig): Pick<CosyvoiceConfig, "languageModel" | "ends"> {
  const ends = { tokens: SPEECH, blocked: SPEECH };
  if (model.kind === "conformer") {
    const sizes = { width: 32, heads: 2, hidden: 48, layers: 2 };
    const text = { vocabulary: 256 + WHISPER_SPECIALS, width: 16 };
    return {
      languageModel: { ...model, config: { text, encoder: sizes, body: sizes, speech: SPEECH, speaker: SPEAKER } },
      ends,
    };
  }
  const { config, layout } = model;
  const llama = {
    ...config.llama,
    ...{ vocabulary: 300, width: 32, hidden: 48, heads: 2, kvHeads: 1, headSize: 16, attentionScale: 0.25 },
    layers: config.llama.layers.slice(0, 2),
    ropes: { global: { ...config.llama.ropes.global!, size: 16 } },
  };
  const marks = config.speechRows - layout.tokens; // ends and, in generation 3, sos and task
  const moved = (row: number) => (row >= layout.tokens ? row - layout.tokens + SPEECH : row);
  return {
    languageModel: {
      ...model,
      config: { ...config, llama, speechRows: SPEECH + Math.min(marks, 5) },
      layout: { sos: moved(layout.sos), task: moved(layout.task), ...ends },
    },
    ends,
  };
}

function tinyFlow(flow: FlowConfig): FlowConfig {
  const shared = { vocabulary: SPEECH, speaker: SPEAKER, steps: 2 };
  const encoder = { width: 24, heads: 2, hidden: 32, layers: 1 };
  const uNet = { transformers: 1, middles: 1, heads: 2, headSize: 8 };
  switch (flow.generation) {
    case 1:
      return { ...{ ...flow, ...shared }, encoder, estimator: { ...uNet, channels: [16, 16] } };
    case 2:
      return {
        ...{ ...flow, ...shared },
        encoder: { ...encoder, upLayers: 1 },
        estimator: { ...uNet, channels: [16] },
      };
    case 3:
      return {
        ...{ ...flow, ...shared, lookaheadChannels: 16 },
        estimator: { width: 32, layers: 2, heads: 2, hidden: 48, convKernel: 5, convGroups: 2 },
      };
  }
}

/** Writes the folder and answers its path. The content of a .pt file decides how it is read: these are safetensors. */
export async function tinyCosyvoice(folder: string, config: CosyvoiceConfig): Promise<string> {
  const write = (file: string, tensors: Iterable<readonly [string, FloatTensor]>) =>
    writeSafetensors(join(folder, file), [...tensors]);
  const { languageModel, flow: decoder } = config;
  const speaking =
    languageModel.kind === "conformer"
      ? [frontGraph(languageModel.config, "with speaker"), conformerLmGraph(languageModel.config)]
      : [speechLmGraph(languageModel.config)];
  await write("llm.pt", wavyWeights(...speaking));
  const flow = [encoderGraph(decoder, "whole", "final"), estimatorGraph(decoder, "whole")];
  if (decoder.generation === 1) flow.push(regulatorGraph(decoder));
  await write("flow.pt", wavyWeights(...flow));
  const vocoder = wavyWeights(...Object.values(hiftGraphs(config.vocoder)));
  await write(
    "hift.pt",
    [...vocoder].map(([name, value]) => [`generator.${name}`, value] as const),
  );
  const vector = tensor(
    [1, SPEAKER],
    Float32Array.from({ length: SPEAKER }, (_, i) => Math.cos(i)),
  );
  await write("spk2info.pt", [["anna.embedding", vector]]);
  await saveFile(join(folder, config.tokenizer), tokenizerGraph(config.tokenizerMels));
  await saveFile(join(folder, "campplus.onnx"), speakerGraph());
  await writeText(folder, config.text);
  const yaml = Object.keys(COSYVOICE_CONFIGS).find((name) => COSYVOICE_CONFIGS[name]!.name === config.name)!;
  await writeFile(join(folder, yaml), "# which generation it is, its name says\n");
  return folder;
}

/** Bytes, and nothing that is merged. */
async function writeText(folder: string, text: CosyvoiceConfig["text"]): Promise<void> {
  if (text.kind === "whisper") {
    const lines = Array.from({ length: 256 }, (_, byte) => `${Buffer.of(byte).toString("base64")} ${byte}\n`);
    return writeFile(join(folder, text.file), lines.join(""));
  }
  const place = join(folder, text.folder);
  await mkdir(place);
  await writeFile(join(place, "vocab.json"), JSON.stringify(Object.fromEntries(BYTE_CHARACTERS.map((c, i) => [c, i]))));
  await writeFile(join(place, "merges.txt"), "#version: 0.2\n");
}

const saveFile = async (path: string, graph: Graph): Promise<void> =>
  saveOnnx(graph, memoryCheckpoint("tiny", wavyWeights(graph)), path);

/** feats [1, mels, T] and their length to ids [1, T/4], as the published file has them. */
function tokenizerGraph(mels: number): Graph {
  const g = new GraphBuilder("speech-tokenizer");
  const o = opsOf(g);
  const feats = g.input("feats", [1, mels, "T"]);
  const length = g.input("feats_length", [1], "i32");
  const scores = o.conv1d(feats, g.weight("scores.weight", [SPEECH, mels, 4]), null, { stride: 4 });
  const columns = o.transpose(scores, { permutation: [0, 2, 1] });
  const none = o.affine(o.reshape(o.cast(length, { to: "f32" }), { shape: [1, 1, 1] }), { scale: 0 });
  return g.build({ ids: o.argmax(o.add(columns, none), { axis: -1 }) });
}

/** Features [1, T, 80] to the vector of a speaker. */
function speakerGraph(): Graph {
  const g = new GraphBuilder("speaker");
  const o = opsOf(g);
  const middle = o.mean(o.mul(g.input("input", [1, "T", 80]), g.constant(tensor([1], Float32Array.of(1)))), {
    axis: 1,
    keepDims: false,
  });
  return g.build({
    output: o.linear(middle, g.weight("linear.weight", [SPEAKER, 80]), g.weight("linear.bias", [SPEAKER])),
  });
}
