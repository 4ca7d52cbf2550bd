/** Vocos, SNAC and Mimi's quantizer against their golden cases. */
import type { Engine } from "../../../src/engine/engine.js";
import { GraphBuilder } from "../../../src/engine/graph.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../../../src/engine/tensor.js";
import { withoutWeightNorm } from "../../../src/engine/weights/weight-norm.js";
import { openSnac, type SnacConfig, snacGraphs } from "../../../src/tokenizers/speech/codecs/snac.js";
import {
  bookRows,
  type SplitRvqConfig,
  splitIds,
  splitLatents,
} from "../../../src/tokenizers/speech/codecs/split-rvq.js";
import { openVocos, type VocosConfig, vocosWaveform } from "../../../src/tokenizers/speech/vocoder/vocos.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import type { Comparison, Numbers } from "../compare.js";
import { judge } from "../judge.js";
import { shapedLike, tapped } from "./tapped.js";

type Sizes = Readonly<Record<string, number>>;

export async function* vocos(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const { mel, dim, inter, layers, nfft, hop, T } = golden.config as Sizes;
  const config: VocosConfig = {
    ...{ features: mel!, width: dim!, hidden: inter!, layers: layers!, fftSize: nfft!, hop: hop! },
    // A case says its placement in prose; its number of samples says it, too.
    placement: io.get("out.audio")!.data.length === T! * hop! ? "same" : "center",
    conditions: (golden.config.ada as number | undefined) ?? null,
  };
  const features = tensor([1, mel!, T!], io.get("in.features")!.data as Float32Array);
  const condition = io.get("in.bandwidth_id")?.data[0] ?? 0;
  await using vocoder = openVocos(engine, config, weights);
  const audio = await vocoder.synthesise(features, condition);
  const inside = await tapped(
    engine,
    weights,
    (g, tap) => {
      const given = config.conditions === null ? null : g.input("condition", [1], "i32");
      vocosWaveform(g, config, g.input("features", ["B", config.features, "T"]), given, tap);
    },
    { features, ...(config.conditions !== null && { condition: i32([1], [condition]) }) },
  );
  const block = inside["backbone.convnext.0"]!;
  const answers = new Map<string, Numbers>([
    ["out.audio", audio],
    ["out.block0", turned(block as FloatTensor)],
    ["out.hidden", inside.hidden!],
    ["out.magnitude", inside.magnitude!],
    ["out.phase", inside.phase!],
  ]);
  yield* judge(listed(golden, io), io, ["in.features", "in.bandwidth_id"], (name, expected) => {
    const actual = answers.get(name);
    return actual && shapedLike(actual, expected);
  });
}

export async function* snac(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const { ed, dd, cb, cd } = golden.config as Sizes;
  const config: SnacConfig = {
    ...{ sampleRate: 24000, encoderWidth: ed!, decoderWidth: dd!, codebook: cb!, codeSize: cd! },
    rates: golden.config.rates as number[],
    strides: golden.config.strides as number[],
    window: (golden.config.window as number | undefined) ?? null,
  };
  const audio = io.get("in.audio")!.data as Float32Array;
  await using codec = openSnac(engine, config, weights);
  const books = await codec.encode(audio);
  const answers = new Map<string, Numbers>();
  books.forEach((ids, i) => answers.set(`out.codes_${i}`, i32([ids.length], ids)));
  const samples = await codec.decode(books, null);
  answers.set("out.audio_out", tensor([samples.length], samples));

  const inside = new Map<string, Tensor>();
  const folded = withoutWeightNorm(weights);
  const outputs: Record<string, FloatTensor | unknown> = {};
  const graphs = snacGraphs(config, (path, value) => ((outputs[path] = value), value));
  const padded = new Float32Array(Math.ceil(audio.length / samples.length) * samples.length);
  padded.set(audio);
  const T = books[0]!.length * config.strides[0]!;
  const ids = config.strides.map(
    (stride, i) =>
      [
        `ids ${i}`,
        i32(
          [1, T],
          Array.from({ length: T }, (_, t) => books[i]![Math.floor(t / stride)]!),
        ),
      ] as const,
  );
  let length = T;
  const noise = config.rates.toReversed().map((rate, i) => {
    length *= rate;
    return [`noise ${i}`, tensor([1, 1, length], new Float32Array(length))] as const;
  });
  const firstBlock = `decoder.model.${config.window === null ? 2 : 3}`;
  const runs = [
    [graphs.encoder, { samples: tensor([1, 1, padded.length], padded) }, ["encoder"]],
    [graphs.decoder, Object.fromEntries([...ids, ...noise]), ["latents", firstBlock]],
  ] as const;
  for (const [graph, inputs, paths] of runs) {
    const shown = Object.fromEntries(paths.map((path) => [path, outputs[path]]));
    await using program = await engine.compile({ ...graph, outputs: shown } as typeof graph, folded);
    for (const [path, value] of Object.entries(await program.run(inputs))) inside.set(path, value);
  }
  answers.set("out.encoder_out", inside.get("encoder")!);
  answers.set("out.zq", inside.get("latents")!);
  answers.set("out.decoder_block0", inside.get(firstBlock)!);
  yield* judge(listed(golden, io), io, ["in.audio"], (name, expected) => {
    const actual = answers.get(name);
    return actual && shapedLike(actual, expected);
  });
}

export async function* mimiRvq(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const { dim, io: channels, nq, bins } = golden.config as Sizes;
  const config: SplitRvqConfig = { channels: channels!, codeSize: dim!, rows: bins!, books: nq! };
  const latents = io.get("in.x") as FloatTensor;
  const g = new GraphBuilder("rvq");
  const ids = splitIds(g, config, g.input("x", ["B", config.channels, "T"]));
  const outputs = {
    ...Object.fromEntries(ids.map((row, i) => [`ids ${i}`, row])),
    decoded: splitLatents(g, config, ids),
    first: splitLatents(g, config, ids.slice(0, 1)),
    rows: bookRows(g, config, "rvq_first.vq.layers.0"),
  };
  await using program = await engine.compile(g.build(outputs), weights);
  const found = await program.run({ x: latents });
  const codes = ids.map((_, i) => found[`ids ${i}`]!.data);
  const answers = new Map<string, Numbers>([
    [
      "out.codes",
      i32(
        [config.books, codes[0]!.length],
        codes.flatMap((row) => [...row]),
      ),
    ],
    ["out.decoded", found.decoded!],
    ["out.decoded_first", found.first!],
    ["out.embedding_0", found.rows!],
  ]);
  yield* judge(golden, io, ["in.x"], (name, expected) => {
    const actual = answers.get(name);
    return actual && shapedLike(actual, expected);
  });
}

/** Some cases list tensors under names without "in." or "out." that they hold under another name, or not at all. */
export function listed(golden: GoldenCase, io: ReadonlyMap<string, Numbers>): GoldenCase {
  const names = Object.entries(golden.tensors).filter(([name]) => /^(in|out)\./.test(name) || io.has(name));
  return { ...golden, tensors: Object.fromEntries(names) };
}

/** [1, T, C] as [C, T]. */
function turned({ shape, data }: FloatTensor): FloatTensor {
  const [, T, C] = shape as [number, number, number];
  const out = new Float32Array(data.length);
  for (let t = 0; t < T; t++) for (let c = 0; c < C; c++) out[c * T + t] = data[t * C + c]!;
  return tensor([C, T], out);
}
