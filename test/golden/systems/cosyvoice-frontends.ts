/** Front ends and tokenizers of speech against their golden cases. */
import type { Engine } from "../../../src/engine/engine.js";
import { i32, type FloatTensor, type Tensor, tensor } from "../../../src/engine/tensor.js";
import { renamed } from "../../../src/engine/weights/views.js";
import {
  kaldiFilterBank,
  logMel,
  mirrored,
  powerFrames,
  tokenizerMel,
} from "../../../src/tokenizers/speech/audio/mel.js";
import { melBank } from "../../../src/tokenizers/speech/audio/mel-bank.js";
import { hann } from "../../../src/tokenizers/speech/audio/windows.js";
import { parseS3Config, type S3Config } from "../../../src/tokenizers/speech/s3/s3-config.js";
import { boundedScalars, vectorIds } from "../../../src/tokenizers/speech/s3/s3-graphs.js";
import { digitsOf, scalarIds } from "../../../src/tokenizers/speech/s3/scalar-codes.js";
import { openSpeechTokenizer, s3Graph } from "../../../src/tokenizers/speech/s3/speech-tokenizer.js";
import { opsOf } from "../../../src/engine/ops/index.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import { type Comparison, compare, type Numbers } from "../compare.js";
import { judge } from "../judge.js";
import { shapedLike, tapped } from "./tapped.js";

export async function* cosyvoiceMel(folder: string, golden: GoldenCase): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const wav16 = io.get("in.wav16")!.data as Float32Array;
  const bank = melBank({ sampleRate: 16000, size: 400, mels: 128, low: 0, high: 8000, scale: "slaney" });
  const power = powerFrames(mirrored(wav16, 200), 400, 160, hann(400))[5]!;
  const answers = new Map<string, Numbers>([
    ["out.logmel128", tokenizerMel(wav16, 128)],
    ["out.bank128_16k", tensor([128, 201], Float32Array.from(bank.weights))],
    ["out.power_f5", tensor([201], Float32Array.from(power))],
  ]);
  for (const version of ["v1", "v2", "v3"]) {
    const { n_fft, hop, sr, fmax } = golden.config[version] as Readonly<Record<string, number | null>>;
    const wav = io.get(sr === 22050 ? "in.wav22" : "in.wav24")!.data as Float32Array;
    const mel = logMel(wav, { sampleRate: sr!, size: n_fft!, hop: hop!, mels: 80, high: fmax ?? sr! / 2 });
    answers.set(`out.mel80_${version}`, mel);
  }
  yield* judge(golden, io, ["in.wav16", "in.wav22", "in.wav24"], (name, expected) => {
    const actual = answers.get(name);
    return actual && shapedLike(actual, expected);
  });
}

export async function* cosyvoiceFilterBank(folder: string, golden: GoldenCase): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const wav = io.get("in.wav16")!.data as Float32Array;
  const plain = kaldiFilterBank(wav, { centred: false });
  yield* judge(golden, io, ["in.wav16", "out.fbank_package"], (name) =>
    name === "out.fbank" ? plain : name === "out.fbank_centred" ? kaldiFilterBank(wav, { centred: true }) : undefined,
  );
  // The package rounds to float32 on the way: compared to 5e-3, and only where the value is above -14.
  const rounded = io.get("out.fbank_package") as FloatTensor;
  const loud = rounded.data.map((value, i) => (value > -14 ? plain.data[i]! : value));
  yield compare("out.fbank_package", tensor(rounded.shape, loud), rounded, { abs: 5e-3, rel: 0 });
}

export async function* s3Quantizers(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const hidden = io.get("in.hidden") as FloatTensor;
  const [, frames, dim] = hidden.shape as [number, number, number];
  const codebook = golden.config.vq_codebook as number;
  const scalars = weights.entries.get("fsq._codebook.project_down.bias")!.shape[0]!;
  const { pre, ids, rows } = await tapped(
    engine,
    weights,
    (g, tap) => {
      const input = g.input("hidden", [1, "N", dim]);
      tap("pre", boundedScalars(g, "fsq", { kind: "scalar", scalars, memory: 31 }, input));
      const found = tap("ids", vectorIds(g, "vq", { kind: "vector", codebook, positions: 1 }, input));
      const picked = opsOf(g).embedding(found, g.weight("vq._codebook.embed", [codebook, dim]));
      tap("rows", opsOf(g).transpose(picked, { permutation: [0, 2, 1] }));
    },
    { hidden },
  );
  const fsq = scalarIds(pre!.data as Float32Array, scalars);
  const answers = new Map<string, Numbers>([
    ["out.fsq_pre", pre!],
    ["out.fsq_ids", i32([1, frames], fsq)],
    ["out.fsq_digits", i32([1, frames, scalars], digitsOf(fsq, scalars))],
    ["out.vq_ids", ids!],
    ["out.vq_decoded", rows!],
  ]);
  const { tensors } = golden;
  const stored = Object.fromEntries(Object.entries(tensors).filter(([name]) => !weights.entries.has(name)));
  yield* judge({ ...golden, tensors: stored }, io, ["in.hidden"], (name) => answers.get(name));
}

export async function* s3Tokenizer(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const config = s3ConfigOf(golden);
  const mel = io.get("in.mel") as FloatTensor;
  const lengths = [...io.get("in.mel_len")!.data];
  await using tokenizer = openSpeechTokenizer(engine, config, weights);
  const ids = await tokenizer.encodeMel(mel, lengths);
  const N = ids.shape[1]!;
  const counts = lengths.map((_, b) => ids.data.subarray(b * N, (b + 1) * N).filter((id) => id >= 0).length);

  // Hidden states of the same run, by an engine that shows them.
  let seen: Readonly<Record<string, Tensor>> = {};
  const watching: Engine = {
    device: engine.device,
    compile: async (graph, checkpoint, options) => {
      const outputs: Record<string, (typeof graph.nodes)[number]> = {};
      const batch = graph.inputs.some(({ source }) => "name" in source && source.name === "bias")
        ? "own lengths"
        : "equal lengths";
      const twin = s3Graph(config, batch, (path, value) => (outputs[path] = value));
      const program = await engine.compile({ ...twin, outputs: { ...outputs, ...twin.outputs } }, checkpoint, options);
      return { ...program, run: async (inputs) => (seen = await program.run(inputs)), close: () => program.close() };
    },
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  const open = openSpeechTokenizer(watching, config, renamed(weights, [[/$/, ""]]));
  await open.encodeMel(mel, lengths);
  await open.close();
  const answers = new Map<string, Numbers | undefined>([
    ["out.ids", ids],
    ["out.code_len", i32([counts.length], counts)],
    ["out.hidden", seen.hidden],
    ["out.after_block0", seen["encoder.blocks.0"]],
    ["out.fsq_pre", seen.scalars],
  ]);
  yield* judge(golden, io, ["in.mel", "in.mel_len"], (name) => answers.get(name));
}

function s3ConfigOf({ config }: GoldenCase): S3Config {
  const sizes = { mels: config.n_mels, width: config.n_state, heads: config.n_head, layers: config.n_layer };
  if (Object.hasOwn(config, "codebook")) {
    const codes = { kind: "vector", codebook: config.codebook, positions: config.n_ctx };
    return parseS3Config("case.json config", { ...sizes, strides: [config.conv1_stride, 2], codes });
  }
  const codes = { kind: "scalar", scalars: 8, memory: config.kernel };
  return parseS3Config("case.json config", { ...sizes, strides: [2, 2], codes });
}
