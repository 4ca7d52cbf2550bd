/** Files that appear whole or not at all. */
import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { OutputError } from "./errors.js";

/**
 * Writes `content`, parts one after the other, to `path` under a temporary name beside it, then renames, so that a reader, a crash or a full disk never
 * leaves half a file. Folders that are missing are made. An existing file is replaced.
 *
 * @throws OutputError with the reason in words; nothing of the new content is left behind.
 */
export async function writeWhole(path: string, content: Uint8Array | string | readonly Uint8Array[]): Promise<void> {
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    await makeFolder(dirname(path));
    const handle = await open(partial, "wx");
    try {
      for (const part of Array.isArray(content) ? content : [content]) await handle.writeFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {}); // the first error is the one to report
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const [reason, remedy] = REASONS[code] ?? [code, "Check that the folder exists, may be written and has room."];
    throw new OutputError(path, reason, remedy, { cause: error });
  }
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
