/** A golden case on disk: a folder with case.json and, mostly, weights.safetensors and io.safetensors. */
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { type Checkpoint, ELEMENT_BYTES, type Element } from "../../src/engine/weights/checkpoint.js";
import { openCheckpoint } from "../../src/engine/weights/open.js";
import type { Numbers, Tolerance } from "./compare.js";

/** case.json, as far as every system has it. */
export interface GoldenCase {
  readonly system: string;
  readonly case: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Meaning and axes by name; a name may contain `*`. */
  readonly tensors: Readonly<Record<string, unknown>>;
  readonly tolerance: Tolerance;
  readonly [other: string]: unknown;
}

/**
 * All folders below `roots`, themselves included, that hold a case.json; sorted, so that runs can be compared. Files among the
 * roots are passed over: `DIR/*` of a shell also names what lies beside the cases.
 */
export async function findCases(roots: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true });
    if (entries.some((entry) => entry.name === "case.json")) found.push(folder);
    for (const entry of entries) if (entry.isDirectory()) await visit(path.join(folder, entry.name));
  };
  for (const root of roots) if ((await stat(root)).isDirectory()) await visit(path.resolve(root));
  return [...new Set(found)].sort();
}

export async function readCase(folder: string): Promise<GoldenCase> {
  return JSON.parse(await readFile(path.join(folder, "case.json"), "utf8")) as GoldenCase;
}

/** The weights of a case. The caller closes them. */
export const openWeights = (folder: string): Promise<Checkpoint> =>
  openCheckpoint(path.join(folder, "weights.safetensors"));

/** Inputs and expected outputs by name. */
export async function readTensors(folder: string, file = "io.safetensors"): Promise<ReadonlyMap<string, Numbers>> {
  await using checkpoint = await openCheckpoint(path.join(folder, file));
  const tensors = new Map<string, Numbers>();
  for (const { name, element, shape } of checkpoint.entries.values()) {
    if (element === "f16") tensors.set(name, { shape, data: await checkpoint.floats(name) });
    else if (element === "i64")
      tensors.set(name, { shape: [...shape, 2], data: viewOf("i32", await checkpoint.bytes(name)) });
    else tensors.set(name, { shape, data: viewOf(element, await checkpoint.bytes(name)) });
  }
  return tensors;
}

/** 64-bit integers as golden files are read here: their low and high words, [..., 2], for a double does not hold them. */
export const wordsOf = (integers: readonly bigint[]): Int32Array => new Int32Array(BigInt64Array.from(integers).buffer);

/** The three element types that golden files mostly hold, without conversion. */
function viewOf(element: Element, bytes: Uint8Array): Numbers["data"] {
  const copy = bytes.slice(); // aligned
  const length = copy.byteLength / ELEMENT_BYTES[element];
  switch (element) {
    case "f32":
      return new Float32Array(copy.buffer, 0, length);
    case "i32":
      return new Int32Array(copy.buffer, 0, length);
    case "u8":
    case "bool":
      return copy;
    default:
      throw new Error(`golden tensors are f32, f16, i32, i64 or u8, not ${element}`);
  }
}
