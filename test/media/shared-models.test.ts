import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { SharedModels } from "../../src/media/shared-models.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { generateToy, loads } from "./toy-medium.js";

const folder = temporaryFolder();

/** Models that note when they are loaded and closed. */
function counted(idleMilliseconds: number, before: () => Promise<void> = async () => {}) {
  const log: string[] = [];
  const models = new SharedModels({
    idleMilliseconds,
    fallback: "default",
    async load(source) {
      log.push(`load ${source}`);
      await before();
      return { source, close: async () => void log.push(`close ${source}`) };
    },
  });
  return { models, log };
}

test("calls that name no model share one, and it is closed when idle", async () => {
  const word = async (seed: number) => (await generateToy({ theme: "sea", seed })).words[0]!.text;
  const [a, b] = await Promise.all([word(1), word(2)]);
  expect(a).not.toBe(b);
  expect(await word(1)).toBe(a);
  expect(loads).toEqual(["toy"]);
  await setTimeout(200); // more than its 40 ms
  expect(await word(1)).toBe(a);
  expect(loads).toEqual(["toy", "toy"]);
});

test("a model stays open while anybody has it, and is closed once", async () => {
  const { models, log } = counted(20);
  const [first, second] = await Promise.all([models.borrow(), models.borrow("default")]);
  expect(second.model).toBe(first.model);
  first.release();
  first.release(); // gives nothing back that is another's
  await setTimeout(60);
  expect(log).toEqual(["load default"]);
  second.release();
  (await models.borrow()).release(); // before it is idle for long enough
  await setTimeout(100);
  expect(log).toEqual(["load default", "close default"]);
});

test("a folder whose config.json has changed is another model", async () => {
  const { models, log } = counted(10_000);
  const path = join(folder, "changing");
  await mkdir(path);
  await writeFile(join(path, "config.json"), "{}");
  const [one, same] = [await models.borrow(path), await models.borrow(path)];
  await writeFile(join(path, "config.json"), '{"a": 1}');
  const other = await models.borrow(path);
  expect([same.model === one.model, other.model === one.model]).toEqual([true, false]);
  expect(log).toHaveLength(2);
});

test("a failure is told to all who wait, and not remembered", async () => {
  let fails = true;
  const { models, log } = counted(10, async () => {
    await setTimeout(50);
    if (fails) throw new Error("no disk");
  });
  const waiting = await Promise.allSettled([models.borrow(), models.borrow()]);
  expect(waiting.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  fails = false;
  (await models.borrow()).release();
  expect(log.filter((line) => line.startsWith("load"))).toHaveLength(2);
});

test("an abort is heard while a model loads, which others still get", async () => {
  const { models } = counted(10, () => setTimeout(100));
  const controller = new AbortController();
  const reason = new Error("stop");
  const stopped = models.borrow(undefined, controller.signal);
  const other = models.borrow();
  controller.abort(reason);
  await expect(stopped).rejects.toBe(reason);
  expect((await other).model).toMatchObject({ source: "default" });
});

test("waiting to close keeps no process alive", () => {
  const built = new URL("../../dist/media/shared-models.js", import.meta.url);
  const code = `import { SharedModels } from ${JSON.stringify(pathToFileURL(fileURLToPath(built)).href)};
    const models = new SharedModels({ load: async () => ({ close: async () => {} }), fallback: "x", idleMilliseconds: 60_000 });
    (await models.borrow()).release();
    console.log("done");`;
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8", timeout: 30_000 });
  expect({ out: child.stdout, code: child.status }).toEqual({ out: "done\n", code: 0 });
});
