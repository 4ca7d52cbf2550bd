/** Files that a caller named: regular ones only, so that no pipe or device can hold a read for ever, and of bounded size. */
import { constants, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { InputError } from "./errors.js";

/**
 * Opens a regular file for reading; the caller closes it.
 *
 * @throws InputError with the reason in words, and the error of the file system as its cause.
 */
export async function openRegular(path: string): Promise<FileHandle> {
  // Without O_NONBLOCK the opening of a pipe waits for a writer; Windows has neither.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause: unknown) => {
    throw inputError(path, cause);
  });
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new InputError(path, `it is ${kindOf(found)}, not a file`, "Name a regular file.");
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * The bytes of a regular file of at most `most` bytes, whatever size it states.
 *
 * @throws InputError where it cannot be read, is larger, or is no regular file.
 */
export async function readBounded(path: string, most: number): Promise<Buffer> {
  const handle = await openRegular(path);
  try {
    const { size } = await handle.stat();
    if (size > most) throw tooLarge(path, size, most);
    const bytes = Buffer.alloc(size);
    let length = 0;
    while (length < size) {
      const { bytesRead } = await handle.read(bytes, length, size - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } catch (cause) {
    throw InputError.isInstance(cause) ? cause : inputError(path, cause);
  } finally {
    await handle.close();
  }
}

/** The same as text in UTF-8, without its byte order mark. */
export async function readBoundedText(path: string, most: number): Promise<string> {
  return new TextDecoder().decode(await readBounded(path, most));
}

/** The value in a JSON file of at most `most` bytes. Throws InputError, with this remedy where the file is no JSON. */
export async function readBoundedJson(path: string, most: number, remedy: string): Promise<unknown> {
  const text = await readBoundedText(path, most);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError(path, "it is not JSON", remedy, { cause });
  }
}

function tooLarge(path: string, size: number, most: number): InputError {
  return new InputError(path, `it has ${size} bytes; at most ${most} are read`, "Check that it is the right file.");
}

/** The failure of the file system in words. */
export function inputError(path: string, cause: unknown): InputError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const [reason, remedy] = REASONS[code ?? ""] ?? [code ?? message, "Check the path and that the file may be read."];
  return new InputError(path, reason, remedy, { cause });
}

const REASONS: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  ENOENT: ["file not found (ENOENT)", "Check the path; a relative one starts from the current folder."],
  ENOTDIR: ["file not found, as part of the path is a file (ENOTDIR)", "Check the path."],
  EISDIR: ["it is a folder, not a file (EISDIR)", "Name the file in it."],
  EACCES: ["permission is denied (EACCES)", "Change its permissions, or run as a user who may read it."],
  EPERM: ["the operation is not permitted (EPERM)", "Change its permissions, or run as a user who may read it."],
  ELOOP: ["its symbolic links form a loop (ELOOP)", "Repair the link."],
  ENAMETOOLONG: ["the name is too long (ENAMETOOLONG)", "Check the path."],
  ENXIO: ["it is a device or a pipe, not a file (ENXIO)", "Name a regular file."],
  EMFILE: ["too many files are open (EMFILE)", "Close some, or raise the limit (ulimit -n)."],
  ENFILE: ["too many files are open (ENFILE)", "Close some, or raise the limit of the system."],
  EIO: ["the disk reports an error (EIO)", "Check the disk."],
  ERR_INVALID_ARG_VALUE: ["the path contains a null byte", "Check the path."],
};

function kindOf(found: Stats): string {
  if (found.isDirectory()) return "a folder";
  if (found.isFIFO()) return "a pipe";
  if (found.isSocket()) return "a socket";
  return "a device";
}
