/** Flow matching decoders of the three generations against their golden cases. */
import type { Engine, Program } from "../../../src/engine/engine.js";
import type { Graph, Value } from "../../../src/engine/graph.js";
import { type FloatTensor, type Tensor, tensor } from "../../../src/engine/tensor.js";
import type { Checkpoint } from "../../../src/engine/weights/checkpoint.js";
import { chunkMask } from "../../../src/tokenizers/speech/flow/chunk-mask.js";
import { cosineTimes } from "../../../src/tokenizers/speech/flow/euler.js";
import { type FlowConfig, parseFlowConfig } from "../../../src/tokenizers/speech/flow/flow-config.js";
import { openFlowDecoder } from "../../../src/tokenizers/speech/flow/flow-decoder.js";
import { encoderGraph, estimatorGraph } from "../../../src/tokenizers/speech/flow/flow-graphs.js";
import type { StartNoise } from "../../../src/tokenizers/speech/flow/start-noise.js";
import type { Tap } from "../../../src/tokenizers/tap.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import type { Comparison, Numbers } from "../compare.js";
import { judge } from "../judge.js";
import { headOf, shapedLike } from "./tapped.js";

const INPUTS = ["in.token", "in.prompt_token", "in.prompt_feat", "in.embedding", "in.z"];

export async function* cosyvoiceFlow(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const config = configOf(golden, weights);
  const { streaming, finalize } = golden.config;
  const z = io.get("in.z") as FloatTensor;

  // What users call, on an engine that shows every intermediate value and keeps what each run gave.
  const watched = new Watched(engine, config);
  await using decoder = openFlowDecoder(watched.engine, config, weights);
  const mel = await decoder.decode({
    tokens: io.get("in.token")!.data,
    prompt: { tokens: io.get("in.prompt_token")!.data, mel: columnsOf(io.get("in.prompt_feat") as FloatTensor) },
    speaker: io.get("in.embedding")!.data as Float32Array,
    noise: given(z),
    masks: streaming ? "chunks" : "whole",
    ending: finalize === false ? "more to come" : "final",
  });

  const { encoder, regulator, steps } = watched;
  const times = cosineTimes(config.steps);
  const answers = new Map<string, Numbers | undefined>([
    ["out.mel", mel],
    ["out.mu", encoder.encoder_proj],
    ["out.enc", encoder["encoder.after_norm"]],
    ["out.enc_embed", encoder["encoder.embed"]],
    ["out.enc_lookahead", encoder["encoder.pre_lookahead_layer"]],
    ["out.enc_layers", encoder["encoder.encoders"]],
    ["out.enc_upsampled", encoder["encoder.up_layer"]],
    ["out.lookahead", encoder.pre_lookahead_layer],
    ["out.spk80", encoder.speaker],
    ["out.regulator_in", regulator.columns],
    ["out.regulator_out", regulator.mu],
    ["out.t", tensor([config.steps], times.slice(0, config.steps))],
    ["out.x_step5", steps[5]?.x],
    ["out.v_step0", steps[0]?.velocity],
    ["out.v_step9", steps[9]?.velocity],
    ["out.t_emb0", steps[0]?.time_mlp],
    ["out.time_embed0", steps[0]?.time_embed],
    ["out.est_resnet0", steps[0]?.["decoder.estimator.down_blocks.0.0"]],
    ["out.est_block0", steps[0]?.["decoder.estimator.down_blocks.0.1.0"]],
    ["out.down0", steps[0]?.["decoder.estimator.down_blocks.0.2"]],
    ["out.up0", steps[0]?.["decoder.estimator.up_blocks.0.2"]],
    ["out.input_embed0", steps[0]?.input_embed],
    ["out.attn0", steps[0]?.["attn.0"]],
    ["out.block0", steps[0]?.["block.0"]],
  ]);
  if (config.generation !== 1 && io.has("out.mask_tokens")) {
    const visible = (name: string, chunk: number) => {
      const expected = io.get(name)!;
      const mask = chunkMask(expected.shape[0]!, chunk);
      answers.set(name, { shape: expected.shape, data: Uint8Array.from(mask.data, (bias) => (bias === 0 ? 1 : 0)) });
    };
    visible("out.mask_tokens", config.chunk);
    visible("out.mask_frames", config.chunk * config.framesPerToken);
  }
  if (io.has("out.flow_cache"))
    answers.set("out.flow_cache", cacheOf(z, regulator.mu as FloatTensor, golden.config.mel_len1 as number));

  yield* judge({ ...golden, tensors: withoutUnstored(golden, io) }, io, INPUTS, (name, expected) => {
    const actual = answers.get(name);
    return actual && shapedLike(headOf(actual, expected), expected);
  });
}

/** Some cases list masks that they do not hold, under names that do not begin with "in." or "out.". */
const withoutUnstored = ({ tensors }: GoldenCase, io: ReadonlyMap<string, Numbers>): GoldenCase["tensors"] =>
  Object.fromEntries(Object.entries(tensors).filter(([name]) => /^(in|out)\./.test(name) || io.has(name)));

type Named = Readonly<Record<string, Tensor>>;

/** Compiles graphs of the decoder with every tapped value as an output, too. */
class Watched {
  encoder: Named = {};
  regulator: Named = {};
  readonly steps: Named[] = [];
  readonly engine: Engine;

  constructor(engine: Engine, config: FlowConfig) {
    this.engine = {
      ...engine,
      device: engine.device,
      compile: async (graph, weights, options) => {
        const opened = tappedTwin(graph, config);
        return this.recording(graph.name, await engine.compile(opened, weights, options));
      },
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
  }

  private recording(name: string, program: Program): Program {
    return {
      graph: program.graph,
      allocate: (sizes) => program.allocate(sizes),
      run: async (inputs, memory) => {
        const outputs = await program.run(inputs, memory);
        const seen = {
          ...Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, copy(value)])),
          ...outputs,
        };
        if (name === "flow-encoder") this.encoder = seen;
        else if (name === "flow-regulator") this.regulator = seen;
        else this.steps.push(seen);
        return outputs;
      },
      close: () => program.close(),
      [Symbol.asyncDispose]: () => program.close(),
    };
  }
}

const copy = ({ shape, data }: Tensor): Tensor => ({ shape, data: data.slice() });

/** The graph of the same name and inputs once more, with its taps as outputs. */
function tappedTwin(graph: Graph, config: FlowConfig): Graph {
  const names = graph.inputs.map(({ source }) => ("name" in source ? source.name : ""));
  const masks = names.some((name) => name.startsWith("mask")) ? "chunks" : "whole";
  const outputs: Record<string, Value> = {};
  const tap: Tap = (path, value) => (outputs[path] = value);
  if (graph.name === "flow-regulator") return graph;
  const final =
    graph.weights.length > 0 &&
    !graph.nodes.some(({ source }) => source.kind === "node" && source.node.op === "cropTo");
  const twin =
    graph.name === "flow-encoder"
      ? encoderGraph(config, masks, final ? "final" : "more to come", tap)
      : estimatorGraph(config, masks, tap);
  return { ...twin, outputs: { ...outputs, ...twin.outputs } };
}

/** Rows [T, C] as [1, C, T]. */
function columnsOf({ shape, data }: FloatTensor): FloatTensor {
  const [T, C] = shape as [number, number];
  const out = new Float32Array(data.length);
  for (let t = 0; t < T; t++) for (let c = 0; c < C; c++) out[c * T + t] = data[t * C + c]!;
  return tensor([1, C, T], out);
}

/** The noise that the case brings, [mels, frames]. */
const given = ({ shape, data }: FloatTensor): StartNoise => {
  return (channels, from, to) => {
    const T = shape[1]!;
    const out = new Float32Array(channels * (to - from));
    for (let c = 0; c < channels; c++) out.set(data.subarray(c * T + from, c * T + to), c * (to - from));
    return out;
  };
};

/** What the reference keeps for the next piece: (noise, mu) of the frames of the prompt and of the last 34, [80, frames, 2]. */
function cacheOf(z: FloatTensor, mu: FloatTensor, prompt: number): FloatTensor {
  const [C, T] = z.shape as [number, number];
  const frames = [...Array(prompt).keys(), ...Array.from({ length: 34 }, (_, i) => T - 34 + i)];
  const data = new Float32Array(C * frames.length * 2);
  for (let c = 0; c < C; c++)
    frames.forEach((frame, i) =>
      data.set([z.data[c * T + frame]!, mu.data[c * T + frame]!], (c * frames.length + i) * 2),
    );
  return tensor([C, frames.length, 2], data);
}

function configOf({ config }: GoldenCase, weights: Checkpoint): FlowConfig {
  const shared = {
    vocabulary: config.vocab,
    speaker: config.spk,
    mels: 80,
    tokenRate: config.rate ?? 25,
    steps: config.n_timesteps ?? 10,
    guidance: config.inference_cfg_rate ?? 0.7,
  };
  if (Object.hasOwn(config, "depth")) {
    const estimator = {
      width: config.dim,
      layers: config.depth,
      heads: config.heads,
      hidden: (config.dim as number) * (config.ff_mult as number),
      convKernel: config.conv_pos_kernel,
      convGroups: config.conv_pos_groups,
    };
    const chunked = { framesPerToken: 2, chunk: config.chunk };
    return parseFlowConfig("case.json config", {
      ...shared,
      ...chunked,
      generation: 3,
      lookaheadChannels: config.plc,
      estimator,
    });
  }
  const encoder = { width: config.d, heads: config.heads, hidden: config.ff, layers: config.blocks };
  const unet = config.estimator as Readonly<Record<string, unknown>>;
  const estimator = {
    channels: unet.channels,
    transformers: unet.n_blocks,
    middles: unet.num_mid_blocks,
    heads: unet.num_heads,
    headSize: unet.attention_head_dim,
  };
  if (Object.hasOwn(config, "mel_len1"))
    return parseFlowConfig("case.json config", {
      ...shared,
      generation: 1,
      sampleRate: 22050,
      hop: 256,
      encoder,
      estimator,
    });
  // The case says how many layers there are before the upsampling only.
  const upLayers = [...weights.entries.keys()].filter((name) =>
    /^encoder\.up_encoders\.\d+\.norm_ff\.bias$/.test(name),
  ).length;
  const chunked = { framesPerToken: 2, chunk: config.chunk };
  return parseFlowConfig("case.json config", {
    ...shared,
    ...chunked,
    generation: 2,
    encoder: { ...encoder, upLayers },
    estimator,
  });
}
