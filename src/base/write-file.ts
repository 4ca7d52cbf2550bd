/** Files that appear whole or not at all. */
import { chmod, lstat, mkdir, open, readlink, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { OutputError } from "./errors.js";
import { partialName, removeStalePartials } from "./partial-names.js";

/** The bytes of a file, or parts of it one after the other. */
export type Content = Uint8Array | string | readonly Uint8Array[];

export interface OutputFile {
  readonly path: string;
  readonly content: Content;
}

/** Writes one file; see writeTogether. */
export const writeWhole = (path: string, content: Content): Promise<void> => writeTogether([{ path, content }]);

/**
 * Writes files under temporary names beside them and renames them, the first one last, so that a reader, a crash or a full disk
 * never leaves half a file, nor the first one without the others. Folders that are missing are made. An existing file is
 * replaced and its mode kept; a symbolic link is written through; a device or a pipe is written to.
 *
 * @throws OutputError with the reason in words; nothing of the new content is left behind.
 */
export async function writeTogether(files: readonly OutputFile[]): Promise<void> {
  const done: (() => Promise<unknown>)[] = []; // takes back what was done, should a later step fail
  let path = "";
  try {
    const prepared: { readonly path: string; readonly finish: () => Promise<void> }[] = [];
    for (const file of files) {
      path = file.path;
      prepared.push({ path, finish: await prepare(file, done) });
    }
    for (const step of prepared.reverse()) {
      path = step.path;
      await step.finish();
    }
  } catch (error) {
    for (const undo of done.reverse()) await undo().catch(() => {}); // the first error is the one to report
    const { code = String(error) } = error as NodeJS.ErrnoException;
    const [reason, remedy] = REASONS[code] ?? [code, "Check that the folder exists, is writable and has free space."];
    throw new OutputError(path, reason, remedy, { cause: error });
  }
}

/** Does all that can fail for lack of room or of permission; answers the step that makes the file appear. */
async function prepare({ path, content }: OutputFile, done: (() => Promise<unknown>)[]): Promise<() => Promise<void>> {
  const target = await behindLinks(path);
  const folder = dirname(target);
  await makeFolder(folder);
  await removeStalePartials(folder);
  const old = await stat(target).catch(() => null);
  if (old?.isDirectory()) throw Object.assign(new Error(`${target} is a folder`), { code: "EISDIR" });
  if (old && !old.isFile()) return () => writeTo(target, "w", content);
  const partial = join(folder, partialName());
  done.push(() => rm(partial, { force: true }));
  await writeTo(partial, "wx", content);
  if (old) await chmod(partial, old.mode & 0o7777);
  return async () => {
    await rename(partial, target);
    if (!old) done.push(() => rm(target, { force: true }));
  };
}

async function writeTo(path: string, flags: "w" | "wx", content: Content): Promise<void> {
  const handle = await open(path, flags);
  try {
    for (const part of Array.isArray(content) ? content : [content])
      await handle.writeFile(part as Uint8Array | string);
    if (flags === "wx") await handle.sync(); // devices and pipes know no such thing
  } finally {
    await handle.close();
  }
}

/** Where a path leads: the file itself, or what its symbolic links name, even where that is not there yet. */
async function behindLinks(path: string): Promise<string> {
  let target = path;
  for (let hops = 0; hops < 40; hops++) {
    const isLink = await lstat(target).then(
      (found) => found.isSymbolicLink(),
      () => false,
    );
    if (!isLink) return target;
    target = resolve(dirname(target), await readlink(target));
  }
  throw Object.assign(new Error(`${path} leads in a circle`), { code: "ELOOP" });
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
  ENOENT: ["the folder cannot be created (ENOENT)", "Choose a folder on a writable disk."],
  EACCES: ["permission is denied (EACCES)", "Choose a folder that you may write to, or change its permissions."],
  EPERM: [
    "the operation is not permitted (EPERM)",
    "Choose a folder that you may write to, or change its permissions.",
  ],
  EROFS: ["the file system is read-only (EROFS)", "Choose a folder on a writable disk."],
  ENOTDIR: ["part of the path is a file, not a folder (ENOTDIR)", "Choose another folder."],
  EEXIST: ["part of the path is a file or a broken link, not a folder (EEXIST)", "Choose another folder."],
  EISDIR: ["a folder of that name exists (EISDIR)", "Choose another file name."],
  ELOOP: ["its symbolic links form a loop (ELOOP)", "Repair the link or choose another name."],
  EPIPE: ["the reader of the pipe has closed it (EPIPE)", "Start a reader that reads to the end."],
  ERR_INVALID_ARG_VALUE: ["the name contains a null byte", "Choose another name."],
  ENAMETOOLONG: ["the name is too long (ENAMETOOLONG)", "Choose a shorter one; with a manifest, it grows by .json."],
};
