/** The latent transformer and the latent codec of pocket-tts against their golden cases. */
import type { FlowLmConfig } from "../../../src/core/flow-lm/config.js";
import { type LatentFrame, openFlowLm } from "../../../src/core/flow-lm/flow-lm.js";
import { headGraph } from "../../../src/core/flow-lm/graphs.js";
import type { Engine, Memory } from "../../../src/engine/engine.js";
import type { Value } from "../../../src/engine/graph.js";
import { type FloatTensor, type Tensor, tensor } from "../../../src/engine/tensor.js";
import {
  type LatentCodecConfig,
  latentDecoder,
  openLatentCodec,
  placeInputs,
} from "../../../src/tokenizers/speech/codecs/latent-codec.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import type { Comparison, Numbers } from "../compare.js";
import { judge } from "../judge.js";
import { shapedLike } from "./tapped.js";

type Sizes = Readonly<Record<string, number>>;

export async function* pocketFlowLm(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const { d, heads, layers, vocab, latent: L, fd, fdepth, steps, lsd } = golden.config as Sizes;
  const shapeOf = (name: string) => weights.entries.get(name)!.shape;
  const config: FlowLmConfig = {
    ...{ width: d!, heads: heads!, layers: layers!, textRows: vocab! + 1, latent: L!, voice: L! },
    hidden: shapeOf("transformer.layers.0.linear1.weight")[0]!, // the case does not say
    voiceMark: golden.config.bos_voice === true,
    head: { width: fd!, blocks: fdepth!, frequencies: shapeOf("flow_net.time_embed.0.freqs")[0]! },
  };
  const data = (name: string) => io.get(name)!.data as Float32Array;

  let memory: Memory | undefined;
  let keys: FloatTensor | undefined;
  let voiceRows: Tensor | undefined;
  const watching: Engine = {
    ...engine,
    device: engine.device,
    compile: async (graph, checkpoint, options) => {
      const program = await engine.compile(graph, checkpoint, options);
      return {
        graph,
        close: () => program.close(),
        [Symbol.asyncDispose]: () => program.close(),
        allocate: async (sizes) => (memory = await program.allocate(sizes)),
        run: async (inputs, given) => {
          const outputs = await program.run(inputs, given);
          if (graph.name === "flow-lm-voice") voiceRows = outputs.rows;
          if (given) keys = await memory!.read("layers.0.key");
          return outputs;
        },
      };
    },
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  await using model = await openFlowLm(watching, config, weights);
  const frames: LatentFrame[] = [];
  const voice = tensor([1, io.get("in.voice_latents")!.shape[0]!, L!], data("in.voice_latents"));
  const run = model.generate({
    voice: await model.listen(voice),
    text: io.get("in.text")!.data,
    noise: (frame) => data("in.noise").slice(frame * L!, (frame + 1) * L!),
    ...{ steps: lsd!, most: steps!, afterEnd: steps! }, // the reference goes on to the last step, whatever is said of the end
  });
  for await (const frame of run) frames.push(frame);

  const inside: Record<string, Value> = {};
  const graph = headGraph(config, (name, value) => (inside[name] = value));
  await using head = await engine.compile({ ...graph, outputs: { ...graph.outputs, ...inside } }, weights);
  const probe = await head.run({
    x: io.get("in.probe_x") as FloatTensor,
    span: io.get("in.probe_st") as FloatTensor,
    hidden: io.get("in.probe_c") as FloatTensor,
  });
  const rows = (of: (frame: LatentFrame) => ArrayLike<number>): Numbers => {
    const all = frames.flatMap((frame) => Array.from(of(frame)));
    return tensor([all.length], Float32Array.from(all));
  };
  const answers = new Map<string, Numbers | undefined>([
    ["out.voice_rows", voiceRows],
    ["out.hidden", rows(({ hidden }) => hidden)],
    ["out.eos_logit", rows(({ endLogit }) => [endLogit])],
    ["out.latents", rows(({ latent }) => latent)],
    ["out.latents_denormalised", rows(({ audible }) => audible)],
    ["out.keys_layer0", keys && positionsFirst(keys)],
    ["out.probe_v", probe.velocity],
    ["out.probe_time_embed0", probe["time 0"]],
    ["out.probe_block0", probe["block 0"]],
  ]);
  const inputs = [...io.keys()].filter((name) => name.startsWith("in."));
  yield* judge(golden, io, inputs, (name, expected) => {
    const actual = answers.get(name);
    return actual && shapedLike(actual, expected);
  });
}

export async function* pocketCodec(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const { dim, nf, heads, layers, ctx, inner, up } = golden.config as Sizes;
  const config: LatentCodecConfig = {
    ...{
      sampleRate: 24000,
      latent: inner!,
      encoded: inner!,
      width: dim!,
      filters: nf!,
      heads: heads!,
      layers: layers!,
      window: ctx!,
    },
    hidden: weights.entries.get("decoder_transformer.transformer.layers.0.linear1.weight")!.shape[0]!, // the case does not say
    resampling: up!,
    ratios: golden.config.ratios as number[],
  };
  const latents = io.get("in.latents") as FloatTensor;
  const F = latents.shape[1]!;
  const batch = tensor([1, inner!, F], latents.data);
  await using codec = openLatentCodec(engine, config, weights);
  const stream = codec.decodeStream();
  const pieces: number[] = [];
  for (let frame = 0; frame < F; frame++) {
    const one = Float32Array.from({ length: inner! }, (_, c) => latents.data[c * F + frame]!);
    pieces.push(...(await stream.push(tensor([1, inner!, 1], one))));
  }
  const inside: Record<string, Value> = {};
  const graph = latentDecoder(config, "whole", (path, value) => (inside[path] = value));
  await using program = await engine.compile({ ...graph, outputs: inside }, weights);
  const seen = await program.run({ latents: batch, ...placeInputs(config, 0, F * up!) });
  const samples = await codec.decode(batch);
  const answers = new Map<string, Numbers | undefined>([
    ["out.audio_out", tensor([samples.length], samples)],
    ["out.audio_out_streamed", tensor([pieces.length], Float32Array.from(pieces))],
    ["out.encoded", await codec.encode(io.get("in.audio")!.data as Float32Array)],
    ["out.quantizer_out", seen.quantizer],
    ["out.upsampled", seen.upsample],
    ["out.transformer_out", seen.decoder_transformer],
  ]);
  yield* judge(golden, io, ["in.latents", "in.audio"], (name, expected) => {
    const actual = answers.get(name);
    return actual && shapedLike(actual, expected);
  });
}

/** [1, H, N, D] as [N, H, D]. */
function positionsFirst({ shape, data }: FloatTensor): FloatTensor {
  const [, H, N, D] = shape as [number, number, number, number];
  const out = new Float32Array(data.length);
  for (let h = 0; h < H; h++)
    for (let n = 0; n < N; n++) out.set(data.subarray((h * N + n) * D, (h * N + n + 1) * D), (n * H + h) * D);
  return tensor([N, H, D], out);
}
