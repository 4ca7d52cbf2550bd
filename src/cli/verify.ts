/**
 * `tessera verify fox.png.json`, `tessera verify assets.lock.json`, `tessera verify FOLDER`: makes things again and says whether they
 * and their files are the same.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { described, quoted } from "../base/words.js";
import { ArgumentError, EMBEDDED_MODELS, loadMeshModel } from "../index.js";
import { isItemManifest, type ReadItem, readItemManifest, verifyAssets } from "../pipeline/index.js";
import { type Context, Refusal } from "./context.js";
import { loadSettingsOf, type ModelOptions, modelOf, printJson, shapeSourceOf, withModelOptions } from "./options.js";
import { print } from "./streams.js";

interface VerifyOptions extends ModelOptions {
  readonly codec?: string;
  readonly image?: string;
  readonly manifestOnly: boolean;
  readonly json: boolean;
}

export const verifyCommand = ({ signal }: Context): Command =>
  withModelOptions(new Command("verify"))
    .description("make items again from their manifests, and compare tokens, content and files")
    .argument("<path>", "the .json beside a file, a lock file of `tessera run`, or a folder of either")
    .option("--codec <file>", "in place of --tokenizer, file of the autoencoder of an OctGPT transformer")
    .optionsGroup("What it was made from:")
    .option("--image <picture>", "the picture that a mask was found in")
    .optionsGroup("What it prints:")
    .option("--manifest-only", "do not read the files beside manifests", false)
    .option("--json", "print one JSON object and nothing else", false)
    .action(async (path: string, options: VerifyOptions) => {
      const lock = await lockAt(path);
      if (lock) return verifyTree(lock, options, signal);
      const isFolder = await stat(path).then(
        (found) => found.isDirectory(),
        () => false,
      );
      if (!isFolder) return verifyOne(path, options, signal);
      const manifests = await manifestsIn(path);
      if (manifests.length === 0)
        throw new ArgumentError("<path>", "a folder with manifests or a lock file in it", path);
      await verifyAll(manifests, options, signal);
    });

/** The lock file that a path names: itself, or the only one in a folder. */
async function lockAt(path: string): Promise<string | null> {
  if (/\.lock\.json$/i.test(path)) return path;
  const names = await readdir(path).catch(() => []);
  const locks = names.filter((name) => name.endsWith(".lock.json"));
  if (locks.length > 1)
    throw new ArgumentError("<path>", "one of the lock files in it", path, `Name one: ${locks.join(", ")}.`);
  return locks[0] === undefined ? null : join(path, locks[0]);
}

async function verifyTree(lock: string, { json, threads }: VerifyOptions, signal: AbortSignal): Promise<void> {
  const onItem = (name: string, differences: readonly string[]) => {
    if (json || differences.length === 0) return;
    print(`DIFFERENT ${name}\n${differences.map((difference) => `  ${difference}\n`).join("")}`);
  };
  const result = await verifyAssets({ lock, threads, signal, onItem });
  const { same, items, differences } = result;
  if (json) printJson(result);
  else print(`${items} items: ${same ? "all the same" : `${Object.keys(differences).length} differ`}\n`);
  if (!same) throw new Refusal("the tree differs");
}

async function manifestsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  const found: string[] = [];
  for (const name of names.filter((name) => name.endsWith(".json")).sort())
    if (await isItemManifest(join(folder, name))) found.push(join(folder, name));
  return found;
}

async function verifyAll(paths: readonly string[], options: VerifyOptions, signal: AbortSignal): Promise<void> {
  const rows: { path: string; same: boolean; differences: readonly string[] }[] = [];
  for (const path of paths) {
    const { same, differences } = await verified(path, await readItemManifest(path), options, signal);
    rows.push({ path, same, differences });
    if (!options.json && !same) print(`DIFFERENT ${path}\n${differences.map((one) => `  ${one}\n`).join("")}`);
  }
  const differing = rows.filter(({ same }) => !same).length;
  if (options.json) printJson({ same: differing === 0, items: rows });
  else print(`${rows.length} items: ${differing === 0 ? "all the same" : `${differing} differ`}\n`);
  if (differing > 0) throw new Refusal("some differ");
}

async function verifyOne(path: string, options: VerifyOptions, signal: AbortSignal): Promise<void> {
  const item = await readItemManifest(path);
  const { same, differences } = await verified(path, item, options, signal);
  if (options.json) printJson({ same, differences });
  else {
    const content = `same tokens, same ${item.verifier.output}`;
    print(same ? `${content}${options.manifestOnly ? "" : ", same file"}\n` : "DIFFERENT\n");
    for (const difference of differences) print(`  ${difference}\n`);
  }
  if (!same) throw new Refusal("the item differs");
}

async function verified(path: string, item: ReadItem, options: VerifyOptions, signal: AbortSignal) {
  const beside = { file: options.manifestOnly ? undefined : fileBeside(path), image: options.image };
  const model = await modelFor(item, options);
  try {
    return await item.verifier.verify(item.json, path, model, beside, signal);
  } finally {
    await model.close();
  }
}

/** The file of `<file>.json`. */
function fileBeside(manifest: string): string {
  if (/.\.json$/i.test(manifest)) return manifest.slice(0, -".json".length);
  throw new ArgumentError("<path>", "the name of a file and .json", manifest, "Or pass --manifest-only.");
}

/** The model that is named, or the embedded one of the manifest: what a manifest says is never opened as a path. */
async function modelFor({ verifier, model: name, precision }: ReadItem, options: VerifyOptions) {
  const loading = { ...options, precision: options.precision ?? precision ?? undefined } as VerifyOptions;
  if (options.codec !== undefined) {
    const { textEncoder = null } = options;
    return loadMeshModel(shapeSourceOf(options), { ...loadSettingsOf(loading), textEncoder });
  }
  const ofPictures = [options.config, options.transformer, options.textEncoder];
  if (ofPictures.some((option) => option !== undefined)) return modelOf(loading);
  if (options.model === undefined && !Object.hasOwn(EMBEDDED_MODELS, name)) {
    const remedy = "Name its folder by --model; or its files by --transformer, --tokenizer and --config.";
    throw new ArgumentError("--model", `the model of the manifest, ${quoted(name)},`, described("none"), remedy);
  }
  return verifier.load(options.model ?? name, loadSettingsOf(loading) as never);
}
