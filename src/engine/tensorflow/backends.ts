/** The tfjs backends: which packages each needs and how it is brought up. Packages are the user's: none is installed by us. */
import { createRequire } from "node:module";
import * as util from "node:util";
import { DeviceError } from "../../base/errors.js";
import type { Tfjs } from "../op.js";

/** "native" is TensorFlow's C library, on CUDA or CPU, behind @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node. */
export type TensorflowBackend = "native" | "cpu" | "wasm" | "webgpu";

interface BackendRow {
  /** Sets of packages, any one of which will do, best first; the first of a set is the tfjs to use. */
  readonly packages: readonly (readonly string[])[];
  /** The name under which tfjs knows it. */
  readonly name: string;
  readonly remedy: string;
  /** What has to be there before the packages are loaded. */
  prepare?(): Promise<void>;
}

export const BACKENDS: Readonly<Record<TensorflowBackend, BackendRow>> = {
  native: {
    packages: [["@tensorflow/tfjs-node-gpu"], ["@tensorflow/tfjs-node"]],
    name: "tensorflow",
    remedy:
      "Run: npm install @tensorflow/tfjs-node-gpu (or @tensorflow/tfjs-node); where its library cannot be downloaded, " +
      "scripts/build-tensorflow.sh builds it on an installed TensorFlow.",
    prepare: async () => restoreRemovedUtil(),
  },
  cpu: {
    packages: [["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu"]],
    name: "cpu",
    remedy: "Run: npm install @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0",
  },
  wasm: {
    packages: [["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-wasm"]],
    name: "wasm",
    remedy: "Run: npm install @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0",
  },
  webgpu: {
    packages: [["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-webgpu", "webgpu"]],
    name: "webgpu",
    remedy:
      "Run: npm install @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-webgpu@4.22.0 webgpu@0.6.2; " +
      "on Linux a Vulkan driver and its loader (apt-get install libvulkan1) are also needed.",
    prepare: provideWebGpu,
  },
};

/** Loads a backend and makes it the current one of its tfjs. Throws DeviceError, naming every package that did not load. */
export async function loadBackend(backend: TensorflowBackend, device: string): Promise<Tfjs> {
  const { packages, name, remedy, prepare } = BACKENDS[backend];
  const failures: string[] = [];
  for (const set of packages) {
    try {
      await prepare?.();
      const [tf] = set.map(load) as [Tfjs];
      tf.enableProdMode(); // else it advertises tfjs-node on the terminal
      if (!(await tf.setBackend(name))) throw new Error(`the backend "${name}" does not start`);
      await tf.ready();
      return tf;
    } catch (cause) {
      failures.push(`${set.join(" with ")}: ${cause instanceof Error ? cause.message.split("\n")[0] : String(cause)}`);
    }
  }
  throw new DeviceError(device, failures.join("; "), remedy);
}

/** All packages through `require`, so that they share one copy of tfjs-core, in which the backends register themselves. */
const load: (name: string) => unknown = createRequire(import.meta.url);

/** tfjs-node 4.22.0 calls functions that Node 23 removed from node:util; the fix was merged but never released. */
function restoreRemovedUtil(): void {
  const old = createRequire(import.meta.url)("node:util") as Record<string, unknown>;
  if ("isNullOrUndefined" in util) return;
  old.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  old.isUndefined = (value: unknown) => value === undefined;
}

/** Puts Dawn's implementation where tfjs looks for a browser's: `navigator.gpu` and the GPU… classes. */
async function provideWebGpu(): Promise<void> {
  const { create, globals } = load("webgpu") as { create(options: string[]): object; globals: object };
  Object.assign(globalThis, globals);
  const navigator = { gpu: create([]), userAgent: "node" };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true, writable: true });
}
