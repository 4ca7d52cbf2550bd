/**
 * `tessera-sdk`: making, editing, verifying, loading and saving. Every medium lists its own public names in its `index.ts`. The
 * parts that media are made of are in entries of their own: `tessera-sdk/engine`, `tessera-sdk/core`, `tessera-sdk/tokenizers`.
 */
export * from "./3d/index.js";
export * from "./audio/index.js";
export * from "./image/index.js";
export * from "./mask/index.js";
export * from "./media/index.js";
export * from "./models/index.js";
export * from "./text/index.js";

// Errors, options, the version
export type { Options } from "./base/check.js";
export {
  ArgumentError,
  CheckpointError,
  type CheckpointFault,
  ClosedError,
  ConstraintError,
  DeviceError,
  DownloadError,
  ExecutionError,
  InputError,
  InstallationError,
  LogitsError,
  OutputError,
  QueueError,
  ShapeError,
  TemplateError,
  type TemplateFault,
  TesseraError,
  TokenizerError,
  ToolError,
  UnknownNameError,
  WeightsError,
} from "./base/errors.js";
export { VERSION } from "./base/version.js";
