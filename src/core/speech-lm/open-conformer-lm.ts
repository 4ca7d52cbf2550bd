/** The language model of CosyVoice 1, ready to speak behind prompts. */
import { ClosedError } from "../../base/errors.js";
import { distances, sinusoids } from "../../engine/blocks/conformer.js";
import type { Engine, Memory, Precision, Program } from "../../engine/engine.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../../engine/tensor.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import { settle } from "../../engine/weights/settle.js";
import { attentionBias } from "../masks.js";
import { type ConformerLmConfig, conformerLmGraph, type Front, frontGraph } from "./conformer-lm.js";
import type { PromptedLine, PromptedLm, SpeechPrompt } from "./prompted.js";

/**
 * @throws WeightsError listing all weights that are missing, misshapen or unused.
 */
export async function openConformerLm(
  engine: Engine,
  config: ConformerLmConfig,
  checkpoint: Checkpoint,
  precision: Precision = "f32",
): Promise<PromptedLm> {
  const fronts: readonly Front[] = ["with speaker", "without speaker"];
  const graphs = [...fronts.map((front) => frontGraph(config, front)), conformerLmGraph(config)];
  settle(checkpoint, graphs);
  const programs = await Promise.all(graphs.map((graph) => engine.compile(graph, checkpoint, { precision })));
  const [withSpeaker, withoutSpeaker, body] = programs as [Program, Program, Program];
  let closed = false;
  const close = async () => {
    closed = true;
    await Promise.all(programs.map((program) => program.close()));
  };
  return {
    async begin(prompt, most) {
      if (closed) throw new ClosedError("speech model");
      const front = prompt.speaker === null ? withoutSpeaker : withSpeaker;
      const rows = (await front.run(frontInputs(config, prompt))).rows as FloatTensor;
      const memory = await body.allocate({ S: rows.shape[1]! + prompt.promptSpeech.length + most });
      return lineOf(config, body, memory, rows, prompt.promptSpeech);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function lineOf(
  config: ConformerLmConfig,
  body: Program,
  memory: Memory,
  rows: FloatTensor,
  promptSpeech: readonly number[],
): Promise<PromptedLine> {
  const pass = async (front: FloatTensor | null, ids: readonly number[]): Promise<Float32Array> => {
    const last = (front?.shape[1] ?? 0) + ids.length - 1;
    const at = { filled: memory.length, visible: memory.visible };
    const { logits } = await body.run(bodyInputs(config, front, ids, at, [last]), memory);
    return logits!.data as Float32Array;
  };
  const close = () => memory.close();
  try {
    return { first: await pass(rows, promptSpeech), feed: (id) => pass(null, [id]), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The inputs of frontGraph(): text is read like the rest, each token seeing those before it. */
export function frontInputs(
  { encoder }: ConformerLmConfig,
  { promptText, text, speaker }: SpeechPrompt,
): Record<string, Tensor> {
  const ids = [...promptText, ...text];
  const N = ids.length;
  return {
    text: i32([1, N], ids),
    distances: distances(N, encoder.width),
    bias: attentionBias({ slots: 0, filled: 0, fresh: N, lead: 0, sight: "causal" }, null),
    ...(speaker && { speaker: tensor([1, speaker.length], speaker) }),
  };
}

/** The inputs of conformerLmGraph(): rows of a front and tokens behind them, with `filled` places remembered in `visible` slots. */
export function bodyInputs(
  { body }: ConformerLmConfig,
  front: FloatTensor | null,
  ids: readonly number[],
  { filled, visible }: { readonly filled: number; readonly visible: number },
  asked: readonly number[],
): Record<string, Tensor> {
  const lead = front?.shape[1] ?? 0;
  const T = lead + ids.length;
  const given = new Float32Array(T * body.width);
  if (front) given.set(front.data);
  const speech = new Int32Array(T);
  speech.set(ids, lead);
  /** Where the distance stands; one that no place in sight has stands for any that the bias hides. */
  const slot = (distance: number): number => {
    if (distance < 0 || distance >= filled + T) return visible;
    return distance < filled ? distance : visible + distance - filled;
  };
  const slots = (keys: number, farthest: number) => {
    const all = Array.from({ length: keys + T - 1 }, (_, i) => slot(farthest - i));
    return i32([all.length], all);
  };
  return {
    given: tensor([1, T, body.width], given),
    speech: tensor([1, T], speech),
    spoken: tensor([1, T, 1], new Float32Array(T).fill(1, lead)),
    asked: i32([asked.length], asked),
    distances: sinusoids({ from: filled, rows: T, step: 1 }, body.width),
    bias: attentionBias({ slots: visible, filled, fresh: T, lead: 0, sight: "causal" }, null),
    "past slots": slots(visible, filled + T - 1),
    "new slots": slots(T, T - 1),
  };
}
