/** A model on disk: a folder with config.json and the files that it names, each verified by its digest before it is used. */
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256OfFile } from "../base/digest.js";
import { CheckpointError, UnknownNameError } from "../base/errors.js";
import { EMBEDDED_MODELS } from "./known.js";

export interface ModelFolder {
  readonly path: string;
  /** The parsed config.json, not checked yet. */
  readonly json: unknown;
}

/** The folder of the embedded models; the same from src/ and from dist/. */
const EMBEDDED = fileURLToPath(new URL("../../models/", import.meta.url));

const CONFIG = "config.json";

/** A config.json beyond this is not one. */
const MOST_BYTES = 2 ** 20;

/**
 * Opens the embedded model of that name, else the folder at that path.
 *
 * @throws UnknownNameError where it is neither; CheckpointError where config.json cannot be read or is no JSON.
 */
export async function openModelFolder(nameOrPath: string): Promise<ModelFolder> {
  const embedded = isEmbedded(nameOrPath);
  const path = pathOf(nameOrPath);
  const file = join(path, CONFIG);
  const size = await stat(file).then(
    (found) => found.size,
    () => null,
  );
  if (size === null && !embedded) {
    throw new UnknownNameError("model, nor folder with a config.json,", nameOrPath, Object.keys(EMBEDDED_MODELS));
  }
  if (size === null) {
    throw new CheckpointError(file, "unreadable", "the embedded model is not there", "Install the package again.");
  }
  if (size > MOST_BYTES) {
    throw new CheckpointError(
      file,
      "bad-size",
      `${size} bytes are too many for a configuration`,
      "Name a folder of a model.",
    );
  }
  try {
    return { path, json: JSON.parse(await readFile(file, "utf8")) };
  } catch (cause) {
    const remedy = "Restore the file from where the model came from.";
    throw new CheckpointError(file, "unreadable", "it cannot be read as JSON", remedy, { cause });
  }
}

/** What a name or path stands for at the moment: the folder, and the state of its config.json, which states all its files. */
export async function modelIdentity(nameOrPath: string): Promise<string> {
  const path = pathOf(nameOrPath);
  const found = await stat(join(path, CONFIG)).catch(() => null); // whoever opens it says what is wrong
  return found ? `${path} ${found.ino} ${found.size} ${found.mtimeMs}` : path;
}

const isEmbedded = (name: string): boolean => Object.hasOwn(EMBEDDED_MODELS, name);

/** Absolute, so that files which are opened later are found wherever the process is then. */
const pathOf = (nameOrPath: string): string =>
  isEmbedded(nameOrPath) ? join(EMBEDDED, nameOrPath) : resolve(nameOrPath);

/**
 * Compares every file of `sha256` in the folder with its digest.
 *
 * @throws CheckpointError naming the first file that is missing or differs.
 */
export async function verifyFiles(folder: string, digests: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, expected] of Object.entries(digests)) {
    const file = join(folder, name);
    const remedy = "Restore the file from where the model came from; nothing of it was loaded.";
    const found = await sha256OfFile(file).catch((cause: unknown) => {
      throw new CheckpointError(file, "unreadable", "the file cannot be read", remedy, { cause });
    });
    if (found !== expected) {
      const problem = `its SHA-256 is ${found.slice(0, 12)}…, but config.json states ${expected.slice(0, 12)}…`;
      throw new CheckpointError(file, "checksum", problem, remedy);
    }
  }
}
