/**
 * Where ONNX Runtime finds each weight: straight in the checkpoint file, which it maps, or in a buffer made for it.
 *
 * Measured with onnxruntime-node 1.30.0 on matrices that are 403 MB in float32, as peak of resident memory less what Node
 * takes: mapped from float32 425 MB, because each matrix is packed out of the mapping and its pages are dropped; from
 * float16 475 MB and from bfloat16 595 MB, widened by the runtime; handed over as float32 buffers 860 MB.
 * An absolute or ascending location is refused by the runtime, so one folder is given as a session option.
 */
import { realpath } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { type Checkpoint, ELEMENT_BYTES, type Element } from "../weights/checkpoint.js";
import type { WeightLocation, WeightUse } from "./lower.js";

export interface Placement {
  /** The folder against which the runtime resolves the locations of mapped weights; null if none is mapped. */
  readonly folder: string | null;
  /** Where this use lies in a file of the folder; null: it has to be handed over as a buffer. */
  locate(use: WeightUse): WeightLocation | null;
}

/** Element types that the runtime reads, each with the name of the cast to float32 if it needs one. */
const READABLE: Readonly<Partial<Record<Element, "f32" | "f16" | "bf16">>> = { f32: "f32", f16: "f16", bf16: "bf16" };

/** Maps every floating-point weight that lies whole, contiguous and aligned in a file of one folder. */
export async function placeWeights(names: Iterable<string>, checkpoint: Checkpoint): Promise<Placement> {
  const files = new Map<string, string>(); // a path and what it really is: the runtime refuses links out of the folder
  const mapped = new Map<string, { element: "f32" | "f16" | "bf16"; location: string; offset: number }>();
  let folder: string | null = null;
  for (const name of names) {
    const stored = checkpoint.entries.get(name)!.element;
    const element = READABLE[stored];
    const extent = checkpoint.extent(name);
    // Empty tensors cannot be mapped, and every kernel would have to read unaligned ones unaligned.
    if (!element || !extent || extent.bytes === 0 || extent.offset % ELEMENT_BYTES[stored] !== 0) continue;
    if (!files.has(extent.path)) files.set(extent.path, await realpath(extent.path));
    const path = files.get(extent.path)!;
    folder ??= dirname(path);
    if (dirname(path) === folder) mapped.set(name, { element, location: basename(path), offset: extent.offset });
  }
  return {
    folder,
    locate: ({ weight, form }) => {
      const found = mapped.get(weight);
      if (!found || (form !== "f32" && form !== found.element)) return null;
      const { element, location, offset } = found;
      return { location, offset, element: element === form || element === "f32" ? undefined : element };
    },
  };
}
