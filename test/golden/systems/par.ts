/** Golden cases of PAR: order, mask and rotation of the groups, all tokens at once, and the cached greedy run. */
import {
  derive,
  objectiveOf,
  parseTransformerConfig,
  type TransformerConfig,
} from "../../../src/core/llamagen/config.js";
import { strategyOf } from "../../../src/core/orders.js";
import { regionGroups } from "../../../src/core/grid.js";
import { llamagenGuidance } from "../../../src/core/sampling/guidance.js";
import { LLAMAGEN, type Transformer } from "../../../src/core/llamagen/architecture.js";
import { openModel } from "../../../src/core/model.js";
import { rotaryTable2d } from "../../../src/core/rotary.js";
import { openSession } from "../../../src/core/session.js";
import type { Engine } from "../../../src/engine/engine.js";
import { i32, type Tensor, tensor } from "../../../src/engine/tensor.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import { type Comparison, type Numbers, Unsupported } from "../compare.js";
import { judge } from "../judge.js";
import { conditionOf } from "./llamagen-gpt.js";
import { counted, greedyRun, linesOf, maskOfPass, Recorder, sizesOf } from "./runs.js";

export async function* parTransformer(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const config = configOf(golden);
  const n = golden.config.group as number;
  const groups = regionGroups(config.grid, n);
  const order = groups.flat();
  const condition = conditionOf(io);
  await using weights = await openWeights(folder);
  await using opened = await openModel(engine, LLAMAGEN, config, weights);
  const recorder = new Recorder();
  const model: Transformer = { ...opened, decoder: recorder.around(opened.decoder) };

  // In the order of the sequence, so that rows, slots and masks are where the authors have them.
  const ids = linesOf(io.get("tf.ids")!);
  const ranks = order.map((_, i) => Math.min(i, n - 1) + Math.floor(i / n));
  await using session = await openSession(model, condition, { guided: false });
  await session.forward({ keep: 0, feed: order, values: ids, sight: ranks, fill: order });
  const whole = recorder.passes[0]!;
  const places = whole.inputs.places!.data;
  const rows = i32([places.length], counted(places.length));
  await using memory = await opened.decoder.allocate({ B: ids.length, S: places.length });
  const everywhere = (await opened.decoder.run({ ...whole.inputs, rows }, memory)).logits!;

  const guidance = llamagenGuidance(golden.config.cfg as number);
  const greedy = await greedyRun(model, condition, (items) => strategyOf(items, objectiveOf(config)), guidance);
  await greedy.close();
  const fed = recorder.passes
    .slice(1)
    .map(({ inputs, filled }) => counted(inputs.places!.data.length).map((i) => filled + i));

  yield* judge(golden, io, ["tf.ids", "labels"], (name, expected) => {
    if (name === "tf.logits") return everywhere;
    if (name === "order") return line(order);
    if (name === "rope.cos_sin") return rotationOf(config, places);
    if (name === "mask") return widened(maskOfPass(whole, 1).data, places.length, n, expected.shape[0]!);
    if (name === "gen.ids") return greedy.ids(order);
    if (name === "gen.ids_raster") return greedy.ids(counted(order.length));
    if (name === "gen.logits_cond") return greedy.logits("conditional", order);
    if (name === "gen.logits_uncond") return greedy.logits("unconditional", order);
    if (name === "gen.logits_guided") return greedy.logits("guided", order);
    if (name === "steps.fed_slots") return line(fed.flat());
    if (name === "steps.fed_count") return line(fed.map((pass) => pass.length));
    return undefined;
  });
}

function configOf({ config }: GoldenCase): TransformerConfig {
  if (config.pick !== "argmax") throw new Unsupported(`the pick ${config.pick}`);
  if (((config.cfg_interval as number | undefined) ?? -1) > -1) throw new Unsupported("a guidance interval of PAR");
  const parsed = parseTransformerConfig({
    ...sizesOf(config),
    grid: config.grid,
    condition: { kind: "class", classes: config.classes },
    prediction: { kind: "regions", regions: config.group },
    conditionRotation: "zero",
    ropeBase: config.rope_base,
  });
  const { specialSlots } = derive(parsed);
  if (config.special_tokens !== specialSlots)
    throw new Unsupported(`${config.special_tokens} special tokens for groups of ${config.group}`);
  return parsed;
}

/** The rotation of each slot of the sequence, whose places are given. */
function rotationOf(config: TransformerConfig, places: ArrayLike<number>): Tensor | undefined {
  if (config.positionEncoding !== "rotary") return undefined;
  const { headSize, conditionSlots, specialSlots } = derive(config);
  const { ropeBase: base, conditionRotation: condition } = config;
  const shape = { headSize, base, conditionSlots: conditionSlots + specialSlots, condition };
  const { data } = rotaryTable2d(shape, config.grid);
  const turned = new Float32Array(data.length);
  Array.from(places, (place, slot) =>
    turned.set(data.subarray(place * headSize, (place + 1) * headSize), slot * headSize),
  );
  return tensor([places.length, headSize / 2, 2], turned);
}

/** A mask [T, T] on [side, side]; behind its end the groups go on, as in the authors' longer caches. */
function widened(mask: Uint8Array, T: number, n: number, side: number): Numbers {
  const data = new Uint8Array(side * side);
  for (let query = 0; query < side; query++) {
    for (let key = 0; key < side; key++) {
      const inside = query < T && key < T;
      data[query * side + key] = inside ? mask[query * T + key]! : Math.floor(key / n) <= Math.floor(query / n) ? 1 : 0;
    }
  }
  return { shape: [side, side], data };
}

const line = (values: readonly number[]): Tensor => i32([values.length], values);
