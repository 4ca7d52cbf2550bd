/** Text models of the hub against their golden cases: a pass over padded prompts, and a cached greedy run. */
import { readGpt2Config } from "../../../src/core/gpt2/config.js";
import { GPT2_DROPPED, GPT2_MATRICES, gpt2Graph, gpt2Inputs } from "../../../src/core/gpt2/graph.js";
import { hubConfig } from "../../../src/core/hub-config.js";
import { LLAMA_PORTS, llamaGraph } from "../../../src/core/llama/graph.js";
import { llamaInputs } from "../../../src/core/llama/inputs.js";
import { LLAMA_TYPES, readLlamaConfig } from "../../../src/core/llama/read-config.js";
import type { PromptPass } from "../../../src/core/prompt/pass.js";
import type { Engine } from "../../../src/engine/engine.js";
import type { Graph } from "../../../src/engine/graph.js";
import { type FloatTensor, type Tensor, tensor } from "../../../src/engine/tensor.js";
import type { Checkpoint } from "../../../src/engine/weights/checkpoint.js";
import { settle } from "../../../src/engine/weights/settle.js";
import { transposed } from "../../../src/engine/weights/views.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import { type Comparison, type Numbers, Unsupported } from "../compare.js";
import { judge } from "../judge.js";
import { counted, linesOf } from "./runs.js";

interface Network {
  readonly graph: Graph;
  readonly weights: Checkpoint;
  readonly dropped: readonly RegExp[];
  inputs(pass: PromptPass, rows: readonly number[]): Record<string, Tensor>;
}

function networkOf(golden: GoldenCase, weights: Checkpoint, taps: readonly string[]): Network {
  const hub = hubConfig(golden.config);
  if (hub.modelType === "gpt2") {
    const prefix = weights.entries.has("transformer.wte.weight") ? "transformer." : "";
    return {
      graph: gpt2Graph(readGpt2Config(hub), prefix, taps),
      weights: transposed(weights, GPT2_MATRICES),
      dropped: GPT2_DROPPED,
      inputs: gpt2Inputs,
    };
  }
  if (!Object.hasOwn(LLAMA_TYPES, hub.modelType)) throw new Unsupported(`a model of type ${hub.modelType}`);
  const config = readLlamaConfig(hub);
  return {
    graph: llamaGraph(config, LLAMA_PORTS, taps),
    weights,
    dropped: [],
    inputs: (pass, rows) => llamaInputs(config, pass, rows),
  };
}

const tapOf = (name: string) =>
  name
    .replace("out.", "")
    .replace("hidden.embed", "embedded")
    .replace("hidden.last", "hidden")
    .replace("hidden.layer", "layer")
    .replace(".attn", ".attention")
    .replace(".mlp", ".feedForward");

export async function* textModels(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const names = [...io.keys()].filter((name) => /^out\.(hidden|layer\d)/.test(name));
  await using weights = await openWeights(folder);
  const network = networkOf(golden, weights, names.map(tapOf));
  settle(network.weights, [network.graph], { ignore: network.dropped });
  await using program = await engine.compile(network.graph, network.weights);

  const [mask, prompts] = [io.get("in.mask")!, linesOf(io.get("in.ids")!)];
  const [B, S] = mask.shape as [number, number];
  const pads = linesOf(mask).map((line) => Array.from(line).indexOf(1));
  const steps = io.get("in.new_tokens")!.data[0]!;
  await using memory = await program.allocate({ B, S: S + steps });
  const run = (ids: readonly ArrayLike<number>[], places: readonly number[]) => {
    const { visible, length: filled } = memory;
    const pass: PromptPass = { ids, pads, promptSlots: S, visible, filled, places, sight: "causal" };
    return program.run(network.inputs(pass, counted(places.length)), memory);
  };
  const whole = await run(prompts, counted(S));
  const caches = new Map<string, FloatTensor>();
  for (const name of io.keys()) {
    const [, kind, layer] = /^out\.([kv])_cache\.layer(\d+)$/.exec(name) ?? [];
    if (kind) caches.set(name, await memory.read(`layers.${layer}.${kind === "k" ? "key" : "value"}`));
  }

  const V = (whole.logits as FloatTensor).shape[2]!;
  const generated = { ids: new Int32Array(B * steps), logits: new Float32Array(B * steps * V) };
  /** The logits of each item that stand last. */
  const lastRows = ({ data }: Tensor) =>
    Array.from({ length: B }, (_, item) => {
      const end = ((item + 1) * data.length) / B;
      return (data as Float32Array).subarray(end - V, end);
    });
  let rows = lastRows(whole.logits!);
  for (let step = 0; step < steps; step++) {
    const picked = rows.map((row) => row.indexOf(row.reduce((a, b) => Math.max(a, b))));
    picked.forEach((id, item) => {
      generated.ids[item * steps + step] = id;
      generated.logits.set(rows[item]!, (item * steps + step) * V);
    });
    if (step + 1 === steps) break;
    const { logits } = await run(
      picked.map((id) => [id]),
      [S + step],
    );
    rows = lastRows(logits!);
  }

  /** The item without padding of which the case holds the insides. */
  const unpadded = pads.indexOf(0);
  yield* judge(golden, io, ["in.ids", "in.mask", "in.new_tokens"], (name, expected) => {
    if (name === "out.gen.ids") return tensor([B, steps], generated.ids);
    if (name === "out.gen.logits") return tensor([B, steps, V], generated.logits);
    if (caches.has(name)) return lastOf(itemOf(caches.get(name)!, unpadded), expected.shape[2]!);
    const found = (name === "out.logits" ? whole.logits : whole[tapOf(name)]) as FloatTensor | undefined;
    if (!found) return undefined;
    return expected.shape[0] === 1 ? itemOf(found, unpadded) : withoutPads(found, mask);
  });
}

const itemOf = ({ shape, data }: FloatTensor, item: number): FloatTensor => {
  const size = data.length / shape[0]!;
  return tensor([1, ...shape.slice(1)], data.subarray(item * size, (item + 1) * size));
};

/** The last slots of [1, K, S, D]: what the reference keeps of a window. */
function lastOf({ shape, data }: FloatTensor, slots: number): FloatTensor {
  const [, K, S, D] = shape as [number, number, number, number];
  const out = new Float32Array(K * slots * D);
  for (let k = 0; k < K; k++) out.set(data.subarray((k * S + S - slots) * D, (k + 1) * S * D), k * slots * D);
  return tensor([1, K, slots, D], out);
}

/** Rows [B, S, …] with those at padding zero, as the case stores them. */
function withoutPads({ shape, data }: FloatTensor, mask: Numbers): FloatTensor {
  const size = data.length / mask.data.length;
  return tensor(
    shape,
    data.map((value, i) => (mask.data[Math.floor(i / size)] ? value : 0)),
  );
}
