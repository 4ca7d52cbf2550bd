/**
 * Whether this processor adds products of bytes exactly. ONNX Runtime's kernels for AVX2 and for AVX-512 without VNNI add pairs of
 * u8 · i8 in 16 bits, which overflow; its session option `x64quantprecision` avoids that, but takes slower kernels everywhere
 * (measured with VNNI and AMX: half the speed in all). So the runtime is asked, once a process.
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { encodeModel } from "./proto.js";

interface Runtime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: new (type: "uint8", data: Uint8Array, shape: readonly number[]) => Tensor;
}

const answers = new WeakMap<Runtime, Promise<boolean>>();

/** Whether sums of products u8 · i8 come out right without the option. */
export function byteProductsAreExact(runtime: Runtime): Promise<boolean> {
  const known = answers.get(runtime) ?? ask(runtime);
  answers.set(runtime, known);
  return known;
}

const ROWS = 2;
const INNER = 32;
const WIDTH = 16;

async function ask({ InferenceSession, Tensor }: Runtime): Promise<boolean> {
  const weight = new Uint8Array(INNER * WIDTH).fill(127);
  const model = encodeModel({
    name: "byte-products",
    opsets: { "": 21 },
    inputs: [{ name: "x", element: "u8", shape: [ROWS, INNER] }],
    outputs: [{ name: "y", element: "i32", shape: [ROWS, WIDTH] }],
    initializers: [{ name: "w", element: "i8", shape: [INNER, WIDTH], data: { kind: "inline", bytes: weight } }],
    nodes: [{ type: "MatMulInteger", inputs: ["x", "w"], output: "y", domain: "", attributes: {} }],
  });
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
  try {
    const { y } = await session.run({ x: new Tensor("uint8", new Uint8Array(ROWS * INNER).fill(255), [ROWS, INNER]) });
    return (y!.data as Int32Array).every((sum) => sum === 255 * 127 * INNER);
  } finally {
    await session.release();
  }
}
