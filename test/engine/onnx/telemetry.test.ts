/** Nothing leaves the machine: a whole run opens no socket of a network, and writes nothing that nobody asked for. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const script = fileURLToPath(new URL("telemetry.mjs", import.meta.url));
const linux = process.platform === "linux";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tessera-quiet-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs the script with a home and a place for temporary files that are empty, and returns what it has written there. */
async function leftBehind(command: readonly string[], telemetry?: string): Promise<string[]> {
  const home = { HOME: folder, XDG_CACHE_HOME: join(folder, "cache"), TMPDIR: folder };
  const { PATH } = process.env; // and nothing else: under CI=true the runtime keeps quiet by itself
  const env = { PATH, ...home, ...(telemetry !== undefined && { ORT_DISABLE_TELEMETRY: telemetry }) };
  const [file, ...args] = command;
  await promisify(execFile)(file!, args, { env });
  return readdir(folder, { recursive: true });
}

test.each(["main", "worker"])("a run in the %s thread leaves no file behind", async (place) => {
  expect(await leftBehind([process.execPath, script, place])).toEqual([]);
});

/** Only on Linux does the runtime queue what it reports in files. */
test.skipIf(!linux)("this test would notice the runtime's telemetry", async () => {
  expect((await leftBehind([process.execPath, script], "0")).join()).toContain("deviceid");
});

function strace(): boolean {
  try {
    execFileSync("strace", ["-o", "/dev/null", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false; // not installed, or tracing is not permitted here
  }
}

describe.skipIf(!linux || !strace())("as strace sees it (skipped where it is missing)", () => {
  test.each(["main", "worker"])("a run in the %s thread opens no socket and no file for writing", async (place) => {
    const log = join(folder, "calls");
    const calls = "trace=socket,connect,open,openat,creat,mkdir,mkdirat";
    const left = await leftBehind(["strace", "-f", "-e", calls, "-o", log, process.execPath, script, place]);
    expect(left).toEqual(["calls"]);
    const lines = (await readFile(log, "utf8")).split("\n");
    const done = lines.filter((line) => !/= -1 E|resumed>|unfinished|\+\+\+|---/.test(line));
    expect(done.length).toBeGreaterThan(100); // else nothing was traced
    expect(lines.filter((line) => /\b(socket|connect)\(/.test(line) && !/AF_UNIX/.test(line))).toEqual([]);
    const written = done.filter((line) => /O_WRONLY|O_RDWR|O_CREAT|\b(creat|mkdir|mkdirat)\(/.test(line));
    expect(written.filter((line) => !/"\/(dev|proc|sys)\/|O_TMPFILE/.test(line))).toEqual([]);
  });
});
