/** When a manifest changes. Editors replace files, so its folder is watched. */
import { watch } from "node:fs/promises";
import { sha256OfFile } from "../base/digest.js";
import { basename, dirname, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** An editor writes a file in several steps, and all of them are one change. */
const SETTLE_MILLISECONDS = 100;

/** Yields once at the beginning and then after every change, until the signal aborts. What happens during a turn is one change. */
export async function* changesOf(manifest: string, signal: AbortSignal): AsyncGenerator<void, void, void> {
  const name = basename(manifest);
  const changes = watch(dirname(resolve(manifest)), { signal });
  let last = await digestOf(manifest);
  yield;
  for await (const { filename } of changes) {
    if (filename !== name) continue;
    await wait(SETTLE_MILLISECONDS, undefined, { signal });
    const now = await digestOf(manifest);
    if (now === last) continue; // one change is told of several times
    last = now;
    yield;
  }
}

/** Of the file's content; null while there is none. */
const digestOf = (path: string): Promise<string | null> => sha256OfFile(path).catch(() => null);
