/** A checkpoint in several files, joined by a `*.index.json` beside them (transformers' layout, of safetensors or of torch.save). */
import { dirname, join } from "node:path";
import { quote } from "./faults.js";
import { RangeFile } from "./range-file.js";
import type { Contents, Stored } from "./stored.js";
import { isRecord, parseStrictJson } from "./strict-json.js";

/** An index is names only; a larger file is not one. */
const MAX_INDEX = 64 * 2 ** 20;

/** A plain file name: no folder, no drive, no way up. */
const PLAIN_NAME = /^(?!\.\.?$)[^/\\:\0]{1,255}$/;

/**
 * Opens the index and all files that it names, and reads each by `readShard`. What the index places nowhere is left out, as in
 * transformers; what it places and is not there is an error.
 * The opened files are pushed to `opened`; closing them is the caller's part, also when this throws.
 */
export async function readShards(
  index: RangeFile,
  opened: RangeFile[],
  readShard: (file: RangeFile) => Promise<Contents>,
): Promise<Contents> {
  const { weightMap, metadata } = await readIndex(index);
  const missing = new Map(weightMap);
  const tensors: Stored[] = [];
  for (const shard of new Set(weightMap.values())) {
    const file = await RangeFile.open(join(dirname(index.path), shard));
    opened.push(file);
    for (const stored of (await readShard(file)).tensors) {
      if (weightMap.get(stored.name) === shard && missing.delete(stored.name)) tensors.push(stored);
    }
  }
  for (const [name, shard] of missing) {
    throw index.report("bad-header", `the index places ${quote(name)} in ${quote(shard)}, which does not hold it`);
  }
  return { tensors, metadata };
}

async function readIndex(file: RangeFile) {
  const bad = (problem: string, cause?: unknown) => file.report("bad-header", problem, undefined, cause);
  if (file.size > MAX_INDEX) throw bad(`an index of ${file.size} bytes is larger than any`);
  const bytes = await file.read(0, file.size);
  let index: { weight_map?: unknown; metadata?: unknown };
  try {
    index = parseStrictJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as typeof index;
  } catch (error) {
    throw bad(`the index is not valid JSON: ${quote((error as Error).message)}`, error);
  }
  const { weight_map: map, metadata = {} } = index;
  if (!isRecord(map)) throw bad("the file is JSON but has no weight_map of tensor names");
  if (!isRecord(metadata)) throw bad("the metadata of the index is not an object");
  const weightMap = new Map<string, string>();
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard !== "string" || !PLAIN_NAME.test(shard)) {
      throw bad(`${quote(name)} lies in ${quote(shard)}, which is not the plain name of a file in the same folder`);
    }
    weightMap.set(name, shard);
  }
  return { weightMap, metadata };
}
