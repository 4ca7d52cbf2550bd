/** The comparisons behind the matchers, which need no vitest. */
import { IMAGES } from "./image/image-medium.js";
import { MESHES } from "./mesh/mesh-medium.js";
import { SOUNDS } from "./sound/audio-medium.js";
import { TOKENS } from "./tokens-medium.js";

export { compareImages } from "./image/compare-images.js";
export type { Comparison } from "./medium.js";
export { compareMeshes } from "./mesh/compare-meshes.js";
export { compareSounds } from "./sound/compare-sounds.js";
export { compareTokens } from "./tokens-medium.js";

/** What is the same to each matcher unless its options say otherwise. `npm run bench -- separations` shows what they tell apart. */
export const TOLERANCES = {
  tokens: TOKENS.tolerance,
  image: IMAGES.tolerance,
  audio: SOUNDS.tolerance,
  mesh: MESHES.tolerance,
} as const;
