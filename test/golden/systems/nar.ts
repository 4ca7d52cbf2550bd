/** Golden cases of NAR: pictures and video with a head for each direction, and the bookkeeping of their steps. */
import type { Condition } from "../../../src/core/condition.js";
import {
  derive,
  objectiveOf,
  parseTransformerConfig,
  type TransformerConfig,
} from "../../../src/core/llamagen/config.js";
import { diagonals } from "../../../src/core/grid.js";
import { strategyOf } from "../../../src/core/orders.js";
import { narGuidance } from "../../../src/core/sampling/guidance.js";
import { attentionBias, visible } from "../../../src/core/masks.js";
import { LLAMAGEN, type Transformer } from "../../../src/core/llamagen/architecture.js";
import { openModel } from "../../../src/core/model.js";
import { HEADS } from "../../../src/core/llamagen/prediction.js";
import { openSession } from "../../../src/core/session.js";
import type { Engine } from "../../../src/engine/engine.js";
import { type FloatTensor, f32, i32, type Tensor } from "../../../src/engine/tensor.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import { type Comparison, type Numbers, Unsupported } from "../compare.js";
import { first, judge } from "../judge.js";
import { conditionOf } from "./llamagen-gpt.js";
import { counted, greedyRun, linesOf, maskOfPass, type Pass, Recorder, sizesOf } from "./runs.js";

/** All heads and their means on given tokens, then the cached greedy run, pass by pass. */
export async function* narTransformer(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const config = configOf(golden);
  const { extents, positions } = derive(config);
  const groups = diagonals(extents);
  const condition = conditionOf(io);
  await using weights = await openWeights(folder);
  const taps = [...io.keys()].flatMap((name) => /^tf\.(layer\d+)$/.exec(name)?.[1] ?? []);
  await using opened = await openModel(engine, LLAMAGEN, config, weights, { taps });
  const recorder = new Recorder();
  const model: Transformer = { ...opened, decoder: recorder.around(opened.decoder) };

  const ids = io.get("tf.ids") as Tensor;
  const forced = await forcedRun(model, condition, ids, groups);
  const whole = recorder.passes[0]!;
  const heads = await headsOf(opened, whole);

  const guidance = narGuidance(golden.config.cfg as number, golden.config.cfg_interval as number);
  const greedy = await greedyRun(model, condition, (items) => strategyOf(items, objectiveOf(config)), guidance);
  await greedy.close();
  const [, ...fed] = recorder.passes.slice(1).map(({ inputs }) => [...inputs.places!.data]);
  const targets = greedy.steps.flatMap(({ fill }) => fill);

  yield* judge(golden, io, ["tf.ids", "labels", "cond.features", "cond.mask"], (name, expected) => {
    const head = /^tf\.logits_(\w+)$/.exec(name)?.[1];
    if (head) return heads.get(HEAD_NAMES[head] ?? head);
    if (name === "tf.logits") return forced;
    if (name === "tf.mask") return maskOfPass(whole, expected.shape[0]!);
    if (name.startsWith("tf.")) return first(whole.outputs[name.slice(3)] as FloatTensor);
    if (name === "gen.ids") return greedy.ids(counted(positions));
    if (name === "gen.logits_cond") return greedy.logits("conditional", targets);
    if (name === "gen.logits_uncond") return greedy.logits("unconditional", targets);
    if (name === "gen.logits_guided") return greedy.logits("guided", targets);
    if (name === "gen.mask") return widened(maskOfPass(whole, expected.shape[0]!), condition, expected.shape[1]!);
    if (name === "steps.fed_slots") return line(fed.flat());
    if (name === "steps.fed_count") return line(fed.map((slots) => slots.length));
    if (name === "steps.target_count") return line(greedy.steps.map(({ fill }) => fill.length));
    if (name === "steps.targets") return line(targets);
    return undefined;
  });
}

/** What is fed in which step, and who sees whom, on grids of several sides. */
export async function* narSteps(folder: string, golden: GoldenCase): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const conditionSlots = golden.config.cond_tokens as number;
  yield* judge(golden, io, [], (name) => {
    const [, side, what] = /^n(\d+)\.(\w+)$/.exec(name) ?? [];
    if (!side) return undefined;
    const groups = diagonals([Number(side), Number(side)]);
    const fed = groups.slice(0, -1);
    if (what === "fed_slots") return line(fed.flat().map((position) => conditionSlots + position));
    if (what === "fed_count") return line(fed.map((group) => group.length));
    if (what === "growing") {
      const growing = fed.map((group, i) => (groups[i + 1]!.length > group.length ? 1 : 0));
      return { shape: [growing.length], data: Uint8Array.from(growing) };
    }
    if (what !== "mask") return undefined;
    const slots = conditionSlots + Number(side) ** 2;
    const pass = { slots, filled: 0, fresh: slots, lead: conditionSlots, sight: ranks(groups) };
    const { data } = maskOfPass({ inputs: { bias: attentionBias(pass, null) }, outputs: {}, filled: 0 }, 1);
    return { shape: [slots, slots], data };
  });
}

/** The heads as the authors call them: in pictures by their side, in video by a letter. */
const HEAD_NAMES: Readonly<Record<string, string>> = { R: "right", D: "below", B: "back" };

function configOf({ config }: GoldenCase): TransformerConfig {
  if (config.pick !== "argmax") throw new Unsupported(`the pick ${config.pick}`);
  const latent = config.latent as readonly [number, number, number] | undefined;
  const [frames, rows, columns] = latent ?? [];
  const parsed = parseTransformerConfig({
    ...sizesOf(config),
    grid: columns ?? config.grid,
    condition:
      config.kind === "t2i"
        ? { kind: "features", slots: config.cond_tokens, size: config.caption_dim }
        : { kind: "class", classes: config.classes },
    ...(latent
      ? { prediction: { kind: "next-neighbor-video", frames, rows }, positionEncoding: "learned" }
      : { prediction: { kind: "next-neighbor" }, conditionRotation: "zero", ropeBase: config.rope_base }),
  });
  const extra = HEADS[parsed.prediction.kind].length - 1;
  if (config.extra_blocks !== extra) throw new Unsupported(`${config.extra_blocks} blocks for ${extra} further heads`);
  return parsed;
}

/** All tokens given, in one pass together with the condition. Logits [B, N, V] of every position. */
async function forcedRun(
  model: Transformer,
  condition: Condition,
  ids: Tensor,
  groups: readonly (readonly number[])[],
): Promise<FloatTensor> {
  await using session = await openSession(model, condition, { guided: false });
  const feed = counted(ids.shape[1]!);
  const step = { keep: 0, feed, values: linesOf(ids), sight: ranks(groups), fill: feed };
  return (await session.forward(step)).conditional;
}

/** The same pass again, asking each head alone for the last condition slot and all tokens: [B, 1+N, V] by its name. */
async function headsOf({ config, decoder }: Transformer, { inputs }: Pass): Promise<ReadonlyMap<string, FloatTensor>> {
  const { conditionSlots, positions, slots } = derive(config);
  const names = HEADS[config.prediction.kind].map(({ name }) => name);
  const rows = counted(1 + positions).map((i) => conditionSlots - 1 + i);
  const found = new Map<string, FloatTensor>();
  for (const name of names) {
    const asked = names.flatMap((other) => [
      [`rows.${other}`, i32([rows.length], rows)],
      [`share.${other}`, f32([rows.length, 1], Array(rows.length).fill(other === name ? 1 : 0))],
    ]);
    await using memory = await decoder.allocate({ B: inputs.ids!.shape[0]!, S: slots });
    const { logits } = await decoder.run({ ...inputs, ...Object.fromEntries(asked) }, memory);
    found.set(name, logits as FloatTensor);
  }
  return found;
}

/** For each position, the number of its group. */
function ranks(groups: readonly (readonly number[])[]): number[] {
  const rank: number[] = [];
  for (const [step, group] of groups.entries()) for (const position of group) rank[position] = step;
  return rank;
}

/** A mask [B, T, T] on [B, side, side], causal behind its end, as the authors' longer caches are. */
function widened({ shape, data }: ReturnType<typeof maskOfPass>, condition: Condition, side: number): Numbers {
  const [B, T] = shape as [number, number];
  const wide = new Uint8Array(B * side * side);
  for (let item = 0; item < B; item++) {
    const prompt = condition.kind === "features" ? condition.mask[item]! : null;
    for (let query = 0; query < side; query++) {
      for (let key = 0; key < side; key++) {
        const inside = query < T && key < T;
        const seen = inside ? data[(item * T + query) * T + key]! : visible(query, key, prompt) ? 1 : 0;
        wide[(item * side + query) * side + key] = seen;
      }
    }
  }
  return { shape: [B, side, side], data: wide };
}

const line = (values: readonly number[]): Tensor => i32([values.length], values);
