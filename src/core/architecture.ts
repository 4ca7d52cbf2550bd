/**
 * What an architecture is to everything above it: graphs, and a feeder that says what stands in the slots of a pass. One folder
 * per architecture holds both; sessions, strategies and samplers know none of them.
 */
import type { Program } from "../engine/engine.js";
import type { Graph } from "../engine/graph.js";
import type { Tensor } from "../engine/tensor.js";
import type { Step } from "./decode/step.js";
import type { Objective } from "./orders.js";

/**
 * `Config` is a row of the architecture, `Start` what a batch of sequences begins with (classes, captions, prompts), `T` what
 * stands at a position.
 */
export interface Architecture<Config, Start, T> {
  readonly name: string;
  /** What a model was trained to predict, from which follows in which orders it can be decoded. */
  objective(config: Config): Objective;
  /** Runs once per generation; null for an architecture whose sequences begin with ids alone. */
  conditionGraph(config: Config): Graph | null;
  /** Runs once per pass. `taps` names intermediate values to give out besides the outputs. */
  decoderGraph(config: Config, taps?: readonly string[]): Graph;
  /** The output of the decoder that predicts what is asked for, [rows, R, …]: logits, or hidden states for a head of its own. */
  readonly predicts: "logits" | "hidden";
  /** Whether a precision is for the weights of the condition, too: where many of all weights belong to it. */
  readonly reducesCondition: boolean;
  /** Names in files that are known and not needed: tables that follow from the configuration, caches. */
  readonly dropped: readonly RegExp[];
  /** Begins a batch. `guided`: with an unconditional row for each item after all conditional ones. */
  feed(model: Model<Config, Start, T>, start: Start, guided: boolean): Promise<Feeder<T>>;
}

/** A model that is ready to run: its programs, read-only and shared by all sessions. */
export interface Model<Config, Start, T> extends AsyncDisposable {
  readonly architecture: Architecture<Config, Start, T>;
  readonly config: Config;
  readonly condition: Program | null;
  readonly decoder: Program;
  close(): Promise<void>;
}

/** Where memory stands when a pass begins. */
export interface Filled {
  /** Slots filled. */
  readonly length: number;
  /** Slots that a pass sees, filled or not. */
  readonly visible: number;
}

/** What stands in the slots of the passes of one batch, and which slots hold which fed entries. */
export interface Feeder<T> {
  readonly items: number;
  /** Rows of the model: as many as items, or twice as many while guided, [conditional …, unconditional …]. */
  readonly rows: number;
  /** Slots of a whole sequence. */
  readonly slots: number;
  /** Entries fed and kept. */
  readonly length: number;
  /**
   * The inputs of the passes that a step takes, one after the other; mostly one. Each is asked for when those before it have run, so
   * that `memory` stands where they left it. What a step feeds counts as kept from then on. Refuses what the model cannot
   * predict, before anything runs.
   */
  passes(step: Step<T>, memory: Filled): Promise<Iterable<Readonly<Record<string, Tensor>>>>;
  /** Forgets the entries from `length` on; answers how many slots of memory still hold. */
  truncate(length: number): number;
  /** Forgets all entries but these, ascending; answers the slots of memory that still hold. */
  keep(entries: readonly number[]): readonly number[];
  /** Row i becomes a copy of what row rows[i] was; fewer rows drop the unconditional ones. */
  fork(rows: readonly number[]): void;
}
