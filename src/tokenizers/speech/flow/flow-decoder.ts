/** A flow matching decoder ready for use: speech tokens to mel, whole or in chunks, on any engine. */
import { ArgumentError, ClosedError } from "../../../base/errors.js";
import type { Engine } from "../../../engine/engine.js";
import { type FloatTensor, type Tensor, tensor } from "../../../engine/tensor.js";
import type { Checkpoint } from "../../../engine/weights/checkpoint.js";
import { settle } from "../../../engine/weights/settle.js";
import { compiledOnce, type LazyProgram } from "../../lazy-program.js";
import type { Ending } from "../ending.js";
import { rotationTable } from "../rotations.js";
import { chunkMask } from "./chunk-mask.js";
import { distances } from "./conformer.js";
import { timeSinusoids } from "./estimate.js";
import { cosineTimes, euler } from "./euler.js";
import { type FlowConfig, LOOKAHEAD } from "./flow-config.js";
import { encoderGraph, estimatorGraph, type Masks, regulatorGraph, timeSizeOf } from "./flow-graphs.js";
import { stretched } from "./length-regulator.js";
import type { StartNoise } from "./start-noise.js";

/** A recording that says how the speech should sound: its tokens and its mel, [1, mels, frames]. */
export interface FlowPrompt {
  readonly tokens: ArrayLike<number>;
  readonly mel: FloatTensor;
}

export interface FlowRequest {
  /** Ids of the speech tokens, those of the prompt not among them. */
  readonly tokens: ArrayLike<number>;
  readonly prompt: FlowPrompt | null;
  /** The vector of the speaker, as the speaker encoder gives it. */
  readonly speaker: Float32Array;
  readonly noise: StartNoise;
  readonly masks: Masks;
  readonly ending: Ending;
  readonly signal?: AbortSignal | undefined;
}

export interface FlowDecoder extends AsyncDisposable {
  readonly config: FlowConfig;
  /**
   * Mel [1, mels, frames] of the tokens, without that of the prompt. With more to come the last LOOKAHEAD tokens have no frames.
   * @throws ArgumentError for ids outside the vocabulary, or a vector or a prompt of another size.
   */
  decode(request: FlowRequest): Promise<FloatTensor>;
  /** Compiles what decoding with these masks needs, which else is compiled at the first use. */
  prepare(masks: Masks): Promise<void>;
  close(): Promise<void>;
}

/** Tables that files hold and graphs compute themselves. */
const COMPUTED = [/rotary_embed\.inv_freq$/];

/**
 * Checks `checkpoint` against `config`; it stays the caller's and must stay open until the decoder is closed.
 *
 * @throws WeightsError listing all weights that are missing, misshapen or unused.
 */
export function openFlowDecoder(engine: Engine, config: FlowConfig, checkpoint: Checkpoint): FlowDecoder {
  const regulator = config.generation === 1 ? regulatorGraph(config) : null;
  const plain = [encoderGraph(config, "whole", "final"), estimatorGraph(config, "whole")];
  settle(checkpoint, regulator ? [...plain, regulator] : plain, { ignore: COMPUTED });
  const lazy = new Map<string, LazyProgram>();
  const program = (key: string, graph: () => ReturnType<typeof regulatorGraph>) => {
    const found = lazy.get(key) ?? compiledOnce(engine, graph(), checkpoint);
    lazy.set(key, found);
    return found.get();
  };
  return new OpenFlowDecoder(config, {
    encoder: (masks, ending) => program(`encoder ${masks} ${ending}`, () => encoderGraph(config, masks, ending)),
    estimator: (masks) => program(`estimator ${masks}`, () => estimatorGraph(config, masks)),
    regulator: () => program("regulator", () => regulator!),
    close: async () => {
      await Promise.all([...lazy.values()].map((each) => each.close()));
    },
  });
}

interface Programs {
  encoder(masks: Masks, ending: Ending): ReturnType<LazyProgram["get"]>;
  estimator(masks: Masks): ReturnType<LazyProgram["get"]>;
  regulator(): ReturnType<LazyProgram["get"]>;
  close(): Promise<void>;
}

class OpenFlowDecoder implements FlowDecoder {
  private closed = false;

  constructor(
    readonly config: FlowConfig,
    private readonly programs: Programs,
  ) {}

  async decode(request: FlowRequest): Promise<FloatTensor> {
    if (this.closed) throw new ClosedError("flow decoder");
    const { config } = this;
    const ids = this.ids(request);
    const { mu, speaker } = await this.encode(ids, request);
    const T = mu.shape[2]!;
    const prompt = placed(request.prompt?.mel ?? null, config.mels, T);
    const start = request.noise(config.mels, 0, T);
    const estimator = await this.programs.estimator(request.masks);
    const fixed = { mu, prompt, speaker, ...this.tables(T, request.masks) };
    const mel = await euler(start, {
      times: cosineTimes(config.steps),
      guidance: config.guidance,
      signal: request.signal,
      velocity: async (x, t) => {
        const time = timeSinusoids(t, timeSizeOf(config));
        return (await estimator.run({ ...fixed, x: tensor(mu.shape, x), time })).velocity!.data as Float32Array;
      },
    });
    return framesFrom(tensor(mu.shape, mel), request.prompt?.mel.shape[2] ?? 0);
  }

  async prepare(masks: Masks): Promise<void> {
    const endings: readonly Ending[] = masks === "whole" ? ["final"] : ["final", "more to come"];
    await Promise.all([
      ...endings.map((ending) => this.programs.encoder(masks, ending)),
      this.programs.estimator(masks),
    ]);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.programs.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** mu [1, mels, T] and the speaker [1, mels] of all tokens, those of the prompt in front. */
  private async encode(ids: Int32Array, request: FlowRequest): Promise<{ mu: FloatTensor; speaker: FloatTensor }> {
    const { config } = this;
    const { masks, ending } = request;
    const places = ids.length - (ending === "final" ? 0 : LOOKAHEAD);
    const inputs: Record<string, Tensor> = {
      ids: tensor([1, ids.length], ids),
      vector: tensor([1, request.speaker.length], request.speaker),
    };
    const add = (of: "tokens" | "frames", T: number, width: number, chunk: number) => {
      inputs[`distances of ${of}`] = distances(T, width);
      if (masks === "chunks") inputs[`mask of ${of}`] = chunkMask(T, chunk);
    };
    if (config.generation === 1) add("tokens", places, config.encoder.width, places);
    if (config.generation === 2) {
      add("tokens", places, config.encoder.width, config.chunk);
      add("frames", places * config.framesPerToken, config.encoder.width, config.chunk * config.framesPerToken);
    }
    const encoder = await this.programs.encoder(masks, ending);
    const { columns, mu, speaker } = (await encoder.run(inputs)) as Record<string, FloatTensor>;
    if (config.generation !== 1) return { mu: mu!, speaker: speaker! };
    const frames = stretched(config, columns!, request.prompt?.tokens.length ?? 0, request.prompt?.mel.shape[2] ?? 0);
    const regulated = await (await this.programs.regulator()).run({ columns: frames });
    return { mu: regulated.mu as FloatTensor, speaker: speaker! };
  }

  private tables(T: number, masks: Masks): Record<string, Tensor> {
    const { config } = this;
    const chunk = config.generation === 1 ? T : config.chunk * config.framesPerToken;
    return {
      ...(masks === "chunks" && { mask: chunkMask(T, chunk) }),
      ...(config.generation === 3 && { rotations: rotationTable(T, config.estimator.width / config.estimator.heads) }),
    };
  }

  private ids({ tokens, prompt, speaker, masks, ending }: FlowRequest): Int32Array {
    const { config } = this;
    const ids = Int32Array.from([...Array.from(prompt?.tokens ?? []), ...Array.from(tokens)]);
    const stray = ids.find((id) => id < 0 || id >= config.vocabulary);
    if (stray !== undefined) throw new ArgumentError("tokens", `ids from 0 to ${config.vocabulary - 1}`, stray);
    const least = (prompt?.tokens.length ?? 0) + (ending === "final" ? 1 : LOOKAHEAD + 1);
    if (ids.length < least)
      throw new ArgumentError("tokens", `at least ${least} ids, the prompt's among them`, ids.length);
    if (speaker.length !== config.speaker)
      throw new ArgumentError("speaker", `a vector of ${config.speaker} numbers`, speaker.length);
    if (config.generation === 1 && (masks !== "whole" || ending !== "final"))
      throw new ArgumentError("masks", '"whole" and "final": this generation has no chunks', `${masks}, ${ending}`);
    if (config.generation !== 1 && prompt && prompt.mel.shape[2] !== prompt.tokens.length * config.framesPerToken)
      throw new ArgumentError(
        "prompt.mel",
        `${config.framesPerToken} frames for each of ${prompt.tokens.length} tokens`,
        prompt.mel.shape[2],
      );
    return ids;
  }
}

/** The mel of the prompt with zeros behind, [1, mels, T]. */
function placed(prompt: FloatTensor | null, mels: number, T: number): FloatTensor {
  const data = new Float32Array(mels * T);
  const width = prompt?.shape[2] ?? 0;
  for (let c = 0; prompt && c < mels; c++) data.set(prompt.data.subarray(c * width, (c + 1) * width), c * T);
  return tensor([1, mels, T], data);
}

/** The frames of [1, C, T] from `start` on. */
export function framesFrom({ shape, data }: FloatTensor, start: number): FloatTensor {
  const [, C, T] = shape as [number, number, number];
  if (start === 0) return tensor(shape, data);
  const out = new Float32Array(C * (T - start));
  for (let c = 0; c < C; c++) out.set(data.subarray(c * T + start, (c + 1) * T), c * (T - start));
  return tensor([1, C, T - start], out);
}
