import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeTogether, writeWhole } from "../../src/base/write-file.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const folder = temporaryFolder();

describe("writeWhole", () => {
  test("replaces a file and leaves nothing else", async () => {
    const path = join(folder, "a", "b", "c.txt");
    await writeWhole(path, "old");
    await writeWhole(path, new TextEncoder().encode("new"));
    expect(await readFile(path, "utf8")).toBe("new");
    expect(await readdir(join(folder, "a", "b"))).toEqual(["c.txt"]);
  });

  test("many writers at once, into a folder that is not there yet", async () => {
    const path = join(folder, "race", "x.txt");
    await Promise.all(Array.from({ length: 7 }, (_, i) => writeWhole(path, String(i).repeat(5))));
    expect(await readFile(path, "utf8")).toMatch(/^(\d)\1{4}$/);
    expect(await readdir(join(folder, "race"))).toEqual(["x.txt"]);
  });

  test("the old file stays when the new one cannot be written", async () => {
    const path = join(folder, "kept.txt");
    await writeFile(path, "old");
    await mkdir(join(folder, "full"));
    await expect(writeWhole(join(path, "under-a-file"), "new")).rejects.toMatchObject({
      code: "output",
      message: expect.stringContaining("not a folder"),
    });
    await expect(writeWhole(join(folder, "full"), "new")).rejects.toMatchObject({ code: "output" });
    expect(await readFile(path, "utf8")).toBe("old");
    expect((await readdir(folder)).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });
});

describe("writeTogether", () => {
  test("writes all files, or leaves what was there", async () => {
    const own = join(folder, "together");
    const [a, b] = [join(own, "a"), join(own, "b")];
    await writeTogether([
      { path: a, content: "1" },
      { path: b, content: "2" },
    ]);
    await mkdir(join(own, "c"));
    for (const paths of [
      [a, join(own, "c")], // a folder of that name
      [join(own, "c"), b],
      [join(own, "new"), join(own, "c")],
      [a, join(own, "x".repeat(300))],
      [b, join(a, "under-a-file")],
    ]) {
      const files = paths.map((path) => ({ path, content: "other" }));
      await expect(writeTogether(files)).rejects.toMatchObject({ code: "output" });
    }
    expect([await readFile(a, "utf8"), await readFile(b, "utf8")]).toEqual(["1", "2"]);
    expect((await readdir(own)).sort()).toEqual(["a", "b", "c"]);
    await writeTogether([
      { path: a, content: "3" },
      { path: b, content: "4" },
    ]);
    expect([await readFile(a, "utf8"), await readFile(b, "utf8")]).toEqual(["3", "4"]);
    expect((await readdir(own)).sort()).toEqual(["a", "b", "c"]);
  });
});
