/** A model's folder as the Hugging Face hub lays it out: where its files lie, read before any device sees them. */
import { access } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isObject } from "../base/check.js";
import { InputError } from "../base/errors.js";
import { readBoundedJson } from "../base/read-file.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { pulledModel } from "../models/hub/pulled.js";

export type Json = Readonly<Record<string, unknown>>;

/** Weights are looked for by these names, in this order. */
const WEIGHTS = [
  ...["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"],
] as const;

/** A file of settings beyond this is none. */
export const MOST_SETTINGS_BYTES = 2 ** 24;

export interface HubFolder {
  /** The name under which it was pulled, or its path. */
  readonly name: string;
  readonly path: string;
  has(file: string): Promise<boolean>;
  /** The object in a file. Throws InputError for a file that is missing, too large or no object. */
  json(file: string): Promise<Json>;
  /** The same, or null where there is no such file. */
  optional(file: string): Promise<Json | null>;
  /** The plain name of its weights. Throws InputError where there are none. */
  weights(): Promise<string>;
}

/** The folder at that path, else that of a model which was pulled under this name. `remedy` says what it should hold. */
export async function hubFolder(folder: string, remedy: string): Promise<HubFolder> {
  const pulled = (await there(resolve(folder))) ? null : await pulledModel(folder);
  const path = pulled?.folder ?? resolve(folder);
  const has = (file: string) => there(join(path, file));
  const json = async (file: string): Promise<Json> => {
    const where = join(path, file);
    const parsed = await readBoundedJson(where, MOST_SETTINGS_BYTES, remedy);
    if (!isObject(parsed)) throw new InputError(where, "it holds no object", remedy);
    return parsed;
  };
  return {
    ...{ name: pulled?.name ?? basename(path), path, has, json },
    optional: async (file) => ((await has(file)) ? json(file) : null),
    async weights() {
      for (const name of WEIGHTS) if (await has(name)) return name;
      throw new InputError(path, `it has none of ${WEIGHTS.join(", ")}`, remedy);
    },
  };
}

const there = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The files of a folder that its index of weights names. */
export function shardsOf(weights: Checkpoint, { path }: HubFolder): string[] {
  const files = [...weights.entries.keys()].map((name) => weights.extent(name)?.path);
  return [...new Set(files)].filter(
    (file): file is string =>
      file !== undefined && dirname(file) === path && !WEIGHTS.some((name) => basename(file) === name),
  );
}

/** The first digest of a file of weights, short, as the revision of a published model. */
export function revisionOf(sha256: Readonly<Record<string, string>>): string {
  const digest = Object.entries(sha256).find(([file]) => file.startsWith("model") || file.startsWith("pytorch"))?.[1];
  return digest?.slice(0, 12) ?? "unverified";
}

/** A special token as files write it: a text, or an object around one; null for anything else. */
export function tokenText(token: unknown): string | null {
  const text = typeof token === "object" && token !== null ? (token as Json).content : token;
  return typeof text === "string" ? text : null;
}
