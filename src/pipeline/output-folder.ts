/** The folder that files are written to: never through a symbolic link, which could lead anywhere. */
import { lstat, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sha256 } from "../base/digest.js";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import { type OutputFile, writeTogether } from "../base/write-file.js";
import type { FileRecord } from "./store/store.js";

export class OutputFolder {
  /** Folders that were looked at, by their path below the root. */
  private readonly seen = new Map<string, Promise<void>>();

  /** `root` is where links are the user's own business; everything below it is ours. `folder` is relative to it, or empty. */
  constructor(
    readonly root: string,
    readonly folder: string,
  ) {}

  /** Where a file lies; `name` is relative, as relativePath() lets it through. */
  path(name: string): string {
    return join(this.root, this.folder, name);
  }

  /** Refuses names that lead through a symbolic link, or end in one. Writes nothing. */
  async check(names: Iterable<string>): Promise<void> {
    for (const name of names) {
      await this.checkFolder(dirname(join(this.folder, name)));
      await refuseLink(this.path(name));
    }
  }

  /** Whether the file is there with that content. */
  async holds(name: string, { sha256: expected, size }: Pick<FileRecord, "sha256" | "size">): Promise<boolean> {
    const found = await lstat(this.path(name)).catch(() => null);
    if (!found?.isFile() || found.size !== size) return false;
    return sha256(await readFile(this.path(name))) === expected;
  }

  /** Writes files that belong together: all of them whole, or none. */
  async write(files: readonly { readonly name: string; readonly bytes: Uint8Array }[]): Promise<void> {
    this.seen.clear(); // whatever was there before may have been replaced meanwhile
    await this.check(files.map(({ name }) => name));
    await writeTogether(files.map(({ name, bytes }): OutputFile => ({ path: this.path(name), content: bytes })));
  }

  /** Removes files. */
  async remove(names: readonly string[]): Promise<void> {
    this.seen.clear();
    await this.check(names);
    for (const name of names) await rm(this.path(name), { force: true });
  }

  private checkFolder(folder: string): Promise<void> {
    if (folder === "." || folder === "") return Promise.resolve();
    const known = this.seen.get(folder);
    if (known) return known;
    const checking = this.checkFolder(dirname(folder)).then(() => refuseLink(join(this.root, folder)));
    this.seen.set(folder, checking);
    return checking;
  }
}

async function refuseLink(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (!found?.isSymbolicLink()) return;
  const remedy = "Remove the link; to write elsewhere, name that folder by --output.";
  throw new ArgumentError("output", "folders and files of its own", described(`a symbolic link: ${path}`), remedy);
}
