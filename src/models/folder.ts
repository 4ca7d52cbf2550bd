/** A model on disk: a folder with config.json and the files that it names, each verified by its digest before it is used. */
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256OfFile } from "../base/digest.js";
import { CheckpointError, InputError, InstallationError, UnknownNameError } from "../base/errors.js";
import { packageRoot } from "../base/package-root.js";
import { readBoundedText } from "../base/read-file.js";
import { EMBEDDED_MODELS } from "./known.js";

export interface ModelFolder {
  readonly path: string;
  /** The parsed config.json, not checked yet. */
  readonly json: unknown;
}

/** The folder of an embedded model. */
const embeddedFolder = (name: string): string => fileURLToPath(new URL(`models/${name}`, packageRoot()));

const CONFIG = "config.json";

/** A config.json beyond this is not one. */
const MOST_BYTES = 2 ** 20;

/**
 * Opens the embedded model of that name, else the folder at that path.
 *
 * @throws UnknownNameError where it is neither; InputError where its config.json cannot be read; CheckpointError where that is
 *   not JSON.
 */
export async function openModelFolder(nameOrPath: string): Promise<ModelFolder> {
  const embedded = isEmbedded(nameOrPath);
  const path = modelPath(nameOrPath);
  const file = join(path, CONFIG);
  try {
    return { path, json: JSON.parse(await readBoundedText(file, MOST_BYTES)) };
  } catch (cause) {
    const missing = InputError.isInstance(cause) && !(await isFolder(path));
    if (missing && embedded) throw new InstallationError(file, undefined, { cause });
    if (missing)
      throw new UnknownNameError("embedded model or model folder", nameOrPath, Object.keys(EMBEDDED_MODELS), { cause });
    if (InputError.isInstance(cause)) throw cause;
    const remedy = "Download or copy the file again.";
    throw new CheckpointError(file, "unreadable", "it is not JSON", remedy, { cause });
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** What a name or path stands for at the moment: the folder, and the state of its config.json, which states all its files. */
export async function modelIdentity(nameOrPath: string): Promise<string> {
  const path = modelPath(nameOrPath);
  const found = await stat(join(path, CONFIG)).catch(() => null); // whoever opens it says what is wrong
  return found ? `${path} ${found.ino} ${found.size} ${found.mtimeMs}` : path;
}

const isEmbedded = (name: string): boolean => Object.hasOwn(EMBEDDED_MODELS, name);

/** Absolute, so that files which are opened later are found wherever the process is then. */
export const modelPath = (nameOrPath: string): string =>
  isEmbedded(nameOrPath) ? embeddedFolder(nameOrPath) : resolve(nameOrPath);

/**
 * Compares every file of `sha256` in the folder with its digest.
 *
 * @throws CheckpointError naming the first file that is missing or differs.
 */
export async function verifyFiles(folder: string, digests: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, expected] of Object.entries(digests)) {
    const file = join(folder, name);
    const remedy = "Download or copy the file again; nothing of the model was loaded.";
    const found = await sha256OfFile(file).catch((cause: unknown) => {
      const problem = InputError.isInstance(cause) ? cause.reason : "the file cannot be read";
      throw new CheckpointError(file, "unreadable", problem, remedy, { cause });
    });
    if (found !== expected) {
      const problem = `its SHA-256 is ${found.slice(0, 12)}…, but config.json states ${expected.slice(0, 12)}…`;
      throw new CheckpointError(file, "checksum", problem, remedy);
    }
  }
}
