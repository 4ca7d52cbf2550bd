/** A session of ONNX Runtime: takes and gives tensors of ours, passes the gate, and fails in our words. */
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { ClosedError, ExecutionError } from "../../base/errors.js";
import type { Tensors } from "../host-program.js";
import { dtypeOf, type Tensor } from "../tensor.js";
import type { Native } from "../thread/gate.js";

export type Runtime = typeof import("onnxruntime-node");

/** Where sessions are created, and how their calls get there. */
export interface Site {
  readonly runtime: Runtime;
  /** The device as errors name it. */
  readonly device: string;
  readonly native: Native;
}

export class OnnxSession {
  private closed = false;

  private constructor(
    private readonly site: Site,
    private readonly name: string,
    private readonly session: InferenceSession,
  ) {}

  /**
   * Creates the session of a model, which is given by its bytes or by the path of its file; errors call it `name`.
   *
   * @throws ExecutionError where the runtime refuses the model.
   */
  static async create(
    site: Site,
    name: string,
    model: Uint8Array | string,
    options: InferenceSession.SessionOptions,
  ): Promise<OnnxSession> {
    try {
      // A path has a signature of its own, which takes the same options.
      const create = () => site.runtime.InferenceSession.create(model as Uint8Array, options);
      return new OnnxSession(site, name, await site.native(create));
    } catch (cause) {
      throw new ExecutionError(site.device, `${name} does not load (${reasonOf(cause)})`, undefined, { cause });
    }
  }

  get inputs(): readonly string[] {
    return this.session.inputNames;
  }

  /** Runs once and answers all outputs, in the order of the model; 64-bit integers come as 32-bit ones. */
  async run(inputs: Tensors): Promise<Tensors> {
    if (this.closed) throw new ClosedError("program");
    const { runtime, device, native } = this.site;
    const feeds = mapped(inputs, ({ shape, data }) => {
      return new runtime.Tensor(dtypeOf({ shape, data }) === "f32" ? "float32" : "int32", data, shape);
    });
    const fetched = await native(() => this.session.run(feeds)).catch((cause) => {
      throw new ExecutionError(device, `${this.name} stopped (${reasonOf(cause)})`, undefined, { cause });
    });
    return Object.fromEntries(this.session.outputNames.map((name) => [name, unwrapped(fetched[name]!)]));
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.site.native(() => this.session.release());
  }
}

function unwrapped({ dims, data }: OrtTensor): Tensor {
  const narrow = data instanceof BigInt64Array ? Int32Array.from(data, Number) : data;
  return { shape: dims, data: narrow as Tensor["data"] };
}

const mapped = <A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));

/** The first line of what the runtime says, without the place in its code and the check that failed there. */
export const reasonOf = (cause: unknown) =>
  (cause instanceof Error ? cause.message : String(cause)).split("\n")[0]!.replace(CHECKED, "");

/** "/onnxruntime_src/….cc:136 onnxruntime::f(const T&)::<lambda()> a == b was false. " */
const CHECKED = /\/onnxruntime_src\/\S+\.(?:cc|h):\d+ .*? was false\. /;
