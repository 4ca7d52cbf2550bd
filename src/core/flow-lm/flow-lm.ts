/** A latent transformer ready for use: a voice and a text in, one latent after the other out. */
import { ArgumentError, ClosedError } from "../../base/errors.js";
import type { Engine, Memory, Program } from "../../engine/engine.js";
import { HIDDEN } from "../../engine/ops/attention.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../../engine/tensor.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import { settle } from "../../engine/weights/settle.js";
import { rotaryTable1d } from "../rotary.js";
import type { FlowLmConfig } from "./config.js";
import { backboneGraph, headGraph, latentGraph, textGraph, voiceGraph } from "./graphs.js";

export interface LatentRequest {
  /** Latents of a recording, as the codec's encoder gives them: [1, N, L]. */
  readonly voice: FloatTensor;
  /** Ids of the text. */
  readonly text: ArrayLike<number>;
  /** Where the flow of a frame starts: L numbers, normal ones times the root of the temperature. */
  readonly noise: (frame: number) => Float32Array;
  /** Steps of the flow; the published models need but one. */
  readonly steps: number;
  /** Frames at most, and how many are made after the one at which the end is said. */
  readonly most: number;
  readonly afterEnd: number;
  readonly signal?: AbortSignal | undefined;
}

/** A frame: the latent as the model is fed it again, and as the codec decodes it, L numbers each. */
export interface LatentFrame {
  readonly latent: Float32Array;
  readonly audible: Float32Array;
  /** What was said of the end before this frame was made; above END it was. */
  readonly endLogit: number;
  readonly hidden: Float32Array;
}

/** Of the authors' code: the logit above which speech is over. */
export const END = -4;

export interface FlowLm extends AsyncDisposable {
  readonly config: FlowLmConfig;
  /** Generates frame by frame. @throws ArgumentError for an empty text or a voice of another size. */
  generate(request: LatentRequest): AsyncGenerator<LatentFrame, void>;
  close(): Promise<void>;
}

export interface FlowLmPrograms {
  readonly voice: Program;
  readonly text: Program;
  readonly latent: Program;
  readonly backbone: Program;
  readonly head: Program;
}

/** @throws WeightsError listing all weights that are missing, misshapen or unused. */
export async function openFlowLm(engine: Engine, config: FlowLmConfig, checkpoint: Checkpoint): Promise<FlowLm> {
  const graphs = {
    voice: voiceGraph(config),
    text: textGraph(config),
    latent: latentGraph(config),
    backbone: backboneGraph(config),
    head: headGraph(config),
  };
  settle(checkpoint, Object.values(graphs));
  const compiled = await Promise.all(
    Object.entries(graphs).map(async ([name, graph]) => [name, await engine.compile(graph, checkpoint)] as const),
  );
  return new OpenFlowLm(config, Object.fromEntries(compiled) as unknown as FlowLmPrograms);
}

class OpenFlowLm implements FlowLm {
  private closed = false;

  constructor(
    readonly config: FlowLmConfig,
    private readonly programs: FlowLmPrograms,
  ) {}

  async *generate(request: LatentRequest): AsyncGenerator<LatentFrame, void> {
    if (this.closed) throw new ClosedError("latent transformer");
    const { latent: L } = this.config;
    const { voice, text, most } = request;
    if (text.length === 0) throw new ArgumentError("text", "at least one id", "none");
    if (voice.shape.length !== 3 || voice.shape[0] !== 1 || voice.shape[2] !== L)
      throw new ArgumentError("voice", `a tensor [1, frames, ${L}]`, `[${voice.shape}]`);
    const prompt = joined([
      (await this.programs.voice.run({ latents: voice })).rows as FloatTensor,
      (await this.programs.text.run({ ids: i32([1, text.length], text) })).rows as FloatTensor,
    ]);
    await using memory = await this.programs.backbone.allocate({ S: prompt.shape[1]! + most });
    await this.pass(prompt, memory);
    let given: Float32Array | null = null; // what the last frame was
    let left = most;
    for (let frame = 0; left > 0; frame++, left--) {
      request.signal?.throwIfAborted();
      const { rows } = await this.latents(given);
      const { hidden, end } = await this.pass(rows!, memory);
      if (end.data[0]! > END && left > request.afterEnd + 1) left = request.afterEnd + 1;
      given = await this.flow(hidden, request.noise(frame), request.steps);
      const audible = (await this.latents(given)).audible!.data;
      yield { latent: given, audible, endLogit: end.data[0]!, hidden: hidden.data };
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(Object.values(this.programs).map((program: Program) => program.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Rows after what the memory holds, each of which sees all before it. */
  private async pass(rows: FloatTensor, memory: Memory): Promise<{ hidden: FloatTensor; end: FloatTensor }> {
    const T = rows.shape[1]!;
    const { width, heads } = this.config;
    const [filled, S] = [memory.length, memory.visible];
    const shape = { headSize: width / heads, base: 10000, conditionSlots: 0, condition: "identity" } as const;
    const table = rotaryTable1d(shape, filled + T);
    const angles = tensor([T, width / heads / 2, 2], table.data.slice((filled * width) / heads));
    const bias = new Float32Array(T * (S + T)).fill(HIDDEN);
    for (let t = 0; t < T; t++) {
      bias.fill(0, t * (S + T), t * (S + T) + filled);
      bias.fill(0, t * (S + T) + S, t * (S + T) + S + t + 1);
    }
    const found = await this.programs.backbone.run({ rows, angles, bias: tensor([1, 1, T, S + T], bias) }, memory);
    return found as { hidden: FloatTensor; end: FloatTensor };
  }

  private async latents(latent: Float32Array | null): Promise<Readonly<Record<string, FloatTensor>>> {
    const L = this.config.latent;
    const begins = tensor([1, 1, 1], Float32Array.of(latent ? 0 : 1));
    const found = await this.programs.latent.run({ latents: tensor([1, 1, L], latent ?? new Float32Array(L)), begins });
    return found as Readonly<Record<string, FloatTensor>>;
  }

  /** Euler's method from s = 0 to t = 1, where the head says the mean velocity of each step. */
  private async flow({ data }: FloatTensor, start: Float32Array, steps: number): Promise<Float32Array> {
    const x = start.slice();
    const hidden: Tensor = tensor([1, data.length], data);
    for (let step = 0; step < steps; step++) {
      const span = tensor([1, 2], Float32Array.of(step / steps, (step + 1) / steps));
      const { velocity } = await this.programs.head.run({ x: tensor([1, x.length], x), span, hidden });
      for (let i = 0; i < x.length; i++) x[i]! += velocity!.data[i]! / steps;
    }
    return x;
  }
}

/** [1, N, C] one after the other. */
function joined(parts: readonly FloatTensor[]): FloatTensor {
  const C = parts[0]!.shape[2]!;
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return tensor([1, data.length / C, C], data);
}
