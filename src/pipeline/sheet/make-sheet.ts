/** A sheet out of the items of the store, or out of the store itself where it was made before. */
import { z } from "zod";
import type { Picture } from "../../index.js";
import { ExecutionError } from "../../base/errors.js";
import { finishingOf, storedItem } from "../executor.js";
import { changed } from "../finish.js";
import type { LockedSheet } from "../lock.js";
import type { OutputFolder } from "../output-folder.js";
import type { Planned } from "../plan.js";
import { parsedOrNull } from "../store/parsed.js";
import { type FileRecord, FILES, keepFiles, type Store } from "../store/store.js";
import { keyOf } from "../task.js";
import { type Frame, type Sheet, sheetFiles } from "./sheet.js";

/** Raised when the layout of sheets changes. */
const REVISION = 1;

const RECORD = z.strictObject({ files: FILES });

export interface MadeSheet {
  readonly key: string;
  readonly fate: "kept" | "restored" | "made";
  readonly files: readonly FileRecord[];
}

export async function makeSheet(
  store: Store,
  output: Pick<OutputFolder, "holds">,
  sheet: Sheet,
  frames: readonly Planned[],
  locked: LockedSheet | undefined,
): Promise<MadeSheet> {
  const { options, stem } = sheet;
  const { padding, side, format } = options;
  const parts = frames.map(({ item, itemKey, task }) => ({ name: item.stem, itemKey, steps: task.steps }));
  const key = keyOf("sheet", { revision: REVISION, stem, padding, side, format, parts });
  if (locked?.key === key) {
    const files = locked.files.map(({ path, ...file }) => ({ suffix: path.slice(stem.length), ...file }));
    if (await areThere(output, stem, files)) return { key, fate: "kept", files };
  }
  const known = parsedOrNull(RECORD, await store.record(key));
  if (known && (await areKept(store, known.files))) {
    const fate = (await areThere(output, stem, known.files)) ? "kept" : "restored";
    return { key, fate, files: known.files };
  }
  const pictures = await Promise.all(frames.map((planned) => frameOf(store, planned)));
  const files = await keepFiles(store, await sheetFiles(sheet, pictures));
  await store.note(key, { files });
  return { key, fate: "made", files };
}

async function areThere(output: Pick<OutputFolder, "holds">, stem: string, files: readonly FileRecord[]) {
  for (const file of files) if (!(await output.holds(stem + file.suffix, file))) return false;
  return true;
}

async function areKept(store: Store, files: readonly FileRecord[]): Promise<boolean> {
  for (const { sha256 } of files) if (!(await store.bytes(sha256))) return false;
  return true;
}

async function frameOf(store: Store, { item, task, itemKey }: Planned): Promise<Frame> {
  const stored = await storedItem(store, itemKey);
  if (!stored)
    throw new ExecutionError(task.device, `the cache has lost ${item.stem}`, "Remove its file and run again.");
  const { value } = await changed(finishingOf(task), stored.bytes);
  return { name: item.stem, picture: value as Picture };
}
