/** A tokenizer of speech ready for use: audio to ids of supervised semantic tokens, on any engine. */
import { ArgumentError, ClosedError } from "../../../base/errors.js";
import type { Engine, Precision } from "../../../engine/engine.js";
import { type Graph, GraphBuilder } from "../../../engine/graph.js";
import { HIDDEN } from "../../../engine/ops/attention.js";
import { scaled } from "../../../engine/ops/sizes.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../../../engine/tensor.js";
import type { Checkpoint } from "../../../engine/weights/checkpoint.js";
import { settle } from "../../../engine/weights/settle.js";
import { compiledOnce, type LazyProgram } from "../../lazy-program.js";
import { type Tap, untapped } from "../../tap.js";
import { tokenizerMel } from "../audio/mel.js";
import { rotationTable } from "../rotations.js";
import { type S3Config, vocabularyOf } from "./s3-config.js";
import { boundedScalars, type Lengths, s3Hidden, vectorIds } from "./s3-graphs.js";
import { scalarIds } from "./scalar-codes.js";

export interface SpeechTokenizer extends AsyncDisposable {
  readonly config: S3Config;
  readonly vocabularySize: number;
  /** Tokens a second. */
  readonly rate: number;
  /**
   * Mono audio of 16 kHz in [-1, 1], of any length, to ids. What is longer than 30 s is read in windows of which each overlaps its
   * neighbours by 4 s, and the 2 s at an inner edge are not used.
   * @throws ArgumentError for less than 201 samples or a sample that is no number.
   */
  encode(samples: Float32Array): Promise<Int32Array>;
  /** Mel [B, mels, T], of which row b has lengths[b] frames, to ids [B, N] with -1 after the end of a row. */
  encodeMel(mel: FloatTensor, lengths: readonly number[]): Promise<Tensor>;
  close(): Promise<void>;
}

/** Frames of a window, of the step to the next, and in a second. */
const WINDOW = 3000;
const STEP = 2600;
const FRAME_RATE = 100;

/** The graph: mel and by need lengths and rotations, to ids or, for scalar codes, scalars. */
export function s3Graph(config: S3Config, batch: "equal lengths" | "own lengths", tap: Tap = untapped): Graph {
  const g = new GraphBuilder("speech-tokenizer");
  const { codes } = config;
  const mel = g.input("mel", ["B", config.mels, "T"]);
  const between = scaled("speech-tokenizer", "T", 1, config.strides[0]);
  const N = scaled("speech-tokenizer", between, 1, config.strides[1]);
  const turns = codes.kind === "scalar" ? g.input("rotations", [N, config.width / config.heads / 2, 2]) : null;
  const lengths: Lengths | null =
    batch === "equal lengths"
      ? null
      : {
          frames: g.input("frames", ["B", 1, "T"]),
          between: g.input("between", ["B", 1, between]),
          tokens: g.input("tokens", ["B", 1, N]),
          bias: g.input("bias", ["B", 1, N, N]),
        };
  const hidden = tap("hidden", s3Hidden(g, config, mel, turns, lengths, tap));
  if (codes.kind === "vector") return g.build({ ids: vectorIds(g, "quantizer", codes, hidden) });
  return g.build({ scalars: boundedScalars(g, "quantizer", codes, hidden) });
}

/**
 * Checks `checkpoint` against `config`; it stays the caller's and must stay open until the tokenizer is closed.
 *
 * @throws WeightsError listing all weights that are missing, misshapen or unused.
 */
export function openSpeechTokenizer(
  engine: Engine,
  config: S3Config,
  checkpoint: Checkpoint,
  precision: Precision = "f32",
): SpeechTokenizer {
  const equal = s3Graph(config, "equal lengths");
  settle(checkpoint, [equal]);
  const own = compiledOnce(engine, s3Graph(config, "own lengths"), checkpoint, precision);
  return new OpenSpeechTokenizer(config, compiledOnce(engine, equal, checkpoint, precision), own);
}

class OpenSpeechTokenizer implements SpeechTokenizer {
  readonly vocabularySize: number;
  readonly rate: number;
  private closed = false;

  constructor(
    readonly config: S3Config,
    private readonly equal: LazyProgram,
    private readonly own: LazyProgram,
  ) {
    this.vocabularySize = vocabularyOf(config);
    this.rate = FRAME_RATE / (config.strides[0] * config.strides[1]);
  }

  async encode(samples: Float32Array): Promise<Int32Array> {
    const stray = samples.find((x) => !Number.isFinite(x));
    if (stray !== undefined) throw new ArgumentError("samples", "numbers", stray);
    const mel = tokenizerMel(samples, this.config.mels);
    const T = mel.shape[2]!;
    if (T <= WINDOW) return (await this.encodeMel(mel, [T])).data as Int32Array;
    const edge = ((WINDOW - STEP) / 2 / FRAME_RATE) * this.rate; // tokens
    const ids: number[] = [];
    for (let start = 0; ; start += STEP) {
      const last = start + WINDOW >= T;
      const part = framesOf(mel, start, Math.min(start + WINDOW, T));
      const { data } = await this.encodeMel(part, [part.shape[2]!]);
      ids.push(...data.subarray(start === 0 ? 0 : edge, last ? data.length : data.length - edge));
      if (last) return Int32Array.from(ids);
    }
  }

  async encodeMel(mel: FloatTensor, lengths: readonly number[]): Promise<Tensor> {
    if (this.closed) throw new ClosedError("speech tokenizer");
    const [B, , T] = mel.shape as [number, number, number];
    const strides = this.config.strides;
    const [T1, N] = [behind(T, strides[0]), behind(behind(T, strides[0]), strides[1])];
    const counts = lengths.map((length) => behind(behind(length, strides[0]), strides[1]));
    const { codes, width, heads } = this.config;
    const turns = codes.kind === "scalar" ? { rotations: rotationTable(N, width / heads) } : {};
    const equal = lengths.every((length) => length === T);
    const masks = equal
      ? {}
      : {
          frames: ones(lengths, T),
          between: ones(
            lengths.map((length) => behind(length, strides[0])),
            T1,
          ),
          tokens: ones(counts, N),
          bias: hidingBehind(counts, N),
        };
    const program = await (equal ? this.equal : this.own).get();
    const found = await program.run({ mel, ...turns, ...masks });
    const ids =
      codes.kind === "scalar" ? scalarIds(found.scalars!.data as Float32Array, codes.scalars) : found.ids!.data;
    return i32(
      [B, N],
      Int32Array.from(ids, (id, i) => (i % N < counts[Math.floor(i / N)]! ? id : -1)),
    );
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([this.equal.close(), this.own.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** How many places a convolution of 3 with a place of padding on both sides leaves. */
const behind = (length: number, stride: number): number => Math.floor((length - 1) / stride) + 1;

/** [B, 1, T] with 1 on the first places of each row. */
function ones(lengths: readonly number[], T: number): FloatTensor {
  const data = new Float32Array(lengths.length * T);
  lengths.forEach((length, b) => data.fill(1, b * T, b * T + length));
  return tensor([lengths.length, 1, T], data);
}

/** [B, 1, N, N] that hides the keys after the end of a row. */
function hidingBehind(counts: readonly number[], N: number): FloatTensor {
  const data = new Float32Array(counts.length * N * N);
  for (let row = 0; row < counts.length * N; row++)
    data.fill(HIDDEN, row * N + counts[Math.floor(row / N)]!, (row + 1) * N);
  return tensor([counts.length, 1, N, N], data);
}

function framesOf({ shape, data }: FloatTensor, from: number, to: number): FloatTensor {
  const [, C, T] = shape as [number, number, number];
  const out = new Float32Array(C * (to - from));
  for (let c = 0; c < C; c++) out.set(data.subarray(c * T + from, c * T + to), c * (to - from));
  return tensor([1, C, to - from], out);
}
