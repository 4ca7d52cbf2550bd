/**
 * A model as data: nodes of named operations between values whose sizes are numbers or names.
 *
 * A graph is built once by a function that reads like the mathematics, and can then be run by any device, saved as .onnx,
 * or walked by a test. It holds no weights, only their names and shapes, which are the names and shapes of the file.
 */
import { ShapeError } from "../base/errors.js";
import type { DType, Tensor } from "./tensor.js";
import { dtypeOf } from "./tensor.js";

/** A size: a number, or the name of a size that is known only when the graph runs, such as "B" or "S+T". */
export type Dim = number | string;

/**
 * How many of its slots a state shows to a run: the filled ones and some more, so that S seldom changes and rows seldom move, and
 * the graph hides the unused; or the filled ones alone, for graphs that take many slots per run and need no mask.
 */
export type Shown = "filled and more" | "filled";

export type Source =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "weight"; readonly name: string }
  | { readonly kind: "constant"; readonly tensor: Tensor }
  | { readonly kind: "state"; readonly name: string; readonly shows: Shown }
  | { readonly kind: "node"; readonly node: Node };

export interface Value {
  readonly id: number;
  readonly shape: readonly Dim[];
  readonly dtype: DType;
  readonly source: Source;
}

export interface Node {
  readonly op: string;
  readonly inputs: readonly (Value | null)[]; // null: an optional input left out
  readonly attributes: object;
}

/**
 * What an operation is to the graph: a name and a rule for the output. The full row (oracle, lowerings) extends this.
 * `I` is the tuple of inputs, where an optional one is `Value | null`; `A` the attributes.
 */
export interface OpSignature<I extends readonly (Value | null)[], A extends object> {
  readonly name: string;
  shape(inputs: I, attributes: A): { readonly shape: readonly Dim[]; readonly dtype: DType };
}

/** A finished graph. Order of `nodes` is an order of execution. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly weights: readonly Value[];
  readonly states: readonly Value[];
  readonly nodes: readonly Value[]; // values whose source is a node
  readonly outputs: Readonly<Record<string, Value>>;
  /** After a run, each `rows` [B, H, T, D] are kept in `state` [B, H, S, D] at slots length … length + T - 1. */
  readonly appends: readonly { readonly state: Value; readonly rows: Value }[];
}

export class GraphBuilder {
  private readonly values: Value[] = [];
  private readonly named = new Map<string, Value>();
  private readonly appends: { state: Value; rows: Value }[] = [];

  constructor(readonly name: string) {}

  /** What the caller feeds on every run. */
  input(name: string, shape: readonly Dim[], dtype: DType = "f32"): Value {
    return this.once({ kind: "input", name }, shape, dtype);
  }

  /** A weight under the name and shape that it has in the checkpoint. Asking twice gives the same value. */
  weight(name: string, shape: readonly number[]): Value {
    return this.once({ kind: "weight", name }, shape, "f32");
  }

  /** A small table computed when the graph is built, such as rotary angles. */
  constant(tensor: Tensor): Value {
    return this.add({ kind: "constant", tensor }, tensor.shape, dtypeOf(tensor));
  }

  /** Memory that outlives a run: [B, H, S, D] with S slots. All states of a graph show the same. */
  state(name: string, shape: readonly Dim[], shows: Shown = "filled and more"): Value {
    return this.once({ kind: "state", name, shows }, shape, "f32");
  }

  /** Keeps `rows` [B, H, T, D] in `state` after the run, after what it already holds. */
  append(state: Value, rows: Value): void {
    if (state.source.kind !== "state") throw new ShapeError(this.name, "append needs a state");
    this.appends.push({ state, rows });
  }

  apply<I extends readonly (Value | null)[], A extends object>(op: OpSignature<I, A>, inputs: I, attributes: A): Value {
    const { shape, dtype } = op.shape(inputs, attributes);
    return this.add({ kind: "node", node: { op: op.name, inputs, attributes } }, shape, dtype);
  }

  build(outputs: Readonly<Record<string, Value>>): Graph {
    const of = (kind: Source["kind"]) => this.values.filter((value) => value.source.kind === kind);
    return {
      name: this.name,
      inputs: of("input"),
      weights: of("weight"),
      states: of("state"),
      nodes: of("node"),
      outputs,
      appends: this.appends,
    };
  }

  private once(source: Extract<Source, { name: string }>, shape: readonly Dim[], dtype: DType): Value {
    const key = `${source.kind} ${source.name}`;
    const found = this.named.get(key);
    if (found) {
      if (found.shape.join() !== shape.join())
        throw new ShapeError(this.name, `${key} is asked for as [${shape}] and as [${found.shape}]`);
      return found;
    }
    const value = this.add(source, shape, dtype);
    this.named.set(key, value);
    return value;
  }

  private add(source: Source, shape: readonly Dim[], dtype: DType): Value {
    const value = { id: this.values.length, shape, dtype, source };
    this.values.push(value);
    return value;
  }
}
