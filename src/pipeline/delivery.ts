/** Files on their way from the store to the output folder, and what the lock file will say of them. */
import { ArgumentError } from "../base/errors.js";
import type { LockedItem, LockedSheet } from "./lock.js";
import type { OutputFolder } from "./output-folder.js";
import type { Known, Planned } from "./plan.js";
import type { MadeSheet } from "./sheet/make-sheet.js";
import type { Sheet } from "./sheet/sheet.js";
import type { FileRecord, Store } from "./store/store.js";

export class Delivery {
  readonly items = new Map<string, LockedItem>();
  readonly sheets = new Map<string, LockedSheet>();
  /** Whose each file is: suffixes may bring two names together that were apart. */
  private readonly owners = new Map<string, string>();

  constructor(
    private readonly output: OutputFolder,
    private readonly store: Store,
  ) {}

  /** Writes the files of an item that are `missing`; false where the store no longer has their bytes. */
  async item(
    { item, task, outputKey: key }: Planned,
    { files, made }: Known,
    missing?: readonly string[],
  ): Promise<boolean> {
    const { stem } = item;
    if (!(await this.write(stem, files, missing))) return false;
    this.items.set(stem, { key, item, modelSha256: task.model, made, files: pathsOf(stem, files) });
    return true;
  }

  /** The same for a sheet. */
  async sheet({ name, stem, options }: Sheet, { key, files }: Pick<MadeSheet, "key" | "files">): Promise<boolean> {
    const missing: string[] = [];
    for (const file of files)
      if (!(await this.output.holds(stem + file.suffix, file))) missing.push(stem + file.suffix);
    if (!(await this.write(stem, files, missing))) return false;
    this.sheets.set(stem, { key, name, stem, options, files: pathsOf(stem, files) });
    return true;
  }

  private async write(stem: string, files: readonly FileRecord[], missing?: readonly string[]): Promise<boolean> {
    for (const { suffix } of files) this.claim(stem + suffix, stem);
    const wanted = files.filter(({ suffix }) => !missing || missing.includes(stem + suffix));
    const ready = await Promise.all(
      wanted.map(async ({ suffix, sha256 }) => ({ name: stem + suffix, bytes: await this.store.bytes(sha256) })),
    );
    const whole = ready.flatMap(({ name, bytes }) => (bytes ? [{ name, bytes }] : []));
    if (whole.length < ready.length) return false;
    if (whole.length > 0) await this.output.write(whole);
    return true;
  }

  private claim(path: string, stem: string): void {
    const key = path.normalize("NFC").toLowerCase();
    const owner = this.owners.get(key) ?? stem;
    if (owner !== stem)
      throw new ArgumentError(
        "output",
        `a name that ${owner} has not taken`,
        path,
        "Name one of the two by its output.",
      );
    this.owners.set(key, stem);
  }
}

const pathsOf = (stem: string, files: readonly FileRecord[]) =>
  files.map(({ suffix, sha256, size }) => ({ path: stem + suffix, sha256, size }));
