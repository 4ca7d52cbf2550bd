/** What the graphs of a flow decoder are fed: ids and places for the encoder, mel and places for the estimator. */
import { type FloatTensor, type Tensor, tensor } from "../../../engine/tensor.js";
import { distances } from "../../../engine/blocks/conformer.js";
import { rotationTable } from "../rotations.js";
import { chunkMask } from "./chunk-mask.js";
import { type FlowConfig, LOOKAHEAD } from "./flow-config.js";
import type { Masks } from "./flow-graphs.js";

/** Where tokens stand that are decoded in one go: so many behind so many others. */
export interface Span {
  readonly past: number;
  readonly places: number;
  readonly masks: Masks;
}

/** The inputs of an encoder but its carries. `ids` may hold more than the span, which are only looked ahead to. */
export function encoderInputs(
  config: FlowConfig,
  ids: Int32Array,
  speaker: Float32Array,
  { past, places, masks }: Span,
): Record<string, Tensor> {
  const inputs: Record<string, Tensor> = {
    ids: tensor([1, ids.length], ids),
    vector: tensor([1, speaker.length], speaker),
  };
  if (masks === "chunks in pieces") {
    const whole = new Int32Array(places + LOOKAHEAD);
    whole.set(ids);
    inputs.ids = tensor([1, whole.length], whole);
    inputs.known = tensor([1, whole.length, 1], new Float32Array(whole.length).fill(1, 0, ids.length));
  }
  if (config.generation === 3) return inputs;
  const { width } = config.encoder;
  const levels = config.generation === 1 ? [["tokens", 1] as const] : LEVELS(config.framesPerToken);
  for (const [of, times] of levels) {
    inputs[`distances of ${of}`] = distances(times * places, width, times * past);
    if (config.generation === 2 && masks !== "whole")
      inputs[`mask of ${of}`] = chunkMask(times * places, times * config.chunk, times * past);
  }
  return inputs;
}

/** The two levels of an encoder of generation 2, and places of each for a token. */
const LEVELS = (framesPerToken: number) => [["tokens", 1] as const, ["frames", framesPerToken] as const];

/** The inputs of an estimator that say where `frames` stand, `past` others in front. */
export function placeInputs(config: FlowConfig, past: number, frames: number, masks: Masks): Record<string, Tensor> {
  const chunk = config.generation === 1 ? frames : config.chunk * config.framesPerToken;
  return {
    ...(masks !== "whole" && { mask: chunkMask(frames, chunk, past) }),
    ...(config.generation === 3 && {
      rotations: rotationTable(frames, config.estimator.width / config.estimator.heads, { from: past }),
    }),
  };
}

/** Frames `from` to `to` of the mel of the prompt with zeros behind, [1, mels, to - from]. */
export function placed(prompt: FloatTensor | null, mels: number, from: number, to: number): FloatTensor {
  const data = new Float32Array(mels * (to - from));
  const width = prompt?.shape[2] ?? 0;
  for (let c = 0; prompt && c < mels; c++)
    data.set(prompt.data.subarray(c * width + Math.min(from, width), c * width + Math.min(to, width)), c * (to - from));
  return tensor([1, mels, to - from], data);
}
