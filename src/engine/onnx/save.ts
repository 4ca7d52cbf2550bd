/** Saves a graph with its weights as a standard .onnx file, with the weights in a second file beside it. */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { check } from "../../base/check.js";
import type { Precision } from "../engine.js";
import { requireWeights } from "../feeds.js";
import type { Graph } from "../graph.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { lowerToOnnx, type WeightUse } from "./lower.js";
import { weightBytes } from "./weight-bytes.js";

export interface SaveOptions {
  /** f32 and f16 use standard operators only; q8 and q4 need ONNX Runtime's MatMulNBits. Default "f32". */
  readonly precision?: Precision;
}

/** Weights begin on multiples of this, so that runtimes can map them. */
const ALIGNMENT = 4096;

/**
 * Writes `path` (ending in .onnx) and `path` + ".data", which belong together: move both, rename neither. States of the graph
 * become inputs `past:<name>` and outputs `new:<name>`. Weights pass through one by one, so memory holds the largest only.
 * Files appear under their names only when complete, the model last; an existing pair is replaced. Throws ArgumentError,
 * WeightsError, or what the file system says.
 */
export async function saveOnnx(
  graph: Graph,
  checkpoint: Checkpoint,
  path: string,
  options: SaveOptions = {},
): Promise<void> {
  check("path", "a file name ending in .onnx", path, (value) => /[^/\\]\.onnx$/i.test(value));
  requireWeights(graph, checkpoint);
  const data = `${path}.data`;
  const places = new Map<WeightUse, number>();
  let end = 0;
  const { model, weights } = lowerToOnnx(graph, {
    precision: options.precision ?? "f32",
    stateful: "host",
    locate: (use) => {
      const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
      places.set(use, offset);
      end = offset + use.bytes;
      return { location: basename(data), offset };
    },
  });
  const unfinished = `.${randomBytes(6).toString("hex")}.part`;
  try {
    const file = await open(data + unfinished, "wx");
    try {
      for await (const [use, bytes] of weightBytes(weights, checkpoint)) await writeAll(file, bytes, places.get(use)!);
      await file.sync();
    } finally {
      await file.close();
    }
    await writeFile(path + unfinished, model, { flag: "wx" });
    await rename(data + unfinished, data);
    await rename(path + unfinished, path); // last: a model is there only when its weights are
  } catch (error) {
    await Promise.all([data, path].map((name) => rm(name + unfinished, { force: true })));
    throw error;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
