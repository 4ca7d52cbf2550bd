/** `tessera-sdk/pipeline`: folders of assets out of a manifest. */
export { parseAssets, readAssets } from "./read-assets.js";
export { type AssetsFile, assetsJsonSchema } from "./schema.js";
export { type Plan, planAssets, type PlanOptions } from "./plan.js";
export {
  type AssetsEvent,
  type AssetsOptions,
  type AssetsResult,
  type Fate,
  makeAssets,
  streamAssets,
} from "./stream-assets.js";
export { type Lock, lockPathOf, readLock } from "./lock.js";
export { submitAssets, type SubmitOptions } from "./queue/submit.js";
export { type DoneJob, runWorker, type WorkerOptions } from "./queue/worker.js";
export { type TreeVerification, verifyAssets, type VerifyOptions } from "./verify-lock.js";
export { isItemManifest, type ReadItem, readItemManifest, type Verifier } from "./verify-item.js";
