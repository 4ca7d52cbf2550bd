/** Masks: as pictures of one channel, or as COCO's run lengths. */
import { type BinaryMask, type Marking, maskFile, readMask, toRle } from "../../index.js";
import { mediumOf } from "./medium.js";

export const MASK_MEDIUM = mediumOf<BinaryMask, "png" | "json">({
  plural: "masks",
  formats: ["png", "json"],
  kept: "png",
  decode: (bytes) => readMask(bytes),
  encode: async (mask, format, marking: Marking) =>
    format === "png" ? maskFile(mask, marking) : Buffer.from(`${JSON.stringify(toRle(mask))}\n`),
  manifestAs: (manifest, format) => (format === "png" ? manifest : null),
  steps: {},
});
