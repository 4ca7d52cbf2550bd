/** Names of files that are being written, which tell whose they are, so that those of a process that was killed can be removed. */
import { createHash, randomBytes } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

/** Process numbers mean something on one machine only, and a folder may be shared by several. */
const MACHINE = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
const NAME = new RegExp(`^\\.tessera-${MACHINE}-(\\d+)-[0-9a-f]{16}\\.partial$`);

/** A name of 60 characters at most, whatever the file is called in the end. */
export const partialName = (): string => `.tessera-${MACHINE}-${process.pid}-${randomBytes(8).toString("hex")}.partial`;

const swept = new Set<string>();

/** Removes what processes that are gone have left in `folder`; once per folder and process. Failures are no concern of the caller. */
export async function removeStalePartials(folder: string): Promise<void> {
  if (swept.has(folder)) return;
  swept.add(folder);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined) continue;
    const path = join(folder, name);
    if (await isStale(path, Number(pid))) await rm(path, { force: true }).catch(() => {});
  }
}

/** Whether the writer is gone. Our own number may have been another's before: in a container, every main process is 1. */
async function isStale(path: string, pid: number): Promise<boolean> {
  if (pid !== process.pid) return !isAlive(pid);
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs < performance.timeOrigin,
    () => false,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0); // sends nothing
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH"; // EPERM: another user's, alive
  }
}
