/** The files of a model before a device sees them: of a folder with config.json, or published ones that the caller names. */
import { basename, join } from "node:path";
import { sha256OfFile } from "../base/digest.js";
import { CheckpointError, InputError } from "../base/errors.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { openCheckpoint } from "../engine/weights/open.js";
import { TRAINER_GLOBALS } from "../engine/weights/torch-objects.js";
import { openModelFolder, verifyFiles } from "../models/folder.js";
import type { Parts } from "./parts.js";

/** Where files lie and whether they are the right ones. */
export interface ModelFiles {
  /** Digests of the files, by their plain names; empty where nothing is to be verified. */
  readonly sha256: Readonly<Record<string, string>>;
  /** What an index of weights names, by its name: plain names of files beside it. */
  readonly shards?: Readonly<Record<string, readonly string[]>>;
  /** Where a file lies that the recipe names. */
  locate(file: string): string;
  /** Compares files with their digests, before they are used. Throws CheckpointError. */
  verify(files: readonly string[]): Promise<void>;
}

/** What every recipe states about its model. */
export interface Recipe extends ModelFiles {
  readonly name: string;
  readonly revision: string;
  readonly licence: string;
}

/**
 * The recipe of an embedded model or a folder: what `parse` reads in config.json, and the files beside it.
 *
 * @throws UnknownNameError, CheckpointError, and what `parse` throws.
 */
export async function folderRecipe<C extends { readonly sha256: Readonly<Record<string, string>> }>(
  nameOrPath: string,
  verify: boolean,
  parse: (json: unknown, where: string) => C,
): Promise<C & ModelFiles> {
  const { path, json } = await openModelFolder(nameOrPath);
  const config = parse(json, join(path, "config.json"));
  return {
    ...config,
    sha256: verify ? config.sha256 : {},
    locate: (file) => join(path, file),
    async verify(files) {
      if (verify) await verifyFiles(path, Object.fromEntries(files.map((file) => [file, config.sha256[file]!])));
    },
  };
}

/**
 * Published files by their paths. Nothing states their digests: they are taken, for the manifests. `remedy` says where to get
 * one that cannot be read, in the CheckpointError.
 */
export async function publishedFiles(paths: readonly string[], verify: boolean, remedy: string): Promise<ModelFiles> {
  const sha256: Record<string, string> = {};
  for (const path of verify ? paths : []) {
    sha256[basename(path)] = await sha256OfFile(path).catch((cause: unknown) => {
      const problem = InputError.isInstance(cause) ? cause.reason : "the file cannot be read";
      throw new CheckpointError(path, "unreadable", problem, remedy, { cause });
    });
  }
  return { sha256, locate: (file) => file, async verify() {} };
}

/** Verifies and opens a file of weights, to be closed with the model. */
export async function openFile(recipe: ModelFiles, file: string, parts: Parts): Promise<Checkpoint> {
  await recipe.verify([file]);
  return parts.own(openCheckpoint(recipe.locate(file), { opaque: TRAINER_GLOBALS }));
}

/** The digests of those files, and of what they name, that have one; by their plain names in order. */
export function digestsOf(
  { sha256, shards = {} }: ModelFiles,
  files: readonly string[],
): Readonly<Record<string, string>> {
  const all = files.map((file) => basename(file)).flatMap((name) => [name, ...(shards[name] ?? [])]);
  const names = [...new Set(all)].filter((name) => Object.hasOwn(sha256, name));
  return Object.fromEntries(names.sort().map((name) => [name, sha256[name]!]));
}
