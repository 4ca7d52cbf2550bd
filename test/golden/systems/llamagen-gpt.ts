/** LlamaGen's transformer, its operations and its filters against their golden cases, by the functions that generation uses. */
import { type Condition, leftPadded } from "../../../src/core/condition.js";
import {
  derive,
  objectiveOf,
  parseTransformerConfig,
  swigluHidden,
  type TransformerConfig,
} from "../../../src/core/llamagen/config.js";
import { strategyOf } from "../../../src/core/orders.js";
import type { Prediction } from "../../../src/core/decode/step.js";
import { llamagenGuidance } from "../../../src/core/sampling/guidance.js";
import { visible } from "../../../src/core/masks.js";
import { LLAMAGEN, type Transformer } from "../../../src/core/llamagen/architecture.js";
import { openModel } from "../../../src/core/model.js";
import { rotaryTable1d, rotaryTable2d } from "../../../src/core/rotary.js";
import { distributionOf, samplingSettings } from "../../../src/core/sampling/sampling.js";
import { openSession } from "../../../src/core/session.js";
import { swiglu } from "../../../src/core/blocks.js";
import { captionMlp } from "../../../src/core/llamagen/condition.js";
import type { Engine } from "../../../src/engine/engine.js";
import { GraphBuilder, type Value } from "../../../src/engine/graph.js";
import { type Ops, opsOf } from "../../../src/engine/ops/index.js";
import { type FloatTensor, type Tensor, tensor } from "../../../src/engine/tensor.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import { type Comparison, type Numbers, Unsupported } from "../compare.js";
import { first, judge, type Tensors } from "../judge.js";
import { counted, greedyRun, linesOf, Recorder, sizesOf } from "./runs.js";

/** Teacher-forced run, cached greedy run, rotary table, mask and padding of one transformer. */
export async function* llamagenGpt(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const config = configOf(golden);
  const condition = conditionOf(io);
  await using weights = await openWeights(folder);
  const taps = [...io.keys()].flatMap((name) => /^tf\.(?!ids|logits)(.+)$/.exec(name)?.[1]?.replace("_", ".") ?? []);
  const recorder = new Recorder();
  await using opened = await openModel(engine, LLAMAGEN, config, weights, { taps });
  const model: Transformer = { ...opened, decoder: recorder.around(opened.decoder) };

  const forced = await forcedRun(model, condition, io.get("tf.ids") as Tensor);
  const inside = recorder.passes.at(-1)!.outputs;
  const guidance = llamagenGuidance(golden.config.cfg as number, golden.config.cfg_interval as number);
  const raster = counted(derive(config).positions);
  const greedy = await greedyRun(model, condition, (items) => strategyOf(items, objectiveOf(config)), guidance);
  const caches = new Map<string, FloatTensor>();
  for (const name of io.keys()) {
    const [, kind, layer] = /^gen\.([kv])_cache_layer(\d+)$/.exec(name) ?? [];
    const state = `layers.${layer}.${kind === "k" ? "key" : "value"}`;
    if (kind) caches.set(name, await recorder.memory!.read(state));
  }
  await greedy.close();

  yield* judge(golden, io, ["tf.ids", "labels", "text.features", "text.mask"], (name, expected) => {
    if (name === "tf.logits") return forced.conditional;
    if (name.startsWith("tf.")) return first(inside[name.slice(3).replace("_", ".")] as FloatTensor);
    if (name === "gen.ids") return greedy.ids(raster);
    if (name === "gen.logits_cond") return greedy.logits("conditional", raster);
    if (name === "gen.logits_uncond") return greedy.logits("unconditional", raster);
    if (name === "gen.logits_guided") return greedy.logits("guided", raster);
    if (name === "gen.mask") return maskOf(condition, expected.shape);
    if (caches.has(name)) return padded(first(caches.get(name)!), expected.shape);
    if (name === "rope.cos_sin") return tableOf(config);
    if (name === "cond.features" && condition.kind === "features") return condition.features;
    if (name === "cond.mask" && condition.kind === "features") return flags(condition.mask);
    return undefined;
  });
}

/** The filters before the draw: survivors and their probabilities under each setting. */
export async function* llamagenPick(folder: string, golden: GoldenCase, _engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const logits = io.get("logits") as FloatTensor;
  const [B, V] = logits.shape as [number, number];
  const settings = golden.config.settings as { temperature: number; top_k: number; top_p: number }[];
  const distributions = settings.map(({ temperature, top_k, top_p }) => {
    const sampling = samplingSettings({ temperature, topK: Math.min(top_k, V), topP: top_p });
    return Array.from({ length: B }, (_, row) =>
      distributionOf(logits.data.subarray(row * V, (row + 1) * V), sampling),
    );
  });
  yield* judge(golden, io, ["logits"], (name) => {
    const [, kind, index] = /^(kept|probs)\.(\d+)$/.exec(name) ?? [];
    const rows = distributions[Number(index)];
    if (!kind || !rows) return undefined;
    const data = kind === "kept" ? new Uint8Array(B * V) : new Float32Array(B * V);
    rows.forEach(({ ids, probabilities }, row) => {
      ids.forEach((id, i) => {
        data[row * V + id] = kind === "kept" ? 1 : probabilities[i]!;
      });
    });
    return { shape: [B, V], data };
  });
}

/** Rotary tables and rotation, RMSNorm, SwiGLU and its size, the caption MLP. */
export async function* llamagenOps(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const base = golden.config.rope_base as number;
  const epsilon = golden.config.rms_eps as number;

  const run = async (x: FloatTensor, build: (o: Ops, x: Value, g: GraphBuilder) => Value) => {
    const g = new GraphBuilder("golden");
    const output = build(opsOf(g), g.input("x", x.shape), g);
    await using program = await engine.compile(g.build({ output }), weights);
    return (await program.run({ x })).output as FloatTensor;
  };
  const table = (name: string): FloatTensor | undefined => {
    const [, kind, size, headSize, conditionSlots] = /^rope(\.g|1d\.len)(\d+)_hd(\d+)_t(\d+)$/.exec(name) ?? [];
    const shape = {
      headSize: Number(headSize),
      base,
      conditionSlots: Number(conditionSlots),
      condition: "zero",
    } as const;
    if (kind === ".g") return rotaryTable2d(shape, Number(size));
    return kind ? rotaryTable1d(shape, Number(size)) : undefined;
  };
  const floats = (name: string) => io.get(name) as FloatTensor;

  const answers = new Map<string, Numbers>();
  for (const [name, { shape, data }] of io) {
    const angles = table(name);
    const rotated = table(`rope.${/^rotate\.in\.(.+)$/.exec(name)?.[1]}`);
    if (angles) answers.set(name, angles);
    if (rotated) {
      const turn = (o: Ops, x: Value, g: GraphBuilder) => {
        const heads = o.transpose(x, { permutation: [0, 2, 1, 3] });
        return o.transpose(o.rotary(heads, g.constant(rotated)), { permutation: [0, 2, 1, 3] });
      };
      answers.set(name.replace(".in.", ".out."), await run(floats(name), turn));
    }
    if (name === "rms.in") {
      const weight = floats("rms.weight");
      answers.set("rms.out", await run(floats(name), (o, x, g) => o.rmsNorm(x, g.constant(weight), { epsilon })));
    }
    if (name === "rms_bf16.in") {
      const weight = floats("rms_bf16.weight");
      const normed = await run(floats(name), (o, x) => o.rmsNorm(x, null, { epsilon }));
      const scaled = normed.data.map((v, i) => bfloat16(bfloat16(v) * weight.data[i % weight.data.length]!));
      answers.set("rms_bf16.out", tensor(shape, scaled));
    }
    if (name === "ffn.in") {
      const C = shape.at(-1)!;
      const hidden = weights.entries.get("ffn.w1.weight")!.shape[0]!;
      const build = (o: Ops, x: Value, g: GraphBuilder) =>
        swiglu({ o, product: o.linear, weight: (w, s) => g.weight(`ffn.${w}.weight`, s) }, x, C, hidden);
      answers.set("ffn.out", await run(floats(name), build));
    }
    if (name === "caption_mlp.in") {
      const C = weights.entries.get("caption_mlp.fc2.weight")!.shape[0]!;
      const build = (o: Ops, x: Value, g: GraphBuilder) =>
        captionMlp(o, x, (w, s) => g.weight(`caption_mlp.${w}`, s), shape.at(-1)!, C);
      answers.set("caption_mlp.out", await run(floats(name), build));
    }
    if (name === "swiglu_hidden") {
      const rows = Float32Array.from(data);
      for (let i = 0; i < rows.length; i += 4)
        rows[i + 3] = swigluHidden(rows[i]!, rows[i + 1]!, rows[i + 2] === -1 ? undefined : rows[i + 2]);
      answers.set(name, { shape, data: rows });
    }
  }
  const inputs = [...io.keys()].filter((name) => /\.(in|weight)\b/.test(name));
  yield* judge(golden, io, inputs, (name) => answers.get(name));
}

function configOf({ config }: GoldenCase): TransformerConfig {
  const classes = { kind: "class", classes: config.classes };
  const features = { kind: "features", slots: config.cond_tokens, size: config.caption_dim };
  if (config.kind !== "c2i" && config.kind !== "t2i") throw new Unsupported(`a model of kind ${config.kind}`);
  if (config.pick !== "argmax") throw new Unsupported(`the pick ${config.pick}`);
  return parseTransformerConfig({
    ...sizesOf(config),
    grid: config.grid,
    condition: config.kind === "c2i" ? classes : features,
    conditionRotation: "zero",
    ropeBase: config.rope_base,
  });
}

export function conditionOf(io: Tensors): Condition {
  const labels = io.get("labels");
  if (labels) return { kind: "class", classes: [...labels.data] };
  const masks = (name: string) => linesOf(io.get(name)!).map((flags) => Uint8Array.from(flags));
  if (io.has("text.mask")) return leftPadded(io.get("text.features") as FloatTensor, masks("text.mask"));
  return { kind: "features", features: io.get("cond.features") as FloatTensor, mask: masks("cond.mask") }; // padded already
}

/** All tokens given, in one pass together with the condition. */
async function forcedRun(model: Transformer, condition: Condition, ids: Tensor): Promise<Prediction> {
  await using session = await openSession(model, condition, { guided: false });
  const positions = counted(ids.shape[1]!);
  return await session.forward({ keep: 0, feed: positions, values: linesOf(ids), sight: "causal", fill: positions });
}

function maskOf(condition: Condition, [B, rows, columns]: readonly number[]): Numbers {
  const data = new Uint8Array(B! * rows! * columns!);
  let at = 0;
  for (let item = 0; item < B!; item++) {
    const prompt = condition.kind === "features" ? condition.mask[item]! : null;
    for (let query = 0; query < rows!; query++)
      for (let key = 0; key < columns!; key++) data[at++] = visible(query, key, prompt) ? 1 : 0;
  }
  return { shape: [B!, rows!, columns!], data };
}

function tableOf(config: TransformerConfig): FloatTensor | undefined {
  const { headSize, conditionSlots } = derive(config);
  if (config.positionEncoding !== "rotary") return undefined;
  const { ropeBase: base, conditionRotation: condition } = config;
  return rotaryTable2d({ headSize, base, conditionSlots, condition }, config.grid);
}

const flags = (rows: readonly Uint8Array[]): Numbers => ({
  shape: [rows.length, rows[0]!.length],
  data: Uint8Array.from(rows.flatMap((row) => [...row])),
});

/** Slots [1, H, filled, D] with zeros behind them, as [1, H, slots, D]. */
function padded({ shape, data }: FloatTensor, wanted: readonly number[]): FloatTensor {
  const [, H, filled, D] = shape as [number, number, number, number];
  const slots = wanted[2]!;
  const out = new Float32Array(H * slots * D);
  for (let h = 0; h < H; h++) out.set(data.subarray(h * filled * D, (h + 1) * filled * D), h * slots * D);
  return tensor([1, H, slots, D], out);
}

/** The nearest bfloat16, ties to even. */
function bfloat16(value: number): number {
  const bits = new Int32Array(Float32Array.of(value).buffer);
  const raw = bits[0]!;
  bits[0] = (raw + 0x7fff + ((raw >>> 16) & 1)) & ~0xffff;
  return new Float32Array(bits.buffer)[0]!;
}
