/**
 * The system "checkpoint-formats": a folder of weights files, and in case.json for each what a safe loader must do with it.
 * One result a file. A refusal counts only as a typed error, and of the named kind where the case names one.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { CheckpointError, TesseraError } from "../../../src/base/errors.js";
import type { Checkpoint } from "../../../src/engine/weights/checkpoint.js";
import { openCheckpoint } from "../../../src/engine/weights/open.js";
import type { Comparison } from "../compare.js";

/** A row of `files` in case.json. */
interface FileCase {
  readonly expect: "load" | "reject" | "either";
  readonly prefix?: string | readonly string[];
  readonly strip?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly error?: string;
  /** Such as `../x/weights.safetensors, all keys, bit for bit`, or `expected.safetensors, keys "file|<tensor name>"`. */
  readonly expected?: string;
  /** Begins with the name of the file that holds the values as float32, under the same keys. */
  readonly float32_values?: string;
}

export async function* checkpointFormats(folder: string): AsyncIterable<Comparison> {
  const { files } = JSON.parse(await readFile(join(folder, "case.json"), "utf8")) as {
    files: Record<string, FileCase>;
  };
  for (const [name, wanted] of Object.entries(files)) {
    yield await loadAndCompare(folder, name, wanted).catch((error: unknown) => refusal(name, wanted, error));
  }
}

async function loadAndCompare(folder: string, name: string, wanted: FileCase): Promise<Comparison> {
  const { prefix, strip } = wanted;
  await using checkpoint = await openCheckpoint(join(folder, name), {
    prefix: prefix === undefined || typeof prefix === "string" ? prefix : prefix.join("."),
    strip,
  });
  const stored = new Map<string, Uint8Array>();
  for (const tensor of checkpoint.entries.keys()) stored.set(tensor, await checkpoint.bytes(tensor));
  if (wanted.expect === "reject") return failed(name, "was loaded and must be refused");

  for (const [key, value] of Object.entries(wanted.metadata ?? {})) {
    if (!isDeepStrictEqual(checkpoint.metadata[key], value)) return failed(name, `metadata "${key}" differs`);
  }
  if (wanted.expected === undefined) return passed(name, "loaded");
  const [file = "", ...rest] = wanted.expected.split(", ");
  const key = /^keys "(.*)<tensor name>"/.exec(rest.join(", "))?.[1] ?? "";
  await using golden = await openCheckpoint(join(folder, file));
  const difference =
    (await compareBytes(checkpoint, stored, golden, key, strip ?? "")) ??
    (await compareFloats(folder, name, wanted, checkpoint));
  return difference === null ? passed(name, `${stored.size} tensors`) : failed(name, difference);
}

/** Names, element types, shapes and bytes. Null: all equal. Keys of the reference may or may not begin with what is stripped. */
async function compareBytes(
  checkpoint: Checkpoint,
  stored: ReadonlyMap<string, Uint8Array>,
  golden: Checkpoint,
  prefix: string,
  strip: string,
): Promise<string | null> {
  const keys = new Map<string, string>();
  for (const key of golden.entries.keys()) {
    if (!key.startsWith(prefix)) continue;
    const tensor = key.slice(prefix.length);
    keys.set(tensor.startsWith(strip) ? tensor.slice(strip.length) : tensor, key);
  }
  if (keys.size === 0) return "the case expects no tensor at all: its reference is not where it says";
  const surplus = [...stored.keys()].filter((tensor) => !keys.has(tensor));
  if (surplus.length > 0) return `tensors that are not expected: ${surplus.join(", ")}`;
  for (const [tensor, key] of keys) {
    const entry = checkpoint.entries.get(tensor);
    const expected = golden.entries.get(key)!;
    if (!entry) return `tensor ${tensor} is missing`;
    if (entry.element !== expected.element || !isDeepStrictEqual([...entry.shape], [...expected.shape])) {
      return `tensor ${tensor} is ${entry.element} [${entry.shape}] instead of ${expected.element} [${expected.shape}]`;
    }
    if (Buffer.compare(stored.get(tensor)!, await golden.bytes(key)) !== 0) return `tensor ${tensor} differs`;
  }
  return null;
}

/** The conversion to float32, where the case has values for it: bit for bit. */
async function compareFloats(
  folder: string,
  name: string,
  wanted: FileCase,
  checkpoint: Checkpoint,
): Promise<string | null> {
  const file = wanted.float32_values?.split(" ")[0];
  if (file === undefined) return null;
  await using golden = await openCheckpoint(join(folder, file));
  // Keys are "<file>|<tensor name>", as in the file of expected bytes, or plain names.
  const keyed = [...golden.entries.keys()].filter((key) => key.startsWith(`${name}|`));
  const prefix = keyed.length > 0 ? `${name}|` : "";
  const keys = keyed.length > 0 ? keyed : [...golden.entries.keys()];
  if (keys.length === 0) return `${file} holds no values`;
  for (const key of keys) {
    const tensor = key.slice(prefix.length);
    const values = await checkpoint.floats(tensor);
    const expected = await golden.floats(key);
    if (
      Buffer.compare(
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
        new Uint8Array(expected.buffer),
      ) !== 0
    ) {
      return `tensor ${tensor} differs as float32`;
    }
  }
  return null;
}

function refusal(name: string, { expect, error: kind }: FileCase, error: unknown): Comparison {
  const text = error instanceof Error ? error.message.split("\n")[0]! : String(error);
  if (!(error instanceof TesseraError)) return failed(name, `not a typed error: ${text}`);
  if (expect === "load") return failed(name, `was refused: ${text}`);
  const fault = error instanceof CheckpointError ? error.fault : error.code;
  if (kind !== undefined && fault !== kind) return failed(name, `${fault} instead of ${kind}: ${text}`);
  return passed(name, `refused: ${fault}`);
}

const passed = (name: string, note: string): Comparison => ({ name, maxAbs: 0, maxRel: 0, pass: true, note });
const failed = (name: string, note: string): Comparison => ({
  name,
  maxAbs: Infinity,
  maxRel: Infinity,
  pass: false,
  note,
});
