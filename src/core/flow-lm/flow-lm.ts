/** A latent transformer ready for use: a voice and a text in, one latent after the other out. */
import { ArgumentError, ClosedError } from "../../base/errors.js";
import type { Engine, Memory, Precision, Program } from "../../engine/engine.js";
import { HIDDEN } from "../../engine/ops/attention.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../../engine/tensor.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import { settle } from "../../engine/weights/settle.js";
import { rotaryTable1d } from "../rotary.js";
import type { FlowLmConfig } from "./config.js";
import { backboneGraph, headGraph, latentGraph, stateOf, textGraph, voiceGraph } from "./graphs.js";

/** What stands in front of a text: the states that the transformer has behind a recording, [1, H, N, D] each, by their names. */
export type VoiceStates = Readonly<Record<string, FloatTensor>>;

export interface LatentRequest {
  readonly voice: VoiceStates;
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
  /** The states behind a recording, of its latents as an encoder gives them, [1, N, V]. @throws ArgumentError for latents of another size. */
  listen(latents: FloatTensor): Promise<VoiceStates>;
  /** Generates frame by frame. @throws ArgumentError for an empty text; ShapeError for states of another model. */
  generate(request: LatentRequest): AsyncGenerator<LatentFrame, void>;
  close(): Promise<void>;
}

interface FlowLmPrograms {
  readonly voice: Program;
  readonly text: Program;
  readonly latent: Program;
  readonly backbone: Program;
  readonly head: Program;
}

/** `precision` is that of the transformer's matrices. @throws WeightsError listing all weights that are missing, misshapen or unused. */
export async function openFlowLm(
  engine: Engine,
  config: FlowLmConfig,
  checkpoint: Checkpoint,
  precision: Precision = "f32",
): Promise<FlowLm> {
  const graphs = {
    voice: voiceGraph(config),
    text: textGraph(config),
    latent: latentGraph(config),
    backbone: backboneGraph(config),
    head: headGraph(config),
  };
  settle(checkpoint, Object.values(graphs));
  const compiled = await Promise.all(
    Object.entries(graphs).map(async ([name, graph]) => {
      const options = name === "backbone" ? { precision } : {};
      return [name, await engine.compile(graph, checkpoint, options)] as const;
    }),
  );
  return new OpenFlowLm(config, Object.fromEntries(compiled) as unknown as FlowLmPrograms);
}

class OpenFlowLm implements FlowLm {
  private closed = false;

  constructor(
    readonly config: FlowLmConfig,
    private readonly programs: FlowLmPrograms,
  ) {}

  async listen(latents: FloatTensor): Promise<VoiceStates> {
    this.open();
    const { voice, layers } = this.config;
    const { shape } = latents;
    if (shape.length !== 3 || shape[0] !== 1 || shape[1]! < 1 || shape[2] !== voice)
      throw new ArgumentError("voice", `a tensor [1, frames, ${voice}]`, `[${shape}]`);
    const rows = (await this.programs.voice.run({ latents })).rows as FloatTensor;
    await using memory = await this.programs.backbone.allocate({ S: rows.shape[1]! });
    await this.pass(rows, memory);
    const names = Array.from({ length: layers }, (_, i) => [stateOf(i, "key"), stateOf(i, "value")]).flat();
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await memory.read(name)] as const)));
  }

  async *generate({ voice, text, ...request }: LatentRequest): AsyncGenerator<LatentFrame, void> {
    this.open();
    if (text.length === 0) throw new ArgumentError("text", "at least one id", "none");
    const before = Object.values(voice)[0]?.shape[2] ?? 0;
    await using memory = await this.programs.backbone.allocate({ S: before + text.length + request.most });
    await memory.load(voice);
    const words = (await this.programs.text.run({ ids: i32([1, text.length], text) })).rows as FloatTensor;
    let given: Float32Array | null = null; // what the last frame was
    let left = request.most;
    for (let frame = 0; left > 0; frame++, left--) {
      request.signal?.throwIfAborted();
      const { rows } = await this.latents(given);
      const { hidden, end } = await this.pass(frame === 0 ? joined(words, rows!) : rows!, memory);
      if (end > END && left > request.afterEnd + 1) left = request.afterEnd + 1;
      given = await this.flow(hidden, request.noise(frame), request.steps);
      const audible = (await this.latents(given)).audible!.data;
      yield { latent: given, audible, endLogit: end, hidden };
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(Object.values(this.programs).map((program: Program) => program.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private open(): void {
    if (this.closed) throw new ClosedError("latent transformer");
  }

  /** Rows after what the memory holds, each of which sees all before it; what comes out behind the last one. */
  private async pass(rows: FloatTensor, memory: Memory): Promise<{ hidden: Float32Array; end: number }> {
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
    const { hidden, end } = found as { hidden: FloatTensor; end: FloatTensor };
    return { hidden: hidden.data.slice(-width), end: end.data.at(-1)! };
  }

  private async latents(latent: Float32Array | null): Promise<Readonly<Record<string, FloatTensor>>> {
    const L = this.config.latent;
    const begins = tensor([1, 1, 1], Float32Array.of(latent ? 0 : 1));
    const found = await this.programs.latent.run({ latents: tensor([1, 1, L], latent ?? new Float32Array(L)), begins });
    return found as Readonly<Record<string, FloatTensor>>;
  }

  /** Euler's method from s = 0 to t = 1, where the head says the mean velocity of each step. */
  private async flow(hidden: Float32Array, start: Float32Array, steps: number): Promise<Float32Array> {
    const x = start.slice();
    const given: Tensor = tensor([1, hidden.length], hidden);
    for (let step = 0; step < steps; step++) {
      const span = tensor([1, 2], Float32Array.of(step / steps, (step + 1) / steps));
      const { velocity } = await this.programs.head.run({ x: tensor([1, x.length], x), span, hidden: given });
      for (let i = 0; i < x.length; i++) x[i]! += velocity!.data[i]! / steps;
    }
    return x;
  }
}

/** Rows [1, N, C] and [1, M, C] as [1, N + M, C]. */
function joined(first: FloatTensor, second: FloatTensor): FloatTensor {
  const data = new Float32Array(first.data.length + second.data.length);
  data.set(first.data);
  data.set(second.data, first.data.length);
  return tensor([1, first.shape[1]! + second.shape[1]!, first.shape[2]!], data);
}
