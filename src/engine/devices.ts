/** The devices that can run a graph, one row each, and how to tell whether each can run here. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { DeviceReport, Engine } from "./engine.js";
import type { OnnxProvider } from "./onnx/executor.js";
import { telemetryIsOff } from "./onnx/telemetry.js";
import { referenceEngine } from "./reference.js";
import { BACKENDS, type TensorflowBackend } from "./tensorflow/backends.js";
import { openInThread } from "./thread/host.js";

export interface DeviceRow {
  /** The name in reports, such as "onnx-cpu". */
  readonly title: string;
  /** At most one engine of these at a time in a process: two WebGPU threads crash it (onnxruntime-node 1.30.0). */
  readonly exclusive: boolean;
  readonly remedy: string;
  /** Why it cannot run here, as far as that can be told without starting it; null if nothing speaks against it. */
  obstacle(): string | null;
  /** What else to know of it where it runs. */
  remark(): readonly string[];
  open(device: DeviceReport, options: { readonly threads: number | null; readonly onEnd: () => void }): Promise<Engine>;
}

export const DEVICES = {
  cpu: onnx(
    "cpu",
    () => null,
    "Install onnxruntime-node@1.30.0 for this platform; its npm package holds the binaries.",
  ),
  cuda: onnx(
    "cuda",
    () => platformOf("linux-x64") ?? libraryBesideRuntime("libonnxruntime_providers_cuda.so"),
    "Install with ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node, with CUDA 12 and cuDNN 9 on the system.",
  ),
  webgpu: onnx(
    "webgpu",
    () => platformOf("linux-x64", "win32-x64", "win32-arm64", "darwin-arm64"),
    "Install a graphics driver (on Linux one with Vulkan, and its loader: apt-get install libvulkan1), or use the device cpu.",
  ),
  coreml: onnx(
    "coreml",
    () => platformOf("darwin-arm64"),
    "CoreML is part of macOS on Apple silicon; elsewhere use cpu.",
  ),
  dml: onnx("dml", () => platformOf("win32-x64", "win32-arm64"), "DirectML is part of Windows; elsewhere use cpu."),
  tensorflow: tensorflow("native"),
  "tensorflow-cpu": tensorflow("cpu"),
  "tensorflow-wasm": tensorflow("wasm"),
  "tensorflow-webgpu": tensorflow("webgpu"),
  reference: {
    title: "reference",
    exclusive: false,
    remedy: "It is part of this package.",
    obstacle: () => null,
    remark: () => [],
    open: async () => referenceEngine(),
  },
} as const satisfies Record<string, DeviceRow>;

export type DeviceName = keyof typeof DEVICES;

export const DEVICE_NAMES = Object.keys(DEVICES) as readonly DeviceName[];

/**
 * What "auto" tries, in this order. WebGPU has to be named: caches still travel to it on every run, and on machines
 * without a graphics card it is emulated, so that it is slower than the CPU more often than not.
 */
export const AUTO_ORDER: readonly DeviceName[] = ["cuda", "cpu"];

function onnx(provider: OnnxProvider, obstacle: () => string | null, remedy: string): DeviceRow {
  return {
    title: `onnx-${provider}`,
    exclusive: provider === "webgpu",
    remedy,
    obstacle: () => missingPackage("onnxruntime-node") ?? obstacle(),
    remark: () => [`the runtime's telemetry is ${telemetryIsOff() ? "off" : "on, as ORT_DISABLE_TELEMETRY asks"}`],
    open: (device, { threads, onEnd }) => openInThread({ engine: "onnx", device, provider, threads }, onEnd),
  };
}

function tensorflow(backend: TensorflowBackend): DeviceRow {
  const { packages, remedy } = BACKENDS[backend];
  return {
    title: backend === "native" ? "tensorflow" : `tensorflow-${backend}`,
    exclusive: backend === "webgpu",
    remedy,
    obstacle: () => {
      const missing = packages.map((set) => set.map(missingPackage).find((reason) => reason !== null) ?? null);
      return missing.includes(null) ? null : missing.join(" and ");
    },
    remark: () => [],
    open: (device, { onEnd }) => openInThread({ engine: "tensorflow", device, backend }, onEnd),
  };
}

const require = createRequire(import.meta.url);

function missingPackage(name: string): string | null {
  try {
    require.resolve(name);
    return null;
  } catch {
    return `the package ${name} is not installed`;
  }
}

function platformOf(...platforms: readonly string[]): string | null {
  const here = `${process.platform}-${process.arch}`;
  return platforms.includes(here) ? null : `it exists only on ${platforms.join(", ")}; this is ${here}`;
}

/** The npm package has no CUDA libraries; its install script downloads them next to the binding when told to. */
function libraryBesideRuntime(file: string): string | null {
  const root = dirname(dirname(require.resolve("onnxruntime-node"))); // main is dist/index.js
  const folder = join(root, "bin", "napi-v6", process.platform, process.arch);
  return existsSync(join(folder, file)) ? null : `${file} is not beside the runtime in onnxruntime-node`;
}
