/**
 * A graph as an ONNX model. Each row of the table writes its own nodes; this file gives names to things, shares what is
 * equal, and lists which weights the model wants in which form. The weights themselves stay where they are.
 */
import { ShapeError } from "../../base/errors.js";
import type { Precision } from "../engine.js";
import type { Graph, Value } from "../graph.js";
import type { OnnxAttribute, OnnxBulkMatrix, OnnxEmitter, OnnxMatrix, OnnxValue } from "../op.js";
import { opNamed } from "../ops/index.js";
import { BLOCK, blocksOf } from "../quantise.js";
import { sizeOf, type Tensor } from "../tensor.js";
import { ELEMENT, encodeModel, type OnnxElement, type OnnxInitializer, type OnnxNode, type OnnxPort } from "./proto.js";

/**
 * How the bytes of an initializer are made from a weight of the checkpoint; q8 and q4 as
 * quantise() packs them, q8 also as quantiseRows().
 */
export type WeightForm =
  | ("f32" | "f16")
  | ("q8-packed" | "q8-scales" | "q4-packed" | "q4-scales")
  | ("q8-row-codes" | "q8-row-scales");

/** One initializer whose bytes are not in the model: the caller provides them. */
export interface WeightUse {
  /** Name of the initializer, unique in the model. */
  readonly initializer: string;
  /** Name in the graph, which is the name in the checkpoint. */
  readonly weight: string;
  readonly form: WeightForm;
  /** Shape of the weight in the graph (not of the packed form). */
  readonly shape: readonly number[];
  /** Bytes of the initializer. */
  readonly bytes: number;
}

/** Where ONNX Runtime finds the bytes: a file, or an entry of the session option `externalData` with `path` = location. */
export interface WeightLocation {
  readonly location: string;
  readonly offset: number;
  /** Of what lies there, if not of the form: the graph then begins with a cast, which the runtime does once, at loading. */
  readonly element?: "f16" | "bf16" | undefined;
}

export interface LoweringOptions {
  readonly precision: Precision;
  /** States are inputs `past:<name>`, appended rows outputs `new:<name>`; the host keeps them. */
  readonly stateful: "host";
  /** Default: location = the initializer's name, offset 0 (a blob in memory). */
  readonly locate?: (use: WeightUse) => WeightLocation;
  /**
   * "standard", the default, writes what ONNX has (and MatMulNBits for q8 and q4), for any runtime. "onnxruntime" writes for
   * its CPU: x · weightᵀ as FusedMatMul, which packs the weight straight from the file's own layout, where a Transpose would
   * be folded into a copy when loading; and rotary positions as one kernel.
   */
  readonly operators?: "standard" | "onnxruntime";
}

export interface OnnxModel {
  readonly model: Uint8Array;
  readonly weights: readonly WeightUse[];
}

/**
 * Lowers a graph. Inputs and outputs keep their names. Throws ShapeError if names collide.
 *
 * Precision: q8 and q4 hold the weights of `linear` in blocks of 32 and multiply in int8 (MatMulNBits), q8 those of `bulkLinear`
 * on ONNX Runtime's CPU with a scale an output (MatMulIntegerToFloat). f16 stores them in
 * half the bytes and rounds them so; ONNX Runtime widens them when it loads, hence computes, and holds them, in float32.
 */
export function lowerToOnnx(graph: Graph, options: LoweringOptions): OnnxModel {
  const writer = new Writer(options);
  const inputs = graph.inputs.map((value) => writer.port(value, nameOf(value)));
  const states = graph.states.map((value) => writer.port(value, `past:${nameOf(value)}`));
  for (const value of used(graph)) writer.lower(value);
  const outputs = [
    ...Object.entries(graph.outputs).map(([name, value]) => writer.result(value, name)),
    ...graph.appends.map(({ state, rows }) => writer.result(rows, `new:${nameOf(state)}`)),
  ];
  const names = [...inputs, ...states, ...outputs, ...writer.initializers].map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new ShapeError(graph.name, `"${twice}" names two things`, "Rename the input, output or state of that name.");
  const model = encodeModel({
    name: graph.name,
    opsets: { "": 21, "com.microsoft": 1 },
    inputs: [...inputs, ...states],
    outputs,
    initializers: writer.initializers,
    nodes: writer.finished(),
  });
  return { model, weights: writer.weights };
}

/** The nodes that an output or an appended row depends on, in order of execution. */
function used(graph: Graph): readonly Value[] {
  const wanted = new Set<Value>([...Object.values(graph.outputs), ...graph.appends.map(({ rows }) => rows)]);
  for (const value of graph.nodes.toReversed()) {
    if (!wanted.has(value) || value.source.kind !== "node") continue;
    for (const input of value.source.node.inputs) if (input) wanted.add(input);
  }
  return graph.nodes.filter((value) => wanted.has(value));
}

const nameOf = ({ source }: Value): string => ("name" in source ? source.name : "");

class Writer implements OnnxEmitter {
  private readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxInitializer[] = [];
  readonly weights: WeightUse[] = [];
  private readonly names = new Map<Value, string>();
  private readonly outputNames = new Map<string, string>();
  private readonly shared = new Map<string, string>(); // what is already there, by its content
  private prefix = "";

  constructor(private readonly options: LoweringOptions) {}

  // ---- called by lowerToOnnx -------------------------------------------------------------------------------------------

  port(value: Value, name: string): OnnxPort {
    this.names.set(value, name);
    return { name, element: value.dtype, shape: value.shape };
  }

  lower(value: Value): void {
    if (value.source.kind !== "node") return;
    const { op, inputs, attributes } = value.source.node;
    this.prefix = `#${value.id}.${op}`;
    const result = opNamed(op).onnx(
      this,
      inputs.map((input) => input && this.read(input)),
      attributes,
    );
    this.names.set(value, result);
  }

  /** A graph output under its own name: that of the node that makes it, or of a copy where the value has a name already. */
  result(value: Value, name: string): OnnxPort {
    const from = this.named(value);
    const madeHere = value.source.kind === "node" && this.nodes.some(({ output }) => output === from);
    if (madeHere && !this.outputNames.has(from)) this.outputNames.set(from, name);
    else this.nodes.push({ type: "Identity", inputs: [from], output: name, domain: "", attributes: {} });
    return { name, element: value.dtype, shape: value.shape };
  }

  /** The nodes, where results that are outputs bear the names of those. */
  finished(): readonly OnnxNode[] {
    const final = (name: string) => this.outputNames.get(name) ?? name;
    return this.nodes.map((node) => ({ ...node, inputs: node.inputs.map(final), output: final(node.output) }));
  }

  /** What a row sees of an input. A weight is entered when its name is read, so that one only quantised is not there twice. */
  private read(value: Value): OnnxValue {
    const { shape, dtype, source } = value;
    const weight = source.kind === "weight" ? source.name : null;
    if (weight === null) return { name: this.named(value), shape, dtype, weight };
    const enter = () => this.weight(weight, shape as readonly number[], "f32");
    return {
      get name() {
        return enter();
      },
      shape,
      dtype,
      weight,
    };
  }

  private named(value: Value): string {
    if (value.source.kind === "constant") return this.constant(value.source.tensor);
    if (value.source.kind === "weight") return this.weight(value.source.name, value.shape as readonly number[], "f32");
    const name = this.names.get(value);
    if (name === undefined) throw new ShapeError("lowerToOnnx", `value ${value.id} is used before it is made`);
    return name;
  }

  // ---- called by rows --------------------------------------------------------------------------------------------------

  node(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain: "com.microsoft" | "" = "",
  ): string {
    return this.once(JSON.stringify([type, inputs, attributes, domain]), (name) => {
      this.nodes.push({ type, inputs, output: name, domain, attributes });
    });
  }

  get operators(): "standard" | "onnxruntime" {
    return this.options.operators ?? "standard";
  }

  size(value: OnnxValue, axis: number): string {
    const size = value.shape[axis]!;
    if (typeof size === "number") return this.int64([size]);
    return this.once(`size ${size}`, (name) => {
      const attributes = { start: { int: axis }, end: { int: axis + 1 } };
      this.nodes.push({ type: "Shape", inputs: [value.name], output: name, domain: "", attributes });
    });
  }

  scalar(value: number): string {
    return this.inline("f32", [], Float32Array.of(value));
  }

  int64(values: readonly number[]): string {
    return this.inline("i64", [values.length], BigInt64Array.from(values, BigInt));
  }

  constant({ shape, data }: Tensor): string {
    return this.inline(data instanceof Float32Array ? "f32" : "i32", shape, data);
  }

  matrix(value: OnnxValue): OnnxMatrix {
    const { weight, shape } = value;
    const { precision } = this.options;
    if (weight === null || precision === "f32") return { form: "dense", name: value.name };
    const sizes = shape as readonly [number, number];
    if (precision === "f16") {
      const half = this.weight(weight, sizes, "f16");
      return { form: "dense", name: this.node("Cast", [half], { to: { int: 1 } }) };
    }
    const packed = this.weight(weight, sizes, `${precision}-packed`);
    const scales = this.weight(weight, sizes, `${precision}-scales`);
    return { form: "blocks", bits: precision === "q8" ? 8 : 4, packed, scales };
  }

  bulkMatrix(value: OnnxValue): OnnxBulkMatrix {
    const { weight, shape } = value;
    if (weight === null || this.options.precision !== "q8" || this.operators === "standard") return this.matrix(value);
    const sizes = shape as readonly [number, number];
    const codes = this.weight(weight, sizes, "q8-row-codes");
    return { form: "rows", codes, scales: this.weight(weight, sizes, "q8-row-scales") };
  }

  byte(value: number): string {
    return this.inline("u8", [], Uint8Array.of(value));
  }

  transposedProduct(x: string, matrix: string): string {
    if (this.operators === "onnxruntime")
      return this.node("FusedMatMul", [x, matrix], { transB: { int: 1 } }, "com.microsoft");
    return this.node("MatMul", [x, this.node("Transpose", [matrix], { perm: { ints: [1, 0] } })]);
  }

  // ---- initializers ----------------------------------------------------------------------------------------------------

  private inline(element: OnnxElement, shape: readonly number[], data: ArrayBufferView): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return this.once(`${element} [${shape}] ${Buffer.from(bytes).toString("base64")}`, (name) => {
      this.initializers.push({ name, element, shape, data: { kind: "inline", bytes } });
    });
  }

  private weight(weight: string, shape: readonly number[], form: WeightForm): string {
    const name = form === "f32" ? weight : `${weight}#${form}`;
    const found = this.shared.get(`weight ${name}`);
    if (found !== undefined) return found;
    const stored = STORED[form](shape);
    const use: WeightUse = { initializer: name, weight, form, shape, bytes: bytesOf(stored) };
    const { location, offset, element = stored.element } = this.options.locate?.(use) ?? { location: name, offset: 0 };
    const length = bytesOf({ element, shape: stored.shape });
    this.initializers.push({
      name,
      element,
      shape: stored.shape,
      data: { kind: "external", location, offset, length },
    });
    this.weights.push(use);
    const result =
      element === stored.element ? name : this.node("Cast", [name], { to: { int: ELEMENT[stored.element] } });
    this.shared.set(`weight ${name}`, result);
    return result;
  }

  /** The name of what `key` describes, made by `make` under a new name if it is not there yet. */
  private once(key: string, make: (name: string) => void): string {
    const found = this.shared.get(key);
    if (found !== undefined) return found;
    const name = `${this.prefix}.${this.shared.size}`;
    make(name);
    this.shared.set(key, name);
    return name;
  }
}

const ELEMENT_BYTES: Readonly<Record<OnnxElement, number>> = { f32: 4, f16: 2, bf16: 2, i32: 4, i64: 8, u8: 1, i8: 1 };

const bytesOf = ({ element, shape }: Stored): number => sizeOf(shape) * ELEMENT_BYTES[element];

type Stored = { readonly element: OnnxElement; readonly shape: readonly number[] };

const packedAs =
  (bits: 4 | 8) =>
  ([rows, width]: readonly number[]): Stored => ({
    element: "u8",
    shape: [rows!, blocksOf(width!), (BLOCK * bits) / 8],
  });

const scalesOf = ([rows, width]: readonly number[]): Stored => ({ element: "f32", shape: [rows! * blocksOf(width!)] });

const STORED: Readonly<Record<WeightForm, (shape: readonly number[]) => Stored>> = {
  f32: (shape) => ({ element: "f32", shape }),
  f16: (shape) => ({ element: "f16", shape }),
  "q8-packed": packedAs(8),
  "q8-scales": scalesOf,
  "q4-packed": packedAs(4),
  "q4-scales": scalesOf,
  "q8-row-codes": ([rows, width]) => ({ element: "i8", shape: [width!, rows!] }),
  "q8-row-scales": ([rows]) => ({ element: "f32", shape: [rows!] }),
};
