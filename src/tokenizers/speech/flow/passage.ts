/** Tokens carried through a flow decoder in one go: encoder, Euler steps of the estimator, mel. */
import type { Program } from "../../../engine/engine.js";
import { type FloatTensor, type Tensor, tensor } from "../../../engine/tensor.js";
import { carriesOf } from "../carry.js";
import type { Ending } from "../ending.js";
import { timeSinusoids } from "./estimate.js";
import { cosineTimes, euler } from "./euler.js";
import { type FlowConfig, LOOKAHEAD } from "./flow-config.js";
import { type Masks, timeSizeOf } from "./flow-graphs.js";
import { encoderInputs, placed, placeInputs } from "./flow-inputs.js";
import { stretched } from "./length-regulator.js";
import type { StartNoise } from "./start-noise.js";

/** A recording that says how the speech should sound: its tokens and its mel, [1, mels, frames]. */
export interface FlowPrompt {
  readonly tokens: ArrayLike<number>;
  readonly mel: FloatTensor;
}

/** What stays the same from the first token of an utterance to the last. */
export interface FlowVoice {
  readonly prompt: FlowPrompt | null;
  /** The vector of the speaker, as the speaker encoder gives it. */
  readonly speaker: Float32Array;
  readonly noise: StartNoise;
  readonly signal?: AbortSignal | undefined;
}

/** The programs of a decoder, compiled at their first use. */
export interface FlowPrograms {
  encoder(masks: Masks, ending: Ending): Promise<Program>;
  estimator(masks: Masks): Promise<Program>;
  regulator(): Promise<Program>;
}

/** What the networks remember of the tokens in front: those of the encoder, and those of the estimator for each step of the solver. */
export interface Carried {
  encoder: Record<string, Tensor>;
  readonly steps: Record<string, Tensor>[];
}

export interface Passage extends FlowVoice {
  /** Ids of the tokens, and with more to come LOOKAHEAD ids behind them. Those of the prompt are the first of an utterance. */
  readonly ids: Int32Array;
  readonly masks: Masks;
  readonly ending: Ending;
  /** Tokens that went before, of which `carried` knows. */
  readonly past: number;
  readonly carried: Carried | null;
}

/** Mel [1, mels, T] of the tokens. What it carries on is left in `carried`. */
export async function pass(config: FlowConfig, programs: FlowPrograms, passage: Passage): Promise<FloatTensor> {
  const { masks, past, carried, noise, signal } = passage;
  const { mu, speaker } = await encode(config, programs, passage);
  const from = config.generation === 1 ? 0 : past * config.framesPerToken;
  const T = mu.shape[2]!;
  const prompt = placed(passage.prompt?.mel ?? null, config.mels, from, from + T);
  const estimator = await programs.estimator(masks);
  const fixed = { mu, prompt, speaker, ...placeInputs(config, from, T, masks) };
  const mel = await euler(noise(config.mels, from, from + T), {
    times: cosineTimes(config.steps),
    guidance: config.guidance,
    signal,
    velocity: async (x, t, step) => {
      const time = timeSinusoids(t, timeSizeOf(config));
      const outputs = await estimator.run({ ...fixed, x: tensor(mu.shape, x), time, ...carried?.steps[step] });
      if (carried) carried.steps[step] = carriesOf(outputs);
      return outputs.velocity!.data as Float32Array;
    },
  });
  return tensor(mu.shape, mel);
}

/** mu [1, mels, T] and the speaker [1, mels]. */
async function encode(
  config: FlowConfig,
  programs: FlowPrograms,
  { ids, speaker: vector, prompt, masks, ending, past, carried }: Passage,
): Promise<{ mu: FloatTensor; speaker: FloatTensor }> {
  const places = ids.length - (ending === "final" ? 0 : LOOKAHEAD);
  const encoder = await programs.encoder(masks, ending);
  const inputs = encoderInputs(config, ids, vector, { past, places, masks });
  const outputs = await encoder.run({ ...inputs, ...carried?.encoder });
  if (carried) carried.encoder = carriesOf(outputs);
  const { columns, mu, speaker } = outputs as Record<string, FloatTensor>;
  if (config.generation !== 1) return { mu: mu!, speaker: speaker! };
  const frames = stretched(config, columns!, prompt?.tokens.length ?? 0, prompt?.mel.shape[2] ?? 0);
  const regulated = await (await programs.regulator()).run({ columns: frames });
  return { mu: regulated.mu as FloatTensor, speaker: speaker! };
}
