/** What the two sides of an engine thread ask of each other. Programs, memories and checkpoints are known by number. */
import type { Precision } from "../engine.js";
import type { Sizes } from "../feeds.js";
import type { Graph } from "../graph.js";
import type { OnnxSettings } from "../onnx/executor.js";
import type { FloatTensor, Tensor } from "../tensor.js";
import type { TensorflowSettings } from "../tensorflow/executor.js";
import type { Entry, Extent } from "../weights/checkpoint.js";
import type { Moved } from "./wire.js";

/** Which engine the thread opens. */
export type ThreadSettings =
  | ({ readonly engine: "onnx" } & OnnxSettings)
  | ({ readonly engine: "tensorflow" } & TensorflowSettings);

/** The part of a checkpoint that a graph needs, as the thread sees it: bytes come on demand, or straight from the file. */
export interface CheckpointTable {
  readonly id: number;
  readonly label: string;
  readonly entries: readonly Entry[];
  readonly extents: readonly (readonly [name: string, extent: Extent])[];
}

export type Tensors = Readonly<Record<string, Tensor>>;

/** Answered by the thread, one after the other. */
export type ThreadMethods = {
  open(settings: ThreadSettings): Promise<void>;
  compile(call: { graph: Graph; checkpoint: CheckpointTable; precision: Precision }): Promise<number>;
  openFile(path: string): Promise<{ file: number; inputs: readonly string[] }>;
  runFile(call: { file: number; inputs: Tensors }): Promise<Tensors>;
  closeFile(file: number): Promise<void>;
  allocate(call: { program: number; sizes: Sizes }): Promise<{ memory: number; slots: number; visible: number }>;
  run(call: RunCall): Promise<Moved<RunResult>>;
  truncate(call: { memory: number; length: number }): Promise<void>;
  keep(call: { memory: number; slots: readonly number[] }): Promise<void>;
  fork(call: { memory: number; parents: readonly number[] }): Promise<void>;
  load(call: { memory: number; rows: Readonly<Record<string, FloatTensor>> }): Promise<MemorySize>;
  read(call: { memory: number; state: string }): Promise<FloatTensor>;
  closeMemory(memory: number): Promise<void>;
  closeProgram(program: number): Promise<void>;
  close(): Promise<void>;
};

export interface RunCall {
  readonly program: number;
  readonly inputs: Tensors;
  readonly memory: number | null;
}

/** Slots filled after a call, and those that the next one sees. */
export interface MemorySize {
  readonly length: number;
  readonly visible: number;
}

export interface RunResult extends MemorySize {
  readonly outputs: Tensors;
}

/** Answered by the thread's owner. */
export type OwnerMethods = {
  /** The bytes of a weight while its checkpoint is being compiled in. */
  bytes(call: { checkpoint: number; name: string }): Promise<Moved<Uint8Array>>;
};
