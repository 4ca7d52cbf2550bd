/**
 * Models that were pulled. Files lie in the cache that the hub's tools share: blobs by digest, snapshots of commits that link to them
 * (https://huggingface.co/docs/hub/local-cache). Beside them a record of ours says which files of which commit a name stands for.
 */
import { mkdir, readdir, readFile, readlink, rm, stat, symlink, copyFile, rename } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { isObject } from "../../base/check.js";
import { writeWhole } from "../../base/write-file.js";
import { digestOf } from "./download.js";
import { cacheFolder } from "./environment.js";
import { type HubFile, isCommit, isPlainName, isRepository } from "./repository.js";

/** What a name stands for: a pinned commit and the files that are used of it. */
export interface PulledModel {
  /** A row of the published models, or the repository. */
  readonly name: string;
  readonly repository: string;
  readonly commit: string;
  readonly files: readonly HubFile[];
  /** The folder in which the files lie. */
  readonly folder: string;
  /** Bytes of all files. */
  readonly size: number;
}

const RECORDS = ".tessera";

const repositoryFolder = (repository: string): string =>
  join(cacheFolder(), `models--${repository.replaceAll("/", "--")}`);

export const blobPath = (repository: string, { digest }: HubFile): string =>
  join(repositoryFolder(repository), "blobs", digest.hex);

export const snapshotFolder = (repository: string, commit: string): string =>
  join(repositoryFolder(repository), "snapshots", commit);

const recordPath = (name: string): string => join(cacheFolder(), RECORDS, `${name.replaceAll("/", "--")}.json`);

/** Makes a verified blob visible under its name in the snapshot of a commit. */
export async function link(repository: string, commit: string, file: HubFile): Promise<void> {
  const folder = snapshotFolder(repository, commit);
  const [path, blob] = [join(folder, file.name), blobPath(repository, file)];
  await mkdir(folder, { recursive: true });
  const made = `${path}.${process.pid}.new`;
  await rm(made, { force: true });
  // Where links are not allowed, as for most users of Windows, the file is copied.
  await symlink(relative(folder, blob), made).catch(() => copyFile(blob, made));
  await rename(made, path);
}

/** Writes the record of a model, whose files are all there, and the commit of a branch as the hub's tools look it up. */
export async function record(model: PulledModel, branch: string | null): Promise<void> {
  if (branch !== null && isPlainName(branch))
    await writeWhole(join(repositoryFolder(model.repository), "refs", branch), model.commit);
  const { name, repository, commit, files } = model;
  await writeWhole(recordPath(name), `${JSON.stringify({ name, repository, commit, files }, null, 2)}\n`);
}

/** The model of that name that was pulled; null where none was, or where a file of it is gone. */
export async function pulledModel(name: string): Promise<PulledModel | null> {
  const text = await readFile(recordPath(name), "utf8").catch(() => null);
  const model = text === null ? null : modelOf(text);
  if (model === null || model.name !== name) return null;
  for (const file of model.files) if (!(await hasSize(join(model.folder, file.name), file.size))) return null;
  return model;
}

/** All models that were pulled, by name. */
export async function pulledModels(): Promise<readonly PulledModel[]> {
  const names = await readdir(join(cacheFolder(), RECORDS)).catch(() => []);
  const models: PulledModel[] = [];
  for (const name of names.filter((name) => name.endsWith(".json")).sort()) {
    const model = modelOf(await readFile(join(cacheFolder(), RECORDS, name), "utf8"));
    if (model) models.push(model);
  }
  return models;
}

/** Reads a record, which anybody may have changed. */
function modelOf(text: string): PulledModel | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(json)) return null;
  const { name, repository, commit, files } = json;
  if (typeof name !== "string" || typeof repository !== "string" || !isRepository(repository)) return null;
  if (!isCommit(commit) || !Array.isArray(files) || !files.every(isFile)) return null;
  const size = files.reduce((sum, file) => sum + file.size, 0);
  return { name, repository, commit, files, size, folder: snapshotFolder(repository, commit) };
}

function isFile(value: unknown): value is HubFile {
  if (!isObject(value) || !isObject(value.digest)) return false;
  const { name, size, digest } = value;
  const { kind, hex } = digest as { kind?: unknown; hex?: unknown };
  const isHex = typeof hex === "string" && (kind === "sha256" ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(hex);
  return typeof name === "string" && isPlainName(name) && Number.isSafeInteger(size) && isHex;
}

const hasSize = (path: string, expected: number): Promise<boolean> =>
  stat(path).then(
    ({ size }) => size === expected,
    () => false,
  );

/** Hashes every file of a model again. Those that differ or are gone are answered, and taken out of the cache. */
export async function verifyPulled({ repository, folder, files }: PulledModel): Promise<readonly string[]> {
  const bad: string[] = [];
  for (const file of files) {
    const path = join(folder, file.name);
    const found = await digestOf(path, file).catch(() => null);
    if (found === file.digest.hex) continue;
    bad.push(file.name);
    await rm(path, { force: true });
    await rm(blobPath(repository, file), { force: true });
  }
  return bad;
}

/** Takes the files of a model out of the cache, but for those that another snapshot or model uses. Answers the bytes freed. */
export async function removePulled(model: PulledModel): Promise<number> {
  await rm(recordPath(model.name), { force: true });
  const others = (await pulledModels()).filter((other) => other.folder === model.folder);
  const shared = new Set(others.flatMap(({ files }) => files.map(({ name }) => name)));
  const own = model.files.filter(({ name }) => !shared.has(name));
  for (const { name } of own) await rm(join(model.folder, name), { force: true });
  const used = await linkedBlobs(model.repository);
  let freed = 0;
  for (const file of own) {
    const blob = blobPath(model.repository, file);
    if (used.has(resolve(blob)) || !(await hasSize(blob, file.size))) continue;
    await rm(blob);
    freed += file.size;
  }
  return freed;
}

/** The blobs that snapshots of a repository link to. */
async function linkedBlobs(repository: string): Promise<ReadonlySet<string>> {
  const snapshots = join(repositoryFolder(repository), "snapshots");
  const names = await readdir(snapshots, { recursive: true }).catch(() => []);
  const targets = names.map(async (name) => {
    const path = join(snapshots, name);
    const target = await readlink(path).catch(() => null);
    return target === null ? [] : [resolve(dirname(path), target)];
  });
  return new Set((await Promise.all(targets)).flat());
}
