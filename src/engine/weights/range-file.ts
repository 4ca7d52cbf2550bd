/** A file read by ranges: nothing is held but the handle, and every read checks the end of the file before it allocates. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { CheckpointError } from "../../base/errors.js";
import { type Report, reportOn } from "./faults.js";

/** One read asks the system for at most this much; longer ranges are read in pieces. */
const PIECE = 2 ** 28;

export class RangeFile {
  readonly report: Report;

  private constructor(
    readonly path: string,
    readonly size: number,
    private readonly handle: FileHandle,
  ) {
    this.report = reportOn(path);
  }

  /** Opens a regular file. Refuses with "unreadable" what is missing, forbidden, a folder, or a device that could block. */
  static async open(path: string): Promise<RangeFile> {
    const report = reportOn(path);
    let handle: FileHandle | undefined;
    try {
      // Asked before opening, because opening a pipe waits for its writer.
      if (!(await stat(path)).isFile()) throw report("unreadable", "this is not a regular file");
      handle = await open(path, "r");
      return new RangeFile(path, (await handle.stat()).size, handle);
    } catch (error) {
      await handle?.close();
      if (error instanceof CheckpointError) throw error;
      throw report("unreadable", reason(error), undefined, error);
    }
  }

  /** The `length` bytes at `offset`, in memory of their own. Refuses with "truncated" what lies beyond the end. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset + length > this.size) {
      throw this.report("truncated", `${length} bytes at ${offset} are needed, the file ends at ${this.size}`);
    }
    const bytes = this.allocate(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.piece(bytes, done, Math.min(PIECE, length - done), offset + done);
      if (bytesRead === 0) throw this.report("truncated", "the file became shorter while it was read");
      done += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private allocate(length: number): Uint8Array {
    try {
      return new Uint8Array(length);
    } catch (error) {
      throw this.report("bad-size", `a range of ${length} bytes is more than memory holds`, undefined, error);
    }
  }

  private async piece(bytes: Uint8Array, at: number, length: number, offset: number) {
    try {
      return await this.handle.read(bytes, at, length, offset);
    } catch (error) {
      throw this.report("unreadable", reason(error), undefined, error);
    }
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "reading it is not permitted",
  EPERM: "reading it is not permitted",
  ENOTDIR: "a part of the path is not a folder",
};

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return REASONS[code] ?? `the system refuses it${code && ` with ${code}`}`;
}
