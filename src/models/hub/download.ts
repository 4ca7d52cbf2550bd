/**
 * One file of the hub into the cache. It grows under a name ending in .incomplete, goes on where it was cut, and gets its own name
 * when its digest is the one that the hub states, never before.
 */
import { createHash } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DownloadError } from "../../base/errors.js";
import { authorization } from "./environment.js";
import { fetched, reasonOf } from "./fetched.js";
import type { Digest, HubFile } from "./repository.js";

export interface DownloadSettings {
  readonly signal?: AbortSignal | undefined;
  /** Is told how many bytes are there, of the file. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Milliseconds without a byte after which a transfer is begun anew. Default: half a minute. */
  readonly stallMilliseconds?: number | undefined;
  /** Times that a transfer may fail in a row without a byte of progress. Default 4. */
  readonly most?: number | undefined;
  /** Milliseconds before the first further try; they double each time. Default 500. */
  readonly pause?: number | undefined;
}

/** Downloads `url` to `path` unless it is there. Throws DownloadError; nothing stands at `path` then. */
export async function download(
  url: string,
  path: string,
  file: HubFile,
  settings: DownloadSettings = {},
): Promise<void> {
  if (await exists(path)) return;
  const { most = 4, pause = 500, signal } = settings;
  const partial = `${path}.incomplete`;
  await mkdir(dirname(path), { recursive: true });
  let [failures, mismatches] = [0, 0];
  for (;;) {
    const before = await sizeOf(partial);
    try {
      if (before > file.size) throw new Oversize(url, file.size);
      if (before < file.size || file.size === 0) await transfer(url, partial, file, before, settings);
      if ((await digestOf(partial, file)) === file.digest.hex) return await rename(partial, path);
      await rm(partial, { force: true });
      // Parts of two transfers may not have fitted together; the whole file in one does, if the server has the right one.
      if (++mismatches === 2 || before === 0) throw new Wrong(url, file.digest);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof DownloadError) || error instanceof Wrong) throw error;
      if (error instanceof Oversize) await rm(partial, { force: true });
      if (typeof error.cause === "number" && error.cause < 500 && error.cause !== 429 && error.cause !== 416)
        throw error;
      if (error.cause === 416) await rm(partial, { force: true });
      const progress = !(error instanceof Oversize) && (await sizeOf(partial)) > before;
      failures = progress ? 0 : failures + 1;
      if (failures >= most) throw error;
      await sleep(pause * 2 ** failures, undefined, signal && { signal });
    }
  }
}

/** More came than the file has. */
class Oversize extends DownloadError {
  constructor(url: string, size: number) {
    super(url, `more arrived than the ${size} bytes of the file`, RIGHT_SERVER);
  }
}

/** The whole file came, and is another one. */
class Wrong extends DownloadError {
  constructor(url: string, { kind, hex }: Digest) {
    super(url, `the download is not the file whose ${kind} is ${hex.slice(0, 12)}…; it was discarded`, RIGHT_SERVER);
  }
}

const RIGHT_SERVER = "Check HF_ENDPOINT and the network, and try again.";

/** Appends what is missing. A server that does not know ranges sends all of it, and the file begins anew. */
async function transfer(
  url: string,
  partial: string,
  { name, size }: HubFile,
  from: number,
  { signal, onBytes, stallMilliseconds = 30_000 }: DownloadSettings,
): Promise<void> {
  const stalled = new AbortController();
  const watch = setTimeout(
    () => stalled.abort(new Error(`no data arrived for ${stallMilliseconds} ms`)),
    stallMilliseconds,
  );
  const range: Record<string, string> = from > 0 ? { Range: `bytes=${from}-` } : {};
  const headers = { ...authorization(), ...range, "Accept-Encoding": "identity" };
  try {
    const both = signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal;
    const response = await fetched(url, { headers, signal: both });
    const begins = response.status === 206 ? startOf(response, url) : 0;
    if (begins !== 0 && begins !== from)
      throw new DownloadError(url, "the server sent another part than requested", RIGHT_SERVER);
    if (/^text\/html/.test(response.headers.get("content-type") ?? "") && !name.endsWith(".html")) {
      await response.body?.cancel();
      throw new DownloadError(url, "the server sent a web page instead of the file", RIGHT_SERVER);
    }
    const handle = await open(partial, begins === 0 ? "w" : "a");
    try {
      let bytes = begins;
      for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
        bytes += part.length;
        if (bytes > size) throw new Oversize(url, size);
        await handle.writeFile(part);
        watch.refresh();
        onBytes?.(bytes);
      }
      await handle.sync();
      if (bytes < size) throw new DownloadError(url, `only ${bytes} of ${size} bytes came`, RIGHT_SERVER);
    } finally {
      await handle.close();
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof DownloadError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EACCES") throw error;
    const reason = stalled.signal.aborted ? (stalled.signal.reason as Error).message : reasonOf(error);
    throw new DownloadError(url, reason, RIGHT_SERVER, { cause: error });
  } finally {
    clearTimeout(watch);
  }
}

function startOf(response: Response, url: string): number {
  const [, start] = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "") ?? [];
  if (start === undefined) throw new DownloadError(url, "the server sent a part without its position", RIGHT_SERVER);
  return Number(start);
}

/** The digest of a file, of the kind that is stated for it. */
export async function digestOf(path: string, { digest, size }: HubFile): Promise<string> {
  const hash = createHash(digest.kind === "sha256" ? "sha256" : "sha1");
  if (digest.kind === "git-sha1") hash.update(`blob ${size}\0`);
  const handle = await open(path, "r");
  try {
    for await (const part of handle.createReadStream({ autoClose: false, highWaterMark: 2 ** 20 })) hash.update(part);
  } finally {
    await handle.close();
  }
  return hash.digest("hex");
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
