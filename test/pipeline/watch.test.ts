/** `tessera run --watch`: once at the beginning, and again after each change of the manifest, however an editor writes it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { changesOf } from "../../src/pipeline/watch.js";
import { MAIN } from "../support/tessera-command.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";

const root = temporaryFolder();

test("a change is told of once; the same content is none", async () => {
  const manifest = join(root, "assets.yaml");
  await writeFile(manifest, "first");
  const end = new AbortController();
  const changes = changesOf(manifest, end.signal);
  expect((await changes.next()).done).toBe(false);
  const next = changes.next();
  await writeFile(manifest, "first"); // saved again
  await writeFile(join(root, "other.yaml"), "of no concern");
  await writeFile(`${manifest}.new`, "second");
  await rename(`${manifest}.new`, manifest); // as editors do
  expect((await next).done).toBe(false);
  const last = changes.next();
  end.abort();
  await expect(last).rejects.toMatchObject({ name: "AbortError" });
});

test("the command makes what a change adds, outlives a manifest that is wrong, and ends by a signal", async () => {
  await writeTinyImageModel(join(root, "model"));
  const folder = join(root, "project");
  await mkdir(folder);
  const write = (prompts: string) =>
    writeFile(
      join(folder, "assets.yaml"),
      `assets: { a: { kind: image, model: ../model, device: reference, prompt: ${prompts}, output: "{prompt}" } }`,
    );
  await write("[red]");
  const child = spawn(process.execPath, [MAIN, "run", "assets.yaml", "--watch"], { cwd: folder });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  /** Waits for a turn to end, and answers what was said in it. */
  const turn = async () => {
    await expect.poll(() => said, { timeout: 50_000 }).toContain("waiting for changes to assets.yaml\n");
    const all = said;
    said = "";
    return all;
  };
  expect(await turn()).toContain("made     red\n");
  await write("[red, apple, 7]");
  expect(await turn()).toContain("assets.yaml: assets.a.prompt");
  await write("[red, apple]");
  expect(await turn()).toMatch(/made {5}apple\n(.|\n)*1 kept, 1 made; assets\.lock\.json/);
  child.kill("SIGINT");
  expect((await once(child, "exit"))[0]).toBe(130);
});
