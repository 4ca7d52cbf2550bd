/**
 * Where ONNX Runtime finds each weight: straight in the checkpoint file, which it maps, or in a buffer made for it.
 *
 * Measured (onnxruntime-node 1.30.0, 403 MB of float32 matrices): mapped, loading peaks at 1.06 times the file, because
 * each matrix is pre-packed out of the mapping and its pages are dropped; the same bytes as buffers peak at 2.1 times.
 * An absolute or ascending location is refused by the runtime, so one folder is given as a session option.
 */
import { realpath } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Checkpoint, Extent } from "../weights/checkpoint.js";
import type { WeightUse } from "./lower.js";

export interface Placement {
  /** The folder against which the runtime resolves the locations of mapped weights; null if none is mapped. */
  readonly folder: string | null;
  /** By the weight's name; a weight without an entry is handed over as a buffer. */
  readonly mapped: ReadonlyMap<string, { readonly location: string; readonly offset: number }>;
}

/** Maps every float32 weight that lies whole, contiguous and aligned in a file of one folder. */
export async function placeWeights(names: Iterable<string>, checkpoint: Checkpoint): Promise<Placement> {
  const files = new Map<string, string>(); // a path and what it really is: the runtime refuses links out of the folder
  const mapped = new Map<string, { location: string; offset: number }>();
  let folder: string | null = null;
  for (const name of names) {
    const extent = checkpoint.entries.get(name)?.element === "f32" ? checkpoint.extent(name) : null;
    if (!extent || !mappable(extent)) continue;
    if (!files.has(extent.path)) files.set(extent.path, await realpath(extent.path));
    const path = files.get(extent.path)!;
    folder ??= dirname(path);
    if (dirname(path) === folder) mapped.set(name, { location: basename(path), offset: extent.offset });
  }
  return { folder, mapped };
}

/** Empty tensors cannot be mapped, and unaligned ones would be read unaligned by every kernel. */
const mappable = ({ offset, bytes }: Extent) => bytes > 0 && offset % 4 === 0;

/** Whether this use takes the mapped bytes as they are. */
export const isMapped = ({ mapped }: Placement, use: WeightUse) => use.form === "f32" && mapped.has(use.weight);
