/** What a device offers to the stairs above: graphs become programs, programs run, memory outlives a run. */
import type { Graph } from "./graph.js";
import type { FloatTensor, Tensor } from "./tensor.js";
import type { Checkpoint } from "./weights/checkpoint.js";

/** How weights of matrices are held: as they are, in half precision, or in blocks of 32 with 8 or 4 bits. */
export type Precision = (typeof PRECISIONS)[number];

export const PRECISIONS = ["f32", "f16", "q8", "q4"] as const;

export interface DeviceReport {
  /** Such as "onnx-cpu", "onnx-webgpu", "tensorflow-cpu", "tensorflow-webgpu", "reference". */
  readonly name: string;
  /** Why this one was chosen. */
  readonly reason: string;
}

export interface Engine extends AsyncDisposable {
  readonly device: DeviceReport;
  /**
   * Makes a graph runnable with the weights of a checkpoint; every weight of the graph must be there in its shape, or a
   * WeightsError names all that are not. (That nothing of the checkpoint is left over is checked by `settle`, in weights/.)
   */
  compile(
    graph: Graph,
    weights: Checkpoint,
    options?: { readonly precision?: Precision | undefined },
  ): Promise<Program>;
  /** Makes an ONNX file runnable as it is; only the engines of ONNX Runtime can. */
  readonly openFile?: (path: string) => Promise<FileProgram>;
  close(): Promise<void>;
}

/** A model that somebody else wrote as an .onnx file. */
export interface FileProgram {
  /** Names of its inputs in the order of the file. */
  readonly inputs: readonly string[];
  /** The outputs by their names, in the order of the file; 64-bit integers come as 32-bit ones. */
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
  close(): Promise<void>;
}

export interface Program extends AsyncDisposable {
  readonly graph: Graph;
  /** Allocates the states once. `sizes` gives every named size of their shapes, such as { B: 2, S: 257 }. */
  allocate(sizes: Readonly<Record<string, number>>): Promise<Memory>;
  /** Runs once. Inputs are borrowed, results belong to the caller. Appended rows go to `memory`, whose length grows by T. */
  run(inputs: Readonly<Record<string, Tensor>>, memory?: Memory): Promise<Readonly<Record<string, Tensor>>>;
  close(): Promise<void>;
}

/** The states of one run of generation. */
export interface Memory extends AsyncDisposable {
  /** Slots per state: what fits in. */
  readonly slots: number;
  /** Slots that the next run sees, filled or not: the S of its inputs. At least `length`, and grows with it. */
  readonly visible: number;
  /** Slots filled. */
  readonly length: number;
  /** Forgets all slots from `length` on; costs nothing. */
  truncate(length: number): void;
  /** Keeps these filled slots, ascending, and forgets the others; what is kept moves together. */
  keep(slots: readonly number[]): Promise<void>;
  /** Makes batch row i a copy of what row parents[i] was. Fewer parents leave fewer rows, for good. */
  fork(parents: readonly number[]): Promise<void>;
  /** Fills the next T slots of every state with rows [B, H, T, D], by the names of the states, such as `read` gave. Throws ShapeError. */
  load(rows: Readonly<Record<string, FloatTensor>>): Promise<void>;
  /** A copy of the filled slots of a state, [B, H, length, D]: to be loaded again, or compared with a reference. */
  read(state: string): Promise<FloatTensor>;
  close(): Promise<void>;
}
