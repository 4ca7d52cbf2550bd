/** HiFT of the three generations against its golden cases. */
import type { Engine } from "../../../src/engine/engine.js";
import { type FloatTensor, tensor } from "../../../src/engine/tensor.js";
import { withoutWeightNorm } from "../../../src/engine/weights/weight-norm.js";
import { harmonicSource } from "../../../src/tokenizers/speech/vocoder/harmonic-source.js";
import { openHift, withZeros } from "../../../src/tokenizers/speech/vocoder/hift.js";
import { type HiftConfig, hopOf, parseHiftConfig } from "../../../src/tokenizers/speech/vocoder/hift-config.js";
import { merged, synthesised, WAVE_AHEAD } from "../../../src/tokenizers/speech/vocoder/hift-graphs.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import { type Comparison, compare, type Numbers } from "../compare.js";
import { judge } from "../judge.js";
import { headOf, tapped } from "./tapped.js";

export async function* cosyvoiceHift(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const config = configOf(golden);
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const data = (name: string) => io.get(name)!.data as Float32Array;
  const T = golden.config.T as number;
  const mel = tensor([1, config.mels, T], data("in.mel"));
  const answers = new Map<string, Numbers>();

  await using hift = await openHift(engine, config, weights);
  const f0 = await hift.fundamental(mel, "final");
  answers.set("out.f0", tensor([T], f0));

  // From here on each part is given what the reference had, so that one error shows in one tensor.
  const noise = data("in.source_noise");
  const count = config.harmonics + 1;
  const hop = hopOf(config);
  const sines = harmonicSource(config, {
    ...{ f0: data("out.f0"), from: 0, to: T, initial: data("in.initial") },
    noise: (sample, h) => noise[sample * count + h]!,
  });
  answers.set("out.sine_first", tensor([T * hop, count], sines));
  const folded = withoutWeightNorm(weights);
  const { source } = await tapped(
    engine,
    folded,
    (g, tap) => tap("source", merged(g, config, g.input("sines", ["B", "L", count]))),
    { sines: tensor([1, T * hop, count], sines) },
  );
  answers.set("out.source", source!);
  const stored = data("out.source");
  const inside = await tapped(
    engine,
    folded,
    (g, tap) => {
      synthesised(g, config, g.input("mel", ["B", config.mels, "T"]), g.input("source", ["B", "L"]), tap);
    },
    {
      mel: config.layers === "causal" ? withZeros(mel, WAVE_AHEAD) : mel,
      source: tensor([1, stored.length], stored),
    },
  );
  for (const [name, path] of Object.entries(INSIDE)) answers.set(name, inside[path]!);
  answers.set("out.wav", tensor([stored.length], await hift.synthesise(mel, stored, "final")));

  if (io.has("out.wav_chunk")) answers.set("out.wav_chunk", await chunk(golden, mel, hift, stored));
  const exact = { ...golden, tolerance: { ...golden.tolerance, rel_overrides: { "out.wav": 2e-4 } } };
  yield* judge(exact, io, ["in.mel", "in.source_noise", "in.initial"], (name, expected) => {
    const actual = answers.get(name);
    return actual && headOf(actual, expected);
  });
  const wav = answers.get("out.wav")!;
  yield { ...compare("out.wav given the source", wav, io.get("out.wav")!, { abs: 2e-4, rel: 0 }) };
}

const INSIDE = {
  "out.source_stft_head": "source_stft",
  "out.conv_pre": "conv_pre",
  "out.up0": "ups.0",
  "out.source_down0": "source_downs.0",
  "out.source_res0": "source_resblocks.0",
  "out.resblock0": "resblocks of ups.0", // the reference adds the other two blocks in place to the tensor that was recorded
  "out.conv_post": "conv_post",
};

/** The first `cut` frames with more to come: the last 3 give no fundamental, 4 more no sound, and the inverse transform is cut by a frame. */
async function chunk(
  golden: GoldenCase,
  mel: FloatTensor,
  hift: Awaited<ReturnType<typeof openHift>>,
  source: Float32Array,
): Promise<Numbers> {
  const cut = golden.config.cut as number;
  const f0 = await hift.fundamental(firstFrames(mel, cut), "more to come");
  const heard = firstFrames(mel, f0.length);
  const samples = await hift.synthesise(heard, source.subarray(0, f0.length * hift.hop), "more to come");
  const kept = samples.subarray(0, samples.length - hift.hop);
  return tensor([kept.length], kept);
}

export function firstFrames({ shape, data }: FloatTensor, count: number): FloatTensor {
  const [, C, T] = shape as [number, number, number];
  const out = new Float32Array(C * count);
  for (let c = 0; c < C; c++) out.set(data.subarray(c * T, c * T + count), c * count);
  return tensor([1, C, count], out);
}

function configOf({ config, tensors, ...rest }: GoldenCase): HiftConfig {
  const causal = Object.hasOwn(tensors, "out.wav_chunk");
  const notes = rest.notes as readonly string[]; // the only place where a case says how its phase is made
  const dilations = config.source_resblock_dilation_sizes as number[][];
  return parseHiftConfig("case.json config", {
    layers: causal ? "causal" : "centred",
    phase: causal
      ? "held by frames"
      : notes.some((note) => note.includes("at sample rate"))
        ? "each sample"
        : "between frames",
    sampleRate: config.sampling_rate,
    mels: 80,
    channels: config.base,
    upsampleRates: config.upsample_rates,
    upsampleKernels: config.upsample_kernel_sizes,
    resKernels: config.resblock_kernel_sizes ?? [3, 7, 11],
    resDilations: config.resblock_dilation_sizes ?? [dilations[0], dilations[0], dilations[0]],
    sourceKernels: config.source_resblock_kernel_sizes,
    sourceDilations: dilations,
    fftSize: config.n_fft,
    fftHop: config.hop_len,
    harmonics: config.nb_harmonics,
    f0Channels: config.f0ch,
    sineAmplitude: config.nsf_alpha,
    noiseAmplitude: config.nsf_sigma,
    voicedAbove: config.voiced_threshold,
  });
}
