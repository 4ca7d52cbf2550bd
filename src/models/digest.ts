/** One digest that stands for a whole model, so that a result can be known by what it was made from, wherever that lies. */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { isObject } from "../base/check.js";
import { sha256, sha256OfFile } from "../base/digest.js";
import { UnknownNameError } from "../base/errors.js";
import { modelPath } from "./folder.js";
import { EMBEDDED_MODELS } from "./known.js";

/** Answers the digest of a file whose content may have been hashed before. */
export type FileDigest = (path: string) => Promise<string>;

/**
 * The digest of an embedded model or of a folder: of its config.json, where that states the digests of the other files; else of all
 * files in it. It costs no more than reading them, and no device sees the model.
 *
 * @param digestOf hashes a file of a folder whose config.json states nothing; a caller who remembers digests hands in its own.
 * @throws UnknownNameError where it is neither; InputError where a file cannot be read.
 */
export async function digestOfModel(nameOrPath: string, digestOf: FileDigest = sha256OfFile): Promise<string> {
  const folder = modelPath(nameOrPath);
  const config = await readFile(join(folder, "config.json")).catch((cause: unknown) => {
    throw new UnknownNameError("embedded model or model folder", nameOrPath, Object.keys(EMBEDDED_MODELS), { cause });
  });
  if (statesDigests(config)) return sha256(config);
  const lines: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    if ((await stat(path)).isFile()) lines.push(`${await digestOf(path)}  ${basename(path)}\n`);
  }
  return sha256(lines.join(""));
}

function statesDigests(config: Buffer): boolean {
  try {
    const json: unknown = JSON.parse(config.toString("utf8"));
    return isObject(json) && isObject(json.sha256);
  } catch {
    return false; // whoever loads the model says what is wrong with it
  }
}
