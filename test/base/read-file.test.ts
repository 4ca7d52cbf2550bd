import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sha256OfFile } from "../../src/base/digest.js";
import { readBounded, readBoundedText } from "../../src/base/read-file.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const folder = temporaryFolder();

test("reads a file, through a link as well, and drops a byte order mark", async () => {
  const path = join(folder, "a.json");
  await writeFile(path, "\ufeff{}");
  await symlink(path, join(folder, "link.json"));
  expect(await readBoundedText(join(folder, "link.json"), 100)).toBe("{}");
  expect(await readBounded(path, 5)).toHaveLength(5);
  await expect(readBounded(path, 4)).rejects.toMatchObject({
    code: "input",
    reason: expect.stringContaining("5 bytes"),
  });
});

test("what is not there says so, with the error of the file system as cause", async () => {
  const path = join(folder, "missing");
  await expect(readBounded(path, 10)).rejects.toMatchObject({
    ...{ code: "input", path, reason: expect.stringContaining("file not found") },
    cause: expect.objectContaining({ code: "ENOENT" }),
  });
});

test.runIf(process.platform !== "win32")("pipes, devices and folders are refused at once", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  await mkdir(join(folder, "sub"));
  await symlink("/dev/zero", join(folder, "zero"));
  for (const [name, reason] of [
    ["pipe", "a pipe"],
    ["sub", "a folder"],
    ["zero", "a device"],
  ] as const) {
    const refusal = { code: "input", reason: expect.stringContaining(reason) };
    await expect(readBounded(join(folder, name), 2 ** 30)).rejects.toMatchObject(refusal);
    await expect(sha256OfFile(join(folder, name))).rejects.toMatchObject(refusal);
  }
});
