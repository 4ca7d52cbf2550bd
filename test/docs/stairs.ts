/** The stairs of src/, lowest first: what stands on each, and what it knows. The test of imports and the picture in the docs read them here. */
export const STAIRS = [
  { folders: ["base"], about: "errors, checks, addressed random numbers, files: plain TypeScript" },
  { folders: ["engine"], about: "graphs, one row per operation, devices, weight files: knows no model" },
  { folders: ["core", "tokenizers"], about: "ids → ids, and media ⇄ ids: neither knows the other" },
  { folders: ["models"], about: "which checkpoints exist, how a folder is read and verified" },
  { folders: ["media"], about: "what all media share: runs, loading, manifests, saving, marking" },
  { folders: ["text", "image", "audio", "3d", "mask"], about: "one medium each" },
  { folders: ["index.ts"], about: "the public names that are not those of a part" },
  { folders: ["gallery", "pipeline", "testing", "ai-sdk", "serve"], about: "faces: they see what a user sees" },
  { folders: ["cli"], about: "the command, which shows the other faces, too" },
] as const;
