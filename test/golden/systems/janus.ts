/** Janus in both layouts of its files: a guided cached run over codes, what stands for codes in the body, and the codec both ways. */
import { itemsOf, type Condition } from "../../../src/core/condition.js";
import { rowOf } from "../../../src/core/decode/sampler.js";
import { JANUS } from "../../../src/core/janus/architecture.js";
import { type JanusConfig, withoutText } from "../../../src/core/janus/config.js";
import { codeVectors } from "../../../src/core/janus/graph.js";
import { openModel } from "../../../src/core/model.js";
import { guide } from "../../../src/core/sampling/guidance.js";
import { openSession } from "../../../src/core/session.js";
import type { Engine } from "../../../src/engine/engine.js";
import { GraphBuilder, type Graph } from "../../../src/engine/graph.js";
import { opsOf } from "../../../src/engine/ops/index.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../../../src/engine/tensor.js";
import type { Checkpoint } from "../../../src/engine/weights/checkpoint.js";
import { janusCodec, janusTransformer, readJanusConfig } from "../../../src/models/janus.js";
import { nearestCode } from "../../../src/tokenizers/image/nearest-code.js";
import { vqCodes, vqFeatures, vqPixels } from "../../../src/tokenizers/image/vq-graphs.js";
import type { VqConfig } from "../../../src/tokenizers/image/vq-config.js";
import { openVqTokenizer } from "../../../src/tokenizers/image/vq-tokenizer.js";
import { untapped } from "../../../src/tokenizers/tap.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import { type Comparison, type Numbers, passedOver } from "../compare.js";
import { judge } from "../judge.js";
import { counted, linesOf, Recorder } from "./runs.js";

/** Understanding pictures and writing about them, which this version has no vision tower for. */
const UNDERSTANDING = ["out.vision.last", "out.vision.features", "out.text.logits"];

const INPUTS = ["in.ids", "in.mask", "in.images", "in.grid", "in.picture", "in.pixel_values", "in.text_ids"];

export async function* janus(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const { transformer, tokenizer } = readJanusConfig(jsonOf(golden, io));
  await using weights = await openWeights(folder);
  const { pad, scale } = generationOf(golden);
  const given = promptsOf(io);
  const unconditional = given.prompts.map((ids) => withoutText(ids, pad));
  const condition: Condition = { kind: "prompt", prompts: given.prompts, unconditional };
  const run = await guidedRun(engine, transformer, janusTransformer(weights), { condition, scale, ranks: given.ranks });
  const fed = await fedEmbeddings(engine, transformer, janusTransformer(weights));
  const codec = await codecOf(engine, tokenizer, janusCodec(weights), run.ids, io.get("in.picture") as FloatTensor);

  const compared = new Map([...io].filter(([name]) => !UNDERSTANDING.includes(name)));
  const tensors = Object.entries(golden.tensors).filter(([name]) => !UNDERSTANDING.includes(name));
  yield* judge({ ...golden, tensors: Object.fromEntries(tensors) }, compared, INPUTS, (name, expected) => {
    if (name === "out.uncond_ids") return padded(unconditional, pad, expected.shape[1]!);
    if (name === "out.tokens") return interleaved(given.prompts, unconditional);
    if (name === "out.fed_embeddings") return fed;
    return { ...run.named, ...codec }[name];
  });
  for (const name of UNDERSTANDING)
    if (io.has(name)) yield passedOver(name, "no vision tower of Janus in this version");
}

/** The config of the case as its files would have it: sizes that only the authors' code states stand in a field of the case's own. */
function jsonOf({ config }: GoldenCase, io: ReadonlyMap<string, Numbers>): object {
  const codec = config.gen_vision_config as { readonly params: object } | undefined;
  if (!codec) return config;
  const params = { ...codec.params, ...(config._vq as object), num_patches: io.get("in.grid")!.data[0] };
  return { ...config, gen_vision_config: { ...codec, params } };
}

/** The two layouts' cases call the same things differently. */
function generationOf({ config }: GoldenCase): { readonly pad: number; readonly scale: number } {
  const own = config._generation as Readonly<Record<string, number>>;
  return { pad: (own.pad_id ?? own.pad_token_id)!, scale: (own.cfg_weight ?? own.guidance_scale)! };
}

/** The prompts without their padding, and which of the guided logits of position 0 each takes: 0 the best. */
function promptsOf(io: ReadonlyMap<string, Numbers>) {
  const [ids, mask] = [io.get("in.ids")!, io.get("in.mask")];
  if (mask) {
    const kept = linesOf(mask);
    const prompts = linesOf(ids).map((line, item) => Array.from(line).filter((_, i) => kept[item]![i] === 1));
    return { prompts, ranks: prompts.map(() => 0) };
  }
  const ranks = counted(io.get("in.images")!.data[0]!);
  return { prompts: ranks.map(() => Array.from(ids.data)), ranks };
}

interface Run {
  readonly condition: Condition;
  readonly scale: number;
  readonly ranks: readonly number[];
}

/** Greedy but for position 0, where each item takes its rank. */
async function guidedRun(
  engine: Engine,
  config: JanusConfig,
  weights: Checkpoint,
  { condition, scale, ranks }: Run,
): Promise<{ readonly ids: Tensor; readonly named: Readonly<Record<string, Numbers>> }> {
  const { grid, vocabulary: K, body } = config;
  const [B, N] = [itemsOf(condition), grid ** 2];
  await using opened = await openModel(engine, JANUS, config, weights, { taps: ["hidden"] });
  const recorder = new Recorder();
  const model = { ...opened, decoder: recorder.around(opened.decoder) };
  await using session = await openSession(model, condition, { guided: true });
  const ids = new Int32Array(B * N);
  const logits = {
    cond: new Float32Array(B * N * K),
    uncond: new Float32Array(B * N * K),
    guided: new Float32Array(B * N * K),
  };
  const hidden = new Float32Array(B * N * body.width);
  for (let i = 0; i < N; i++) {
    const feed = i === 0 ? [] : [i - 1];
    const values = counted(B).map((item) => (i === 0 ? [] : [ids[item * N + i - 1]!]));
    const prediction = await session.forward({ keep: Math.max(0, i - 1), feed, values, sight: "causal", fill: [i] });
    const last = recorder.passes.at(-1)!.outputs.hidden as FloatTensor;
    for (let item = 0; item < B; item++) {
      const at = item * N + i;
      const [c, u] = [rowOf(prediction.conditional, item, 0), rowOf(prediction.unconditional!, item, 0)];
      const guided = guide(c, u, scale);
      logits.cond.set(c, at * K);
      logits.uncond.set(u, at * K);
      logits.guided.set(guided, at * K);
      hidden.set(last.data.subarray(item * body.width, (item + 1) * body.width), at * body.width);
      const best = counted(K).sort((a, b) => guided[b]! - guided[a]!);
      ids[at] = best[i === 0 ? ranks[item]! : 0]!;
    }
  }
  return {
    ids: tensor([B, grid, grid], ids),
    named: {
      "out.gen.ids": tensor([B, N], ids),
      "out.gen.logits_cond": tensor([B, N, K], logits.cond),
      "out.gen.logits_uncond": tensor([B, N, K], logits.uncond),
      "out.gen.logits_guided": tensor([B, N, K], logits.guided),
      "out.gen.hidden_last": tensor([B, N, body.width], hidden),
    },
  };
}

/** [K, C]: what is fed for every code. */
async function fedEmbeddings(engine: Engine, config: JanusConfig, weights: Checkpoint): Promise<Numbers> {
  const g = new GraphBuilder("codes");
  const fed = codeVectors(g, config, g.input("codes", ["K"], "i32"));
  await using program = await engine.compile(g.build({ fed }), weights);
  return (await program.run({ codes: i32([config.vocabulary], counted(config.vocabulary)) })).fed!;
}

/** What users call, and the same graphs with what lies inside. */
async function codecOf(
  engine: Engine,
  config: VqConfig,
  weights: Checkpoint,
  ids: Tensor,
  picture: FloatTensor,
): Promise<Readonly<Record<string, Numbers>>> {
  await using tokenizer = await openVqTokenizer(engine, config, weights);
  const normalised = line(await tokenizer.encode(picture));
  const inside: Record<string, Tensor> = {};
  for (const [graph, inputs] of [
    [insideDecoder(config), { ids }],
    [insideEncoder(config), { pixels: picture }],
  ] as const) {
    await using program = await engine.compile(graph, weights);
    Object.assign(inside, await program.run(inputs as Readonly<Record<string, Tensor>>));
  }
  return {
    "out.vq.picture": await tokenizer.decode(ids),
    "out.vq.ids": normalised,
    "out.vq.ids_l2": normalised,
    "out.vq.ids_plain": line(inside.plain!),
    "out.vq.codes": inside.codes!,
    "out.vq.post_quant": inside.widened!,
    "out.vq.encoded": inside.features!,
  };
}

function insideDecoder(config: VqConfig): Graph {
  const g = new GraphBuilder("codec-decoder");
  const codes = vqCodes(g, config, g.input("ids", ["B", "h", "w"], "i32"));
  const found: { widened?: typeof codes } = {};
  const pixels = vqPixels(g, config, codes, (path, value) => {
    if (path === "post_quant_conv") found.widened = value;
    return value;
  });
  return g.build({ codes, widened: found.widened!, pixels });
}

/** With the code that lies nearest where neither side is of unit length, as the converted class has it. */
function insideEncoder(config: VqConfig): Graph {
  const g = new GraphBuilder("codec-encoder");
  const features = vqFeatures(g, config, g.input("pixels", ["B", config.channels, "Y", "X"]));
  const table = g.weight("quantize.embedding.weight", [config.vocab, config.codeDim]);
  const rows = opsOf(g).transpose(features, { permutation: [0, 2, 3, 1] });
  return g.build({ features, plain: nearestCode(g, rows, table, untapped) });
}

const line = ({ shape: [B, h, w], data }: Tensor): Tensor => ({ shape: [B!, h! * w!], data });

/** Rows padded on the left. */
function padded(rows: readonly (readonly number[])[], pad: number, length: number): Tensor {
  const full = rows.flatMap((row) => [...Array<number>(length - row.length).fill(pad), ...row]);
  return i32([rows.length, length], full);
}

/** Rows with the condition and without it in turns. */
function interleaved(prompts: readonly (readonly number[])[], without: readonly (readonly number[])[]): Tensor {
  const rows = prompts.flatMap((ids, item) => [ids, without[item]!]);
  return i32([rows.length, rows[0]!.length], rows.flat());
}
