/** The language models of CosyVoice and repetition-aware sampling against their golden cases. */
import type { LlamaConfig } from "../../../src/core/llama/config.js";
import { behindMarks, type PromptLayout, promptPlaces } from "../../../src/core/speech-lm/marked-prompt.js";
import { promptedTokens, type SpeechPrompt } from "../../../src/core/speech-lm/prompted.js";
import { drawAware } from "../../../src/core/speech-lm/repetition-aware.js";
import {
  openSpeechLm,
  SPEECH_LM_PREFIX,
  type SpeechLmConfig,
  speechLmGraph,
  speechLmInputs,
} from "../../../src/core/speech-lm/speech-lm.js";
import { type ConformerLmConfig, conformerLmGraph, frontGraph } from "../../../src/core/speech-lm/conformer-lm.js";
import { bodyInputs, frontInputs, openConformerLm } from "../../../src/core/speech-lm/open-conformer-lm.js";
import { softmax } from "../../../src/core/sampling/sampling.js";
import type { Engine } from "../../../src/engine/engine.js";
import { type FloatTensor, i32, tensor } from "../../../src/engine/tensor.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import type { Comparison, Numbers } from "../compare.js";
import { judge } from "../judge.js";
import { shapedLike } from "./tapped.js";

type Sizes = Readonly<Record<string, number>>;

export async function* cosyvoiceLm(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const sizes = golden.config as Sizes;
  const ids = (name: string) => [...io.get(name)!.data];
  const speechRows = weights.entries.get("speech_embedding.weight")!.shape[0]!;
  const config: SpeechLmConfig = {
    llama: llamaConfigOf(sizes),
    ...{ speechRows, textSum: 1 },
    markRows: weights.entries.get("llm_embedding.weight")?.shape[0] ?? null,
    headBias: weights.entries.has("llm_decoder.bias"),
  };
  const layout: PromptLayout = { sos: sizes.sos!, task: sizes.task_id!, tokens: sizes.speech!, blocked: sizes.speech! };
  const uniforms = io.get("in.uniforms")!.data;
  let used = 0;
  const request = {
    text: ids("in.text"),
    promptText: ids("in.prompt_text"),
    promptSpeech: ids("in.prompt_speech"),
    speaker: null,
    ratio: { least: 2, most: sizes.maxratio! },
    sampling: { temperature: 1, topP: sizes.top_p! },
    coin: () => uniforms[used++]!,
  };
  const places = promptPlaces(layout, request);
  const program = await engine.compile(speechLmGraph(config, ["embedded", "hidden"]), weights);
  const memory = await program.allocate({ B: 1, S: places.length });
  const at = { filled: 0, visible: memory.visible };
  const prefill = await program.run(speechLmInputs(config, places, at, [...places.keys()]), memory);
  await memory.close();
  await program.close();

  await using model = await openSpeechLm(engine, config, weights);
  const forced = ids("in.forced");
  const steps: number[] = [];
  {
    await using line = await model.begin(places.length + forced.length);
    steps.push(...(await line.feed(places)));
    for (const id of forced) steps.push(...(await line.feed([{ kind: "speech", id }])));
  }
  const sampled: number[] = [];
  for await (const id of promptedTokens(behindMarks(model, layout), layout, request)) sampled.push(id);
  const answers = new Map<string, Numbers>([
    ["out.lm_input", prefill.embedded!],
    ["out.prefill_hidden", prefill.hidden!],
    ["out.step_logits", tensor([1 + forced.length, speechRows], Float32Array.from(steps))],
    ["out.sampled_ids", i32([sampled.length], sampled)],
    ["out.draws_used", i32([1], [used])],
  ]);
  const inputs = [...io.keys()].filter((name) => name.startsWith("in."));
  yield* judge(golden, io, inputs, (name) => answers.get(name));
}

/** Generation 1. */
export async function* cosyvoiceConformerLm(
  folder: string,
  golden: GoldenCase,
  engine: Engine,
): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const c = golden.config as Sizes;
  const ids = (name: string) => [...io.get(name)!.data];
  const sizes = { width: c.d!, heads: c.heads!, hidden: c.ff! };
  const config: ConformerLmConfig = {
    text: { vocabulary: c.vocab!, width: c.te! },
    encoder: { ...sizes, layers: c.tblocks! },
    body: { ...sizes, layers: c.blocks! },
    ...{ speech: c.speech!, speaker: c.spk! },
  };
  const prompt: SpeechPrompt = {
    ...{ text: ids("in.text"), promptText: ids("in.prompt_text"), promptSpeech: ids("in.prompt_speech") },
    speaker: io.get("in.embedding")!.data as Float32Array,
  };
  await using front = await engine.compile(frontGraph(config, "with speaker", ["encoded"]), weights);
  const { rows, encoded } = await front.run(frontInputs(config, prompt));
  const T = rows!.shape[1]! + prompt.promptSpeech.length;
  await using body = await engine.compile(conformerLmGraph(config, ["embedded", "hidden"]), weights);
  await using memory = await body.allocate({ S: T });
  const at = { filled: 0, visible: memory.visible };
  const all = Array.from({ length: T }, (_, t) => t);
  const prefill = await body.run(bodyInputs(config, rows as FloatTensor, prompt.promptSpeech, at, all), memory);

  await using model = await openConformerLm(engine, config, weights);
  const forced = ids("in.forced");
  const steps: number[] = [];
  const offsets = [0];
  await using line = await model.begin(prompt, forced.length);
  steps.push(...logSoftmax(line.first));
  for (const [i, id] of forced.entries()) {
    offsets.push(T + i);
    steps.push(...logSoftmax(await line.feed(id)));
  }
  const answers = new Map<string, Numbers>([
    ["out.text_encoded", encoded!],
    ["out.lm_input", prefill.embedded!],
    ["out.prefill_hidden", prefill.hidden!],
    ["out.step_logp", tensor([1 + forced.length, c.speech! + 1], Float32Array.from(steps))],
    ["out.offsets", i32([offsets.length], offsets)],
  ]);
  const inputs = [...io.keys()].filter((name) => name.startsWith("in."));
  yield* judge(golden, io, inputs, (name, expected) => {
    const actual = answers.get(name);
    return actual && shapedLike(actual, expected);
  });
}

const logSoftmax = (logits: Float32Array): Float64Array => softmax(logits).map(Math.log);

export async function* rasTable(folder: string, golden: GoldenCase): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const { vocab, steps, top_p, top_k, win_size, tau_r } = golden.config as Sizes;
  const settings = { topP: top_p!, topK: top_k!, window: win_size!, share: tau_r! };
  const [logits, uniforms] = [io.get("in.logits")!.data as Float32Array, io.get("in.uniforms")!.data];
  let used = 0;
  const ids: number[] = [];
  const draws: number[] = [];
  for (let step = 0; step < steps!; step++) {
    const before = used;
    ids.push(drawAware(logits.subarray(step * vocab!, (step + 1) * vocab!), ids, settings, () => uniforms[used++]!));
    draws.push(used - before);
  }
  const answers = new Map([
    ["out.ids", i32([ids.length], ids)],
    ["out.draws", i32([draws.length], draws)],
  ]);
  yield* judge(golden, io, ["in.logits", "in.uniforms"], (name) => answers.get(name));
}

const llamaConfigOf = (c: Sizes): LlamaConfig => ({
  prefix: SPEECH_LM_PREFIX,
  ...{ vocabulary: c.vocab!, width: c.d!, hidden: c.ff!, heads: c.heads!, kvHeads: c.kv!, headSize: c.d! / c.heads! },
  contextLength: 4096,
  layers: Array.from({ length: c.layers! }, () => ({ window: null, rope: "global" })),
  ropes: { global: { base: c.rope_theta!, size: c.d! / c.heads!, scaling: { kind: "none" } } },
  ...{ normEpsilon: c.rms_eps!, normScale: "weight", norms: "before", headNorms: false },
  biases: { qkv: true, output: false, feedForward: false },
  ...{ projections: "separate", activation: "silu", attentionScale: (c.d! / c.heads!) ** -0.5 },
  ...{ attentionCap: null, logitCap: null, embeddingScale: 1, tied: true },
});
