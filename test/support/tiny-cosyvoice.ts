/** The folder of CosyVoice 2 or 3 in small: the names and layouts of the published files, with wavy weights, so that it babbles. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { speechLmGraph } from "../../src/core/speech-lm/speech-lm.js";
import { type Graph, GraphBuilder } from "../../src/engine/graph.js";
import { saveOnnx } from "../../src/engine/onnx/save.js";
import { opsOf } from "../../src/engine/ops/index.js";
import { type FloatTensor, tensor } from "../../src/engine/tensor.js";
import { writeSafetensors } from "../../src/engine/weights/safetensors-write.js";
import { memoryCheckpoint } from "../../src/engine/weights/stored.js";
import { COSYVOICE_CONFIGS, type CosyvoiceConfig } from "../../src/models/cosyvoice.js";
import { encoderGraph, estimatorGraph } from "../../src/tokenizers/speech/flow/flow-graphs.js";
import { hiftGraphs } from "../../src/tokenizers/speech/vocoder/hift.js";
import { BYTE_CHARACTERS } from "../../src/tokenizers/text/byte-alphabet.js";
import { wavyWeights } from "./random-weights.js";

const SPEECH = 27;
const SPEAKER = 12;

/** The published configuration with small sizes. */
export function tinyCosyvoiceConfig(file: "cosyvoice2.yaml" | "cosyvoice3.yaml"): CosyvoiceConfig {
  const published = COSYVOICE_CONFIGS[file]!;
  const { languageModel, layout, flow, vocoder } = published;
  const llama = {
    ...languageModel.llama,
    ...{ vocabulary: 300, width: 32, hidden: 48, heads: 2, kvHeads: 1, headSize: 16, attentionScale: 0.25 },
    layers: languageModel.llama.layers.slice(0, 2),
    ropes: { global: { ...languageModel.llama.ropes.global!, size: 16 } },
  };
  const marks = languageModel.speechRows - layout.tokens; // ends and, in generation 3, sos and task
  const moved = (row: number) => (row >= layout.tokens ? row - layout.tokens + SPEECH : row);
  const shared = { vocabulary: SPEECH, speaker: SPEAKER, steps: 2 };
  return {
    ...published,
    languageModel: { ...languageModel, llama, speechRows: SPEECH + Math.min(marks, 5) },
    layout: { sos: moved(layout.sos), task: moved(layout.task), tokens: SPEECH, blocked: SPEECH },
    flow:
      flow.generation === 2
        ? {
            ...{ ...flow, ...shared },
            encoder: { width: 24, heads: 2, hidden: 32, layers: 1, upLayers: 1 },
            estimator: { channels: [16], transformers: 1, middles: 1, heads: 2, headSize: 8 },
          }
        : {
            ...{ ...flow, ...shared, lookaheadChannels: 16 },
            estimator: { width: 32, layers: 2, heads: 2, hidden: 48, convKernel: 5, convGroups: 2 },
          },
    vocoder: { ...vocoder, channels: 16, f0Channels: 8 },
    silent: published.silent.filter((id) => id < SPEECH),
  };
}

/** Writes the folder and answers its path. The content of a .pt file decides how it is read: these are safetensors. */
export async function tinyCosyvoice(folder: string, config: CosyvoiceConfig): Promise<string> {
  const write = (file: string, tensors: Iterable<readonly [string, FloatTensor]>) =>
    writeSafetensors(join(folder, file), [...tensors]);
  await write("llm.pt", wavyWeights(speechLmGraph(config.languageModel)));
  const flow = [encoderGraph(config.flow, "whole", "final"), estimatorGraph(config.flow, "whole")];
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
  const text = join(folder, "CosyVoice-BlankEN");
  await mkdir(text);
  await writeFile(join(text, "vocab.json"), JSON.stringify(Object.fromEntries(BYTE_CHARACTERS.map((c, i) => [c, i]))));
  await writeFile(join(text, "merges.txt"), "#version: 0.2\n");
  const yaml = Object.keys(COSYVOICE_CONFIGS).find((name) => COSYVOICE_CONFIGS[name]!.name === config.name)!;
  await writeFile(join(folder, yaml), "# which generation it is, its name says\n");
  return folder;
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
