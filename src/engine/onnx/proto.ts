/**
 * Writes the part of ONNX's protocol buffers that a graph needs. Field numbers are those of onnx.proto (IR version 10).
 * A message is a list of fields; the wire format is: key = field number * 8 + wire type, then a varint, 4 bytes, or length and bytes.
 */
import type { Dim } from "../graph.js";
import type { OnnxAttribute } from "../op.js";

export const ELEMENT = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7, f16: 10, bf16: 16 } as const;
export type OnnxElement = keyof typeof ELEMENT;

export interface OnnxNode {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly domain: string;
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A tensor of the model: bytes inside (little-endian), or in a file at an offset. */
export interface OnnxInitializer {
  readonly name: string;
  readonly element: OnnxElement;
  readonly shape: readonly number[];
  readonly data:
    | { readonly kind: "inline"; readonly bytes: Uint8Array }
    | { readonly kind: "external"; readonly location: string; readonly offset: number; readonly length: number };
}

export interface OnnxPort {
  readonly name: string;
  readonly element: OnnxElement;
  readonly shape: readonly Dim[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly opsets: Readonly<Record<string, number>>; // by domain; "" is ONNX itself
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  readonly initializers: readonly OnnxInitializer[];
  readonly nodes: readonly OnnxNode[];
}

const IR_VERSION = 10;
const PRODUCER = "tessera-sdk";

/** The bytes of a ModelProto. The same graph gives the same bytes. */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  return message(
    varint(1, IR_VERSION),
    text(2, PRODUCER),
    nested(7, graphProto(graph)),
    ...Object.entries(graph.opsets).map(([domain, version]) => nested(8, message(text(1, domain), varint(2, version)))),
  );
}

const graphProto = (graph: OnnxGraph): Uint8Array =>
  message(
    ...graph.nodes.map((node) => nested(1, nodeProto(node))),
    text(2, graph.name),
    ...graph.initializers.map((initializer) => nested(5, tensorProto(initializer))),
    ...graph.inputs.map((port) => nested(11, portProto(port))),
    ...graph.outputs.map((port) => nested(12, portProto(port))),
  );

const nodeProto = (node: OnnxNode): Uint8Array =>
  message(
    ...node.inputs.map((name) => text(1, name)),
    text(2, node.output),
    text(3, node.output), // a name for messages and profiles: what it makes
    text(4, node.type),
    ...Object.entries(node.attributes).map(([name, value]) => nested(5, attributeProto(name, value))),
    text(7, node.domain),
  );

const KIND = { float: 1, int: 2, string: 3, ints: 7 } as const;

function attributeProto(name: string, value: OnnxAttribute): Uint8Array {
  if ("float" in value) return message(text(1, name), float(2, value.float), varint(20, KIND.float));
  if ("int" in value) return message(text(1, name), varint(3, value.int), varint(20, KIND.int));
  if ("string" in value) return message(text(1, name), text(4, value.string), varint(20, KIND.string));
  return message(text(1, name), ...value.ints.map((int) => varint(8, int)), varint(20, KIND.ints));
}

function tensorProto({ name, element, shape, data }: OnnxInitializer): Uint8Array {
  const dims = shape.map((size) => varint(1, size));
  if (data.kind === "inline")
    return message(...dims, varint(2, ELEMENT[element]), text(8, name), nested(9, data.bytes));
  const entry = (key: string, value: string) => nested(13, message(text(1, key), text(2, value)));
  return message(
    ...dims,
    varint(2, ELEMENT[element]),
    text(8, name),
    entry("location", data.location),
    entry("offset", String(data.offset)),
    entry("length", String(data.length)),
    varint(14, 1), // data_location = EXTERNAL
  );
}

function portProto({ name, element, shape }: OnnxPort): Uint8Array {
  const dims = shape.map((size) => nested(1, typeof size === "number" ? message(varint(1, size)) : text(2, size)));
  return message(
    text(1, name),
    nested(2, message(nested(1, message(varint(1, ELEMENT[element]), nested(2, message(...dims)))))),
  );
}

// ---- wire format ----------------------------------------------------------------------------------------------------

const message = (...fields: Uint8Array[]): Uint8Array => {
  const out = new Uint8Array(fields.reduce((total, field) => total + field.length, 0));
  let at = 0;
  for (const field of fields) {
    out.set(field, at);
    at += field.length;
  }
  return out;
};

/** Base 128, low digits first; negative numbers as 64-bit two's complement. */
function digits(value: number): number[] {
  if (value < 0 || value >= 2 ** 31) return wideDigits(BigInt.asUintN(64, BigInt(value)));
  const out: number[] = [];
  for (; value >= 128; value >>= 7) out.push((value & 127) | 128);
  out.push(value);
  return out;
}

function wideDigits(value: bigint): number[] {
  const out: number[] = [];
  for (; value >= 128n; value >>= 7n) out.push(Number(value & 127n) | 128);
  out.push(Number(value));
  return out;
}

const varint = (field: number, value: number): Uint8Array => new Uint8Array([...digits(field * 8), ...digits(value)]);

function float(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return message(new Uint8Array(digits(field * 8 + 5)), bytes);
}

/** A field of `length` bytes, and where they go in it. */
function lengthened(field: number, length: number): { readonly out: Buffer; readonly at: number } {
  const head = [...digits(field * 8 + 2), ...digits(length)];
  const out = Buffer.allocUnsafe(head.length + length);
  head.forEach((byte, i) => (out[i] = byte));
  return { out, at: head.length };
}

function nested(field: number, bytes: Uint8Array): Uint8Array {
  const { out, at } = lengthened(field, bytes.length);
  out.set(bytes, at);
  return out;
}

function text(field: number, value: string): Uint8Array {
  const { out, at } = lengthened(field, Buffer.byteLength(value));
  out.write(value, at);
  return out;
}
