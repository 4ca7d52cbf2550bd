/** Public names of models as files: those in the package, those that were pulled from the hub, their digests. */
export { digestOfModel, type FileDigest } from "./digest.js";
export { pullModel, type PullOptions } from "./hub/pull.js";
export { pulledModel, type PulledModel, pulledModels, removePulled, verifyPulled } from "./hub/pulled.js";
export type { HubFile } from "./hub/repository.js";
export { EMBEDDED_MODELS, type EmbeddedModel, type EmbeddedName } from "./known.js";
