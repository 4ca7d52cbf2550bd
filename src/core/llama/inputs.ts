/** What a pass of the Llama family's graph is fed. */
import { i32, type Tensor } from "../../engine/tensor.js";
import { type PromptPass, promptInputs } from "../prompt/pass.js";
import type { LlamaConfig } from "./config.js";
import { anglesOf } from "./rope.js";

/** The inputs of llamaGraph() for a pass that asks the new slots `rows`. */
export function llamaInputs(config: LlamaConfig, pass: PromptPass, rows: readonly number[]): Record<string, Tensor> {
  const { ids, positions, lengths, bias } = promptInputs(pass);
  const inputs: Record<string, Tensor> = { ids, rows: i32([rows.length], rows) };
  for (const { rope, window } of config.layers) {
    inputs[window === null ? "bias" : `bias.${window}`] ??= bias(window);
    if (rope !== null) inputs[`angles.${rope}`] ??= anglesOf(config.ropes[rope]!, positions, lengths);
  }
  return inputs;
}
