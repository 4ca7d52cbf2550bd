/** Manifests of assets as files: YAML or JSON, of bounded size, checked by the schema. */
import { parseDocument } from "yaml";
import { InputError } from "../base/errors.js";
import { readBoundedText } from "../base/read-file.js";
import { type AssetsFile, ASSETS } from "./schema.js";
import { parsedBy } from "./schema-faults.js";

/** A manifest beyond this was made to be costly. */
const MOST_BYTES = 2 ** 20;

/** Aliases that a file may have resolved, each counted with what it repeats: a bomb has billions. */
const MOST_ALIASES = 1000;

/**
 * Reads a manifest. JSON is YAML, too.
 *
 * @throws InputError where the file cannot be read, is larger than 1 MiB or is no YAML; ArgumentError for what the schema refuses.
 */
export async function readAssets(path: string): Promise<AssetsFile> {
  return parseAssets(await readBoundedText(path, MOST_BYTES), path);
}

/** The same from text. `where` stands for the file in messages. */
export const parseAssets = (text: string, where = "manifest"): AssetsFile =>
  parsedBy(ASSETS, parsedYaml(text, where), where) as AssetsFile;

function parsedYaml(text: string, where: string): unknown {
  try {
    const document = parseDocument(text, { merge: true, strict: true, uniqueKeys: true, logLevel: "silent" });
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (cause) {
    const [line] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
    const bomb = cause instanceof ReferenceError || cause instanceof RangeError;
    const reason = bomb ? "it repeats itself or nests more often than any manifest needs" : `it is not YAML (${line})`;
    throw new InputError(where, reason, bomb ? "Write it out." : "Correct that place.", { cause });
  }
}
