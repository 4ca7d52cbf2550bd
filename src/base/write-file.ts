/** Files that appear whole or not at all. */
import { randomUUID } from "node:crypto";
import { copyFile, link, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { OutputError } from "./errors.js";

/** A file to be written: its content, or parts of it one after the other. */
export interface FileContent {
  readonly path: string;
  readonly content: Uint8Array | string | readonly Uint8Array[];
}

/**
 * Writes `content` to `path` under a temporary name beside it, then renames, so that a reader, a crash or a full disk never
 * leaves half a file. Folders that are missing are made. An existing file is replaced.
 *
 * @throws OutputError with the reason in words; nothing of the new content is left behind.
 */
export async function writeWhole(path: string, content: FileContent["content"]): Promise<void> {
  await (await stage({ path, content })).place();
}

/**
 * Writes files that belong together: all or none. Every one is complete on the disk before the first gets its name; names are
 * given from the last of the list to the first, so that nobody finds the first without the others.
 *
 * @throws OutputError for the first that cannot be written; files that stood there before stand there again.
 */
export async function writeTogether(files: readonly FileContent[]): Promise<void> {
  const staged: Staged[] = [];
  const backups: Backup[] = [];
  try {
    for (const file of files) staged.push(await stage(file));
    for (const [i, { place }] of [...staged.entries()].reverse()) {
      backups.push(await backUp(files[i]!.path));
      await place();
    }
  } catch (error) {
    for (const { restore } of backups.reverse()) await restore().catch(() => {});
    for (const { discard } of staged) await discard();
    throw error;
  }
  for (const { forget } of backups) await forget();
}

/** A file that is complete on the disk under a temporary name. */
interface Staged {
  /** Gives it its name. */
  place(): Promise<void>;
  discard(): Promise<void>;
}

async function stage({ path, content }: FileContent): Promise<Staged> {
  const partial = `${path}.${randomUUID()}.partial`;
  const discard = () => rm(partial, { force: true }).catch(() => {}); // the first error is the one to report
  const write = async () => {
    await makeFolder(dirname(path));
    const handle = await open(partial, "wx");
    try {
      for (const part of Array.isArray(content) ? content : [content]) await handle.writeFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
  };
  const orDiscard = async (error: unknown) => {
    await discard();
    throw outputError(path, error);
  };
  await write().catch(orDiscard);
  return { discard, place: () => rename(partial, path).catch(orDiscard) };
}

/** What stood at a path before, kept until it is known whether all files of a group could be written. */
interface Backup {
  /** Puts back what stood there: the old file, or nothing. */
  restore(): Promise<void>;
  forget(): Promise<void>;
}

async function backUp(path: string): Promise<Backup> {
  const backup = `${path}.${randomUUID()}.old`;
  try {
    await link(path, backup).catch(() => copyFile(path, backup)); // not every file system links
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw outputError(path, error);
    return { restore: () => rm(path, { force: true }), async forget() {} };
  }
  return { restore: () => rename(backup, path), forget: () => rm(backup, { force: true }) };
}

function outputError(path: string, error: unknown): OutputError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const [reason, remedy] = REASONS[code] ?? [code, "Check that the folder exists, may be written and has room."];
  return new OutputError(path, reason, remedy, { cause: error });
}

/** Like mkdir -p. Node's own recursive mkdir never returns where the file system refuses new folders by ENOENT, as /proc does. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" && dirname(path) !== path) {
      await makeFolder(dirname(path));
      await mkdir(path).catch(unlessFolder(path));
    } else {
      await unlessFolder(path)(error);
    }
  }
}

/** Forgives a failed mkdir where the folder is there by now, whoever made it. */
const unlessFolder = (path: string) => async (error: unknown) => {
  const there = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!there) throw error;
};

const REASONS: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  ENOSPC: ["the disk is full (ENOSPC)", "Free some space or choose a folder on another disk."],
  EDQUOT: ["the disk quota is used up (EDQUOT)", "Free some space or choose a folder on another disk."],
  EFBIG: [
    "the file is larger than this user may write (EFBIG)",
    "Raise the limit (ulimit -f) or write a smaller file.",
  ],
  ENOENT: ["there can be no such folder (ENOENT)", "Choose a folder on a disk that can be written."],
  EACCES: ["permission is denied (EACCES)", "Choose a folder that you may write, or change its permissions."],
  EPERM: ["the operation is not permitted (EPERM)", "Choose a folder that you may write, or change its permissions."],
  EROFS: ["the file system is read-only (EROFS)", "Choose a folder on a disk that can be written."],
  ENOTDIR: ["a part of the path is a file, not a folder (ENOTDIR)", "Choose another folder."],
  EEXIST: ["a part of the path is a file, not a folder (EEXIST)", "Choose another folder."],
  EISDIR: ["a folder of that name exists (EISDIR)", "Choose another file name."],
  ENAMETOOLONG: ["the name is too long (ENAMETOOLONG)", "Choose a shorter name."],
};
