/** A HiFT vocoder ready for use: mel to waveform, whole or in pieces, on any engine. */
import { ClosedError } from "../../../base/errors.js";
import { normals, uniform } from "../../../base/random.js";
import type { Engine } from "../../../engine/engine.js";
import { type Graph, GraphBuilder } from "../../../engine/graph.js";
import { type FloatTensor, tensor } from "../../../engine/tensor.js";
import type { Checkpoint } from "../../../engine/weights/checkpoint.js";
import { settle } from "../../../engine/weights/settle.js";
import { withoutWeightNorm } from "../../../engine/weights/weight-norm.js";
import { compiledOnce, type LazyProgram } from "../../lazy-program.js";
import { harmonicSource } from "./harmonic-source.js";
import { type HiftConfig, hopOf } from "./hift-config.js";
import type { Ending } from "../ending.js";
import { F0_AHEAD, fundamental, merged, synthesised, WAVE_AHEAD } from "./hift-graphs.js";

/** Whose noise it is: the same seed and item sound the same, whatever was made before. */
export interface Speech {
  readonly seed: number;
  readonly item: number;
  /** Number of the utterance's first frame among all frames of the item. */
  readonly first: number;
}

export interface Hift extends AsyncDisposable {
  readonly config: HiftConfig;
  /** Samples of a frame. */
  readonly hop: number;
  /** Mel [1, mels, T] to the fundamental of each frame in Hz; with more to come causal layers give 3 frames fewer. */
  fundamental(mel: FloatTensor, ending: Ending): Promise<Float32Array>;
  /** The excitation of frames `from` to `to` out of the fundamental of all frames so far: (to - from) · hop samples. */
  source(f0: ArrayLike<number>, from: number, to: number, speech: Speech): Promise<Float32Array>;
  /** Mel [1, mels, T] and its source, T · hop samples, to samples; with more to come causal layers give 4 · hop fewer. */
  synthesise(mel: FloatTensor, source: Float32Array, ending: Ending): Promise<Float32Array>;
  /** All three, for a whole utterance. */
  speak(mel: FloatTensor, speech: Speech): Promise<Float32Array>;
  /** Compiles what is else compiled at the first use. */
  prepare(): Promise<void>;
  close(): Promise<void>;
}

/** The graphs of a vocoder. */
export function hiftGraphs(config: HiftConfig) {
  const build = (name: string, of: (g: GraphBuilder) => ReturnType<GraphBuilder["input"]>): Graph => {
    const g = new GraphBuilder(name);
    return g.build({ y: of(g) });
  };
  const mel = (g: GraphBuilder) => g.input("mel", ["B", config.mels, "T"]);
  return {
    fundamental: build("hift-fundamental", (g) => fundamental(g, config, mel(g))),
    merged: build("hift-source", (g) => merged(g, config, g.input("sines", ["B", "L", config.harmonics + 1]))),
    synthesised: build("hift-waveform", (g) => synthesised(g, config, mel(g), g.input("source", ["B", "L"]))),
  };
}

/**
 * Checks `checkpoint` against `config`; it stays the caller's and must stay open until the vocoder is closed.
 *
 * @throws WeightsError listing all weights that are missing, misshapen or unused.
 */
export async function openHift(engine: Engine, config: HiftConfig, checkpoint: Checkpoint): Promise<Hift> {
  const weights = withoutWeightNorm(checkpoint);
  const graphs = hiftGraphs(config);
  settle(weights, Object.values(graphs));
  return new OpenHift(config, await weights.floats("m_source.l_linear.weight"), {
    fundamental: compiledOnce(engine, graphs.fundamental, weights),
    merged: compiledOnce(engine, graphs.merged, weights),
    synthesised: compiledOnce(engine, graphs.synthesised, weights),
  });
}

type Programs = Readonly<Record<keyof ReturnType<typeof hiftGraphs>, LazyProgram>>;

/** Behind the last frame causal layers look ahead to zeros: mel [1, mels, T] with `count` of them, [1, mels, T + count]. */
export function withZeros({ shape, data }: FloatTensor, count: number): FloatTensor {
  const [, C, T] = shape as [number, number, number];
  const out = new Float32Array(C * (T + count));
  for (let c = 0; c < C; c++) out.set(data.subarray(c * T, (c + 1) * T), c * (T + count));
  return tensor([1, C, T + count], out);
}

class OpenHift implements Hift {
  readonly hop: number;
  private closed = false;

  constructor(
    readonly config: HiftConfig,
    /** How loud each harmonic is in the excitation. */
    private readonly merge: Float32Array,
    private readonly programs: Programs,
  ) {
    this.hop = hopOf(config);
  }

  async fundamental(mel: FloatTensor, ending: Ending): Promise<Float32Array> {
    const y = await this.run(this.programs.fundamental, { mel: this.ended(mel, ending, F0_AHEAD) });
    return y.map(Math.abs);
  }

  async source(f0: ArrayLike<number>, from: number, to: number, speech: Speech): Promise<Float32Array> {
    const { seed, item, first } = speech;
    const count = this.config.harmonics + 1;
    // Noise of all harmonics reaches the excitation as one weighted sum, so one normal number along the weights does for all.
    const length = Math.hypot(...this.merge);
    const along = this.merge.map((weight) => weight / length);
    const draws = new Float32Array((to - from) * this.hop);
    for (let frame = from; frame < to; frame++) {
      const own = normals({ seed, item, position: first + frame, purpose: "excitation" }, this.hop);
      draws.set(own, (frame - from) * this.hop);
    }
    const start = from * this.hop;
    const sines = harmonicSource(this.config, {
      ...{ f0, from, to },
      initial: initialPhases(speech, count),
      noise: (sample, h) => draws[sample - start]! * along[h]!,
    });
    const shape = [1, (to - from) * this.hop, count];
    return this.run(this.programs.merged, { sines: tensor(shape, sines) });
  }

  synthesise(mel: FloatTensor, source: Float32Array, ending: Ending): Promise<Float32Array> {
    const whole = this.ended(mel, ending, WAVE_AHEAD);
    return this.run(this.programs.synthesised, { mel: whole, source: tensor([1, source.length], source) });
  }

  async speak(mel: FloatTensor, speech: Speech): Promise<Float32Array> {
    const f0 = await this.fundamental(mel, "final");
    return this.synthesise(mel, await this.source(f0, 0, f0.length, speech), "final");
  }

  async prepare(): Promise<void> {
    await Promise.all(Object.values(this.programs).map((program) => program.get()));
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(Object.values(this.programs).map((program) => program.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private ended(mel: FloatTensor, ending: Ending, ahead: number): FloatTensor {
    return ending === "final" && this.config.layers === "causal" ? withZeros(mel, ahead) : mel;
  }

  private async run(program: LazyProgram, inputs: Readonly<Record<string, FloatTensor>>): Promise<Float32Array> {
    if (this.closed) throw new ClosedError("vocoder");
    return (await (await program.get()).run(inputs)).y!.data as Float32Array;
  }
}

/** 0 for the fundamental, anything from -π to π for each harmonic. */
const initialPhases = ({ seed, item, first: position }: Speech, count: number): number[] =>
  Array.from({ length: count }, (_, h) =>
    h === 0 ? 0 : Math.PI * (2 * uniform({ seed, item, position, purpose: "excitation" }, 2 ** 30 + h) - 1),
  );
