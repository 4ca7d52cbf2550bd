/**
 * A run that is killed at random moments, and goes on each time, ends in the tree of one that was left alone. MOMENTS=20 makes it
 * thorough.
 */
import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { uniform } from "../../src/base/random.js";
import { commandIn, MAIN } from "../support/tessera-command.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";
import { treeOf } from "../support/tree.js";

const MOMENTS = Number(process.env.MOMENTS ?? 2);
const root = temporaryFolder();
beforeAll(() => writeTinyImageModel(join(root, "model")));

const MANIFEST = `
defaults: { image: { model: ../model, device: reference } }
assets:
  plain: { kind: image, prompt: [red, apple], count: 2 }
  worked: { kind: image, prompt: red, seed: "1..3", post: [{ resize: 30 }, icons, { formats: [png, webp] }] }
sheets:
  all: { assets: [plain, worked] }
`;

async function project(name: string): Promise<string> {
  await mkdir(join(root, name));
  await writeFile(join(root, name, "assets.yaml"), MANIFEST);
  return join(root, name);
}

/** Starts a run, and kills it so long after it has said its first word. Answers whether it had ended before. */
async function killed(folder: string, milliseconds: number): Promise<boolean> {
  const child = spawn(process.execPath, [MAIN, "run", "assets.yaml"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<boolean>((resolve) => child.on("exit", (code) => resolve(code === 0)));
  await Promise.race([new Promise((resolve) => child.stderr.once("data", resolve)), ended]);
  await wait(milliseconds);
  child.kill("SIGKILL");
  return ended;
}

test("killed, resumed, the same", { timeout: 180_000 + MOMENTS * 30_000 }, async () => {
  const whole = await project("whole");
  const started = performance.now();
  expect((await commandIn(whole)("run", "assets.yaml", "-q")).stdout).toBe("8 made; assets.lock.json\n");
  const took = performance.now() - started;

  const broken = await project("broken");
  let interrupted = 0;
  for (let position = 0; position < MOMENTS; position++) {
    const moment = uniform({ seed: 7, item: 0, position, purpose: "noise" }) * took * 0.5;
    if (!(await killed(broken, moment))) interrupted++;
  }
  expect(interrupted).toBeGreaterThan(0);
  expect((await commandIn(broken)("run", "assets.yaml", "-q")).code).toBe(0);
  expect(treeOf(broken, /^\.tessera/)).toEqual(treeOf(whole, /^\.tessera/));
  expect((await commandIn(broken)("run", "assets.yaml", "-q")).stdout).toBe("8 kept; assets.lock.json\n");
});
