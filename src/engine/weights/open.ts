/** Opening a file of weights, whatever wrote it. The content decides, never the file's name. */
import { check, type Options, withDefaults } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import type { Checkpoint } from "./checkpoint.js";
import { RangeFile } from "./range-file.js";
import { readSafetensors } from "./safetensors.js";
import { readShards } from "./safetensors-shards.js";
import { type Contents, checkpointOf } from "./stored.js";
import { torchContents } from "./torch-contents.js";
import { layOut } from "./torch-layout.js";
import { readTorchLegacy } from "./torch-legacy.js";
import { readTorchZip } from "./torch-zip.js";

export interface OpenOptions {
  /**
   * PyTorch files: the part that holds the tensors, such as "model" or "trainer.gpt"; "" is the whole object, with names joined by
   * dots. Null: the file must leave no choice: tensors at its top level, or under one key, or under exactly one of "model",
   * "module" and "state_dict", or under "ema", which goes before these; the label then says that it was taken.
   */
  readonly prefix: string | null;
  /**
   * Taken off the names that begin with it. Null: "module." (data parallel) and "_orig_mod." (torch.compile), in any order and as
   * often as all names begin with them.
   */
  readonly strip: string | null;
  /** PyTorch files: further globals, such as "argparse Namespace", whose objects are skipped without being built. */
  readonly opaque: readonly string[];
}

const DEFAULTS: OpenOptions = { prefix: null, strip: null, opaque: [] };

/**
 * Opens a `.safetensors` file, an index of several (`*.safetensors.index.json`), or a file of torch.save (zip or legacy). Only the
 * table of contents is read; tensors are read by range when they are asked for. Pickles are read without executing anything.
 *
 * Throws CheckpointError, whose `fault` says what is wrong with the file; ArgumentError for an option that the file has no use for.
 * Checksums of PyTorch archives are compared when a tensor is read.
 *
 * @example
 * await using weights = await openCheckpoint("c2i_B_256.pt", { prefix: "model" });
 * const table = await weights.floats("tok_embeddings.weight");
 */
export async function openCheckpoint(path: string, options: Options<OpenOptions> = {}): Promise<Checkpoint> {
  check("path", "the path of a file", path, (p) => typeof p === "string" && p.length > 0 && !p.includes("\0"));
  const settings = withDefaults("openCheckpoint", DEFAULTS, options);
  const files = [await RangeFile.open(path)];
  const close = async () => {
    await Promise.all(files.map((file) => file.close()));
  };
  try {
    const contents = await readContents(files, settings);
    const label = contents.part ? `${path} (of its parts, ${contents.part})` : path;
    return checkpointOf(label, stripped(contents, settings.strip ?? wrapping(contents)), close);
  } catch (error) {
    await close();
    if (error instanceof RangeError)
      throw files[0]!.report("bad-size", "it is more than memory holds", undefined, error);
    throw error;
  }
}

type Format = "safetensors" | "shards" | "torch-zip" | "torch-legacy";

/** Opened shards are added to `files`. */
async function readContents(files: RangeFile[], settings: OpenOptions): Promise<Contents> {
  const index = files[0]!;
  const format = await recognise(index);
  return format === "shards"
    ? readShards(index, files, async (shard) => readFile(shard, await recognise(shard), settings))
    : readFile(index, format, settings);
}

async function readFile(file: RangeFile, format: Format, { prefix, opaque }: OpenOptions): Promise<Contents> {
  if (format === "torch-zip" || format === "torch-legacy") {
    const { value, storages } = await (format === "torch-zip" ? readTorchZip : readTorchLegacy)(file, opaque);
    return torchContents(file, layOut(value, prefix, file.path, file.report), storages);
  }
  if (prefix !== null) {
    throw new ArgumentError(
      "prefix",
      "no prefix with a safetensors file",
      prefix,
      "Use subset() to take the names under a prefix.",
    );
  }
  if (format === "shards") throw file.report("unknown-format", "this is text, not a file of tensors");
  return readSafetensors(file);
}

/** Formats that people take for checkpoints and that are not read here. */
const OTHERS: readonly (readonly [magic: string, name: string])[] = [
  ["GGUF", "a GGUF file"],
  ["\x89HDF", "an HDF5 file"],
  ["\x1f\x8b", "a gzip file"],
  ["\x93NUMPY", "a NumPy file"],
  ["version https://git-lfs", "a Git LFS pointer, not the file itself"],
];

async function recognise(file: RangeFile): Promise<Format> {
  const head = await file.read(0, Math.min(file.size, 32));
  const text = String.fromCharCode(...head);
  // First, because a header length can look like any other magic. Eight bytes of length, of which real headers use four, and a {.
  if (text[8] === "{" && text.slice(4, 8) === "\0\0\0\0") return "safetensors";
  if (text.startsWith("PK\x03\x04") || text.startsWith("PK\x05\x06")) return "torch-zip";
  if (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5) return "torch-legacy";
  if (/^(\xef\xbb\xbf)?\s*\{/.test(text)) return "shards";
  const other = OTHERS.find(([magic]) => text.startsWith(magic));
  if (other) throw file.report("unknown-format", `this is ${other[1]}`);
  return "safetensors"; // whose reader says why it is none
}

/** What wrappers of training put before the name of every tensor. */
function wrapping({ tensors }: Contents): string {
  const [first] = tensors;
  const prefix = /^(?:module\.|_orig_mod\.)+/.exec(first?.name ?? "")?.[0] ?? "";
  return tensors.every(({ name }) => name.startsWith(prefix) && name.length > prefix.length) ? prefix : "";
}

function stripped(contents: Contents, prefix: string): Contents {
  if (prefix === "") return contents;
  const short = (name: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : name);
  const tensors = contents.tensors.map((stored) => ({ ...stored, name: short(stored.name) }));
  const names = new Set(tensors.map(({ name }) => name));
  if (names.size < tensors.length || !contents.tensors.some(({ name }) => name.startsWith(prefix))) {
    throw new ArgumentError("strip", "the beginning of some names, without which all are still distinct", prefix);
  }
  return { ...contents, tensors };
}
