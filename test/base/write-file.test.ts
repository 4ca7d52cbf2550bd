import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmod, lstat, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { partialName } from "../../src/base/partial-names.js";
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

test("names of up to 255 bytes", async () => {
  const within = join(folder, "long");
  await writeWhole(join(within, "x".repeat(255)), "new");
  await expect(writeWhole(join(within, "x".repeat(256)), "new")).rejects.toMatchObject({
    ...{ code: "output", message: expect.stringContaining("too long") },
  });
  expect(await readdir(within)).toEqual(["x".repeat(255)]);
});

describe("several files together", () => {
  test("none of them where one cannot be written", async () => {
    const within = join(folder, "pair");
    const picture = { path: join(within, `${"x".repeat(247)}.png`), content: "picture" };
    const manifest = { path: `${picture.path}.json`, content: "manifest" };
    await expect(writeTogether([picture, manifest])).rejects.toMatchObject({ code: "output", path: manifest.path });
    expect(await readdir(within)).toEqual([]);
    await mkdir(join(within, "b.json"));
    const [a, b] = ["b.png", "b.json"].map((name) => ({ path: join(within, name), content: name }));
    await expect(writeTogether([a!, b!])).rejects.toMatchObject({ code: "output", path: b!.path });
    expect(await readdir(within)).toEqual(["b.json"]);
  });

  test("all of them otherwise", async () => {
    const within = join(folder, "both");
    await writeTogether(["a", "b"].map((name) => ({ path: join(within, name), content: name })));
    expect((await readdir(within)).sort()).toEqual(["a", "b"]);
  });
});

describe.runIf(process.platform !== "win32")("what stands there already", () => {
  test("keeps its mode", async () => {
    const path = join(folder, "mode");
    await writeFile(path, "old");
    await chmod(path, 0o640);
    await writeWhole(path, "new");
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe("640");
  });

  test("is written through a symbolic link, also where that leads to nothing yet", async () => {
    const within = join(folder, "links");
    await mkdir(join(within, "real"), { recursive: true });
    await symlink(join("real", "file"), join(within, "one"));
    await symlink("one", join(within, "two"));
    for (const content of ["first", "second"]) {
      await writeWhole(join(within, "two"), content);
      expect(await readFile(join(within, "real", "file"), "utf8")).toBe(content);
    }
    expect((await lstat(join(within, "two"))).isSymbolicLink()).toBe(true);
    expect(await readlink(join(within, "one"))).toBe(join("real", "file"));
    await symlink("circle", join(within, "circle"));
    await expect(writeWhole(join(within, "circle"), "x")).rejects.toMatchObject({
      code: "output",
      message: expect.stringContaining("circle"),
    });
  });

  test("a device or a pipe is written to", async () => {
    const [device, pipe] = [join(folder, "null"), join(folder, "pipe")];
    await symlink("/dev/null", device);
    await writeWhole(device, "gone");
    expect((await stat("/dev/null")).isCharacterDevice()).toBe(true);
    execFileSync("mkfifo", [pipe]);
    const reader = spawn("cat", [pipe], { stdio: ["ignore", "pipe", "inherit"] });
    const [read] = await Promise.all([reader.stdout.setEncoding("utf8").toArray(), writeWhole(pipe, "through")]);
    expect(read.join("")).toBe("through");
    expect((await stat(pipe)).isFIFO()).toBe(true);
  });

  test("a broken link as a folder is called what it is", async () => {
    await symlink("nowhere", join(folder, "broken"));
    await expect(writeWhole(join(folder, "broken", "x"), "new")).rejects.toMatchObject({
      ...{ code: "output", message: expect.stringContaining("broken link") },
    });
  });
});

test("what a killed process left half-written is removed, what a living one writes is not", async () => {
  const within = join(folder, "stale");
  await mkdir(within);
  const dead = spawnSync(process.execPath, ["--version"]).pid;
  const named = (pid: number) => partialName().replace(/-\d+-(?=[0-9a-f]{16}\.)/, `-${pid}-`);
  const [gone, alive, mine] = [named(dead), named(process.ppid), partialName()];
  const foreign = gone.replace(/^\.tessera-[0-9a-f]{8}/, ".tessera-00000000");
  for (const name of [gone, alive, mine, foreign]) await writeFile(join(within, name), "half");
  await setTimeout(1);
  await writeWhole(join(within, "a"), "whole");
  expect((await readdir(within)).sort()).toEqual([alive, foreign, mine, "a"].sort());
});
