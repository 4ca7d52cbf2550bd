/** Texts: written as they are. */
import { mediumOf } from "./medium.js";

export const TEXT_MEDIUM = mediumOf<string, "txt" | "md" | "json">({
  plural: "texts",
  formats: ["txt", "md", "json"],
  kept: "txt",
  decode: async (bytes) => new TextDecoder().decode(bytes),
  encode: async (text) => new TextEncoder().encode(text),
  manifestAs: (manifest) => manifest,
  steps: {},
});
