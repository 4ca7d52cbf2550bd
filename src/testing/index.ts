/**
 * `tessera-sdk/testing`: vitest matchers for generated media, with goldens beside the test. Importing it registers them: in a test file, or for all
 * by `setupFiles: ["tessera-sdk/testing"]`.
 */
import { expect } from "vitest";
import { goldenMatcher, type GoldenOptions } from "./golden-matcher.js";
import type { ImageMeasure } from "./image/compare-images.js";
import { IMAGES } from "./image/image-medium.js";
import type { MeshMeasure } from "./mesh/compare-meshes.js";
import { MESHES } from "./mesh/mesh-medium.js";
import { countFromOneInEachTry } from "./running-test.js";
import type { AudioMeasure } from "./sound/compare-sounds.js";
import { SOUNDS } from "./sound/audio-medium.js";
import { TOKENS, type TokensMeasure } from "./tokens-medium.js";

export type { GoldenOptions, Tolerance } from "./golden-matcher.js";
export { compareImages, compareMeshes, compareSounds, compareTokens, TOLERANCES } from "./compare.js";
export type { ImageMeasure } from "./image/compare-images.js";
export type { Comparison, Figure, Measure } from "./medium.js";
export type { MeshMeasure } from "./mesh/compare-meshes.js";
export type { AudioMeasure } from "./sound/compare-sounds.js";
export type { TokensMeasure } from "./tokens-medium.js";

/** The matchers, for an `expect` of your own. */
export const matchers = {
  toMatchTokens: goldenMatcher("toMatchTokens", TOKENS),
  toMatchImage: goldenMatcher("toMatchImage", IMAGES),
  toMatchAudio: goldenMatcher("toMatchAudio", SOUNDS),
  toMatchMesh: goldenMatcher("toMatchMesh", MESHES),
} as const;

interface GoldenMatchers {
  /** The ids of an item, or a list of whole numbers, are those of the golden. */
  toMatchTokens(options?: string | GoldenOptions<TokensMeasure>): Promise<void>;
  /** A generated image, the path or the bytes of a picture, or pixels look like the golden on any background. */
  toMatchImage(options?: string | GoldenOptions<ImageMeasure>): Promise<void>;
  /** A generated speech, the path or the bytes of a sound file, or samples sound like the golden. */
  toMatchAudio(options?: string | GoldenOptions<AudioMeasure>): Promise<void>;
  /** A generated mesh, the path of a mesh file, the bytes of a GLB, or triangles are the golden's surface, topology and colours. */
  toMatchMesh(options?: string | GoldenOptions<MeshMeasure>): Promise<void>;
}

declare module "vitest" {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-explicit-any, @typescript-eslint/no-unused-vars
  interface Matchers<T = any> extends GoldenMatchers {}
}

expect.extend(matchers);
countFromOneInEachTry();
