/** Text models of the hub against their golden cases: a pass over padded prompts, and a cached greedy run. */
import { decode } from "../../../src/core/decode/loop.js";
import { nextToken } from "../../../src/core/decode/next-token.js";
import { rowOf, sampler } from "../../../src/core/decode/sampler.js";
import type { Forward } from "../../../src/core/decode/step.js";
import { gpt2Inputs } from "../../../src/core/gpt2/graph.js";
import type { LlamaConfig } from "../../../src/core/llama/config.js";
import { llamaInputs } from "../../../src/core/llama/inputs.js";
import { openModel } from "../../../src/core/model.js";
import type { PromptPass } from "../../../src/core/prompt/pass.js";
import { openSession } from "../../../src/core/session.js";
import type { Engine } from "../../../src/engine/engine.js";
import { type FloatTensor, type Tensor, tensor } from "../../../src/engine/tensor.js";
import { TEXT_MODEL_TYPES, type TextNetwork, textNetwork } from "../../../src/models/text-config.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import { type Comparison, type Numbers, Unsupported } from "../compare.js";
import { judge } from "../judge.js";
import { counted, linesOf } from "./runs.js";

/** The inputs of a pass in which all new slots are asked, which generation never does. */
function wholePass({ architecture, config }: TextNetwork, pass: PromptPass): Record<string, Tensor> {
  const rows = counted(pass.places.length);
  return architecture.name === "gpt2" ? gpt2Inputs(pass, rows) : llamaInputs(config as LlamaConfig, pass, rows);
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
  if (!TEXT_MODEL_TYPES.includes(golden.config.model_type as string))
    throw new Unsupported(`a model of type ${golden.config.model_type}`);
  const network = textNetwork(golden.config, weights);
  const { architecture, config, checkpoint } = network;
  await using model = await openModel(engine, architecture, config, checkpoint, { taps: names.map(tapOf) });

  const [mask, padded] = [io.get("in.mask")!, linesOf(io.get("in.ids")!)];
  const [B, S] = mask.shape as [number, number];
  const pads = linesOf(mask).map((line) => Array.from(line).indexOf(1));
  await using memory = await model.decoder.allocate({ B, S });
  const pass = { ids: padded, pads, promptSlots: S, visible: memory.visible, filled: 0, places: counted(S) };
  const whole = await model.decoder.run(wholePass(network, { ...pass, lead: S, sight: "causal" }), memory);
  const caches = new Map<string, FloatTensor>();
  for (const name of io.keys()) {
    const [, kind, layer] = /^out\.([kv])_cache\.layer(\d+)$/.exec(name) ?? [];
    if (kind) caches.set(name, await memory.read(`layers.${layer}.${kind === "k" ? "key" : "value"}`));
  }

  const steps = io.get("in.new_tokens")!.data[0]!;
  const V = config.vocabulary;
  const generated = { ids: new Int32Array(B * steps), logits: new Float32Array(B * steps * V) };
  const prompts = padded.map((line, item) => Array.from(line).slice(pads[item]));
  await using session = await openSession(model, { prompts, unconditional: null, most: steps }, { guided: false });
  const watched: Forward = {
    items: B,
    async forward(step) {
      const prediction = await session.forward(step);
      for (let item = 0; item < B; item++)
        step.fill.forEach((position, k) =>
          generated.logits.set(rowOf(prediction.conditional, item, k), (item * steps + position) * V),
        );
      return prediction;
    },
  };
  const sampling = { temperature: 0 };
  for await (const event of decode(watched, nextToken(B, steps), sampler({ seed: 0, sampling })))
    if (event.type === "decode-end")
      event.values.forEach((line, item) => generated.ids.set(line as number[], item * steps));

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
