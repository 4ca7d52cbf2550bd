/**
 * One operation = one row with four faces: the shape rule, the oracle (its definition, in plain TypeScript),
 * the ONNX lowering and the tfjs lowering. test/engine/conformance.test.ts holds the four together.
 *
 * To add an operation: write its row in ops/<family>.ts, list it in ops/index.ts, add its cases to test/engine/cases.ts.
 */
import type { Dim, OpSignature, Value } from "./graph.js";
import type { DType, Tensor } from "./tensor.js";

/**
 * The injected @tensorflow/tfjs-core module: an optional peer, so only its types are imported, and only here inside: what is
 * internal is not in the published declarations, which a consumer without that peer can compile.
 *
 * @internal
 */
export type Tfjs = typeof import("@tensorflow/tfjs-core");
/** @internal */
export type TfTensor = import("@tensorflow/tfjs-core").Tensor;

/** The inputs of a row: a tuple of values, `Value | null` where one may be left out. */
export type Inputs = readonly (Value | null)[];

/** The same tuple with every value replaced by what stands for it when the graph runs or is lowered. */
export type InputsAs<I extends Inputs, T> = { readonly [K in keyof I]: null extends I[K] ? T | null : T };

/** What a row returns from its shape rule. */
export interface Shaped {
  readonly shape: readonly Dim[];
  readonly dtype: DType;
}

export interface Op<I extends Inputs = Inputs, A extends object = object> extends OpSignature<I, A> {
  /** Names of the inputs in order, for messages; a trailing "?" marks one that may be null. */
  readonly inputs: readonly string[];
  shape(inputs: I, attributes: A): Shaped;
  /** The definition: float64 accumulation, float32 result. Sizes are known here. */
  oracle(inputs: InputsAs<I, Tensor>, attributes: A): Tensor;
  /** Emits nodes and returns the name of the result. */
  onnx(emit: OnnxEmitter, inputs: InputsAs<I, OnnxValue>, attributes: A): string;
  /**
   * Called inside tf.tidy; returns a new tensor.
   *
   * @internal
   */
  tfjs(tf: Tfjs, inputs: InputsAs<I, TfTensor>, attributes: A): TfTensor;
}

/** A value on its way into ONNX: its name there, and what is known of its sizes. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly Dim[];
  readonly dtype: DType;
  /** The weight in the checkpoint that this is, if it is one; such a value has no bytes until it is asked for. */
  readonly weight: string | null;
}

/** An attribute of an ONNX node, tagged since a number alone does not say which kind it is. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] };

/** A weight of a matrix as the precision of the lowering holds it. */
export type OnnxMatrix =
  | { readonly form: "dense"; readonly name: string }
  | { readonly form: "blocks"; readonly bits: 4 | 8; readonly packed: string; readonly scales: string };

/** The same for products of many rows: 8 bits with a scale an output, codes [in, out], where the runtime has a kernel for it. */
export type OnnxBulkMatrix = OnnxMatrix | { readonly form: "rows"; readonly codes: string; readonly scales: string };

/** What a row may do to the ONNX graph that is being written. Names are results: of nodes, weights or constants. */
export interface OnnxEmitter {
  /** Whether operators of ONNX Runtime's own may be used, or only ONNX. */
  readonly operators: "standard" | "onnxruntime";
  /** Adds a node with one result; "" leaves an optional input out. `domain` only for ONNX Runtime's own operators. */
  node(
    type: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: "com.microsoft",
  ): string;
  /** A float32 scalar. Equal constants share one initializer. */
  scalar(value: number): string;
  /** A one-dimensional int64 tensor, as shapes, axes and indices are given. */
  int64(values: readonly number[]): string;
  /** The size of an axis as int64 [1]; one node for all values that have the same named size. */
  size(value: OnnxValue, axis: number): string;
  /** A small inline tensor. */
  constant(tensor: Tensor): string;
  /** A [out, in] matrix in the precision asked for. Computed matrices are always dense. */
  matrix(value: OnnxValue): OnnxMatrix;
  /** The same as bulkLinear wants it. */
  bulkMatrix(value: OnnxValue): OnnxBulkMatrix;
  /** A byte, as zero points are given. */
  byte(value: number): string;
  /** x [..., K] · matrixᵀ with a dense matrix [N, K], in the form that the runtime aimed at packs best. */
  transposedProduct(x: string, matrix: string): string;
}

/** A row, checked and with its types inferred. */
export const op = <I extends Inputs, A extends object>(row: Op<I, A>): Op<I, A> => row;

/** Attributes of a row that has none. */
export type None = Readonly<Record<never, never>>;
