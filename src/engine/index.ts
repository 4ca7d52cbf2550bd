/** `tessera-sdk/engine`: devices, graphs that run on them, tensors and files of weights. */

// Devices
export { ENGINE_DEFAULTS, type EngineOptions, openEngine } from "./open.js";
export { DEVICE_NAMES, type DeviceName } from "./devices.js";
export { type Diagnosis, diagnose } from "./diagnose.js";
export { PRECISIONS, type DeviceReport, type Engine, type Memory, type Precision, type Program } from "./engine.js";

// Graphs
export { type Graph, GraphBuilder } from "./graph.js";
export { opsOf } from "./ops/index.js";
export { saveOnnx } from "./onnx/save.js";

// Tensors and weights
export { type DType, type FloatTensor, f32, i32, type Tensor, tensor } from "./tensor.js";
export type { Checkpoint } from "./weights/checkpoint.js";
export { type OpenOptions, openCheckpoint } from "./weights/open.js";
export { writeSafetensors } from "./weights/safetensors-write.js";
