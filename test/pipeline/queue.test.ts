/** Many machines, on one: submitters, workers, and a Redis that may go away. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, renameSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Queue as BullQueue } from "bullmq";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type AssetsEvent,
  type AssetsResult,
  type DoneJob,
  makeAssets,
  runWorker,
  submitAssets,
  type WorkerOptions,
} from "../../src/pipeline/index.js";
import { QUEUE } from "../../src/pipeline/queue/connect.js";
import { RedisServer, redisMissing } from "../support/redis-server.js";
import { MAIN } from "../support/tessera-command.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";
import { squarePicture, TINY_MASKS } from "../support/tiny-mask-model.js";
import { writeTinyTextModel } from "../support/tiny-text-model.js";
import { treeOf } from "../support/tree.js";

const root = temporaryFolder();
const missing = redisMissing();
if (missing) console.warn(`skipped: ${missing}`);

/** Made from a file that the workers do not have. */
const CUT = `{ kind: cut-out, model: ${JSON.stringify(TINY_MASKS)}, device: reference, image: ../photo.png, prompt: square }`;
const PICTURES = "{ kind: image, model: ../model, device: reference, prompt: [red, apple], seed: [1, 2, 3] }";
/** Jobs that take longer than their test. */
const LONG = "{ kind: text, model: ../words, device: reference, prompt: a, maxOutputTokens: 1100, seed: [1, 2, 3] }";

interface Done extends DoneJob {
  readonly error: string | null;
}

describe.skipIf(missing !== null)("workers behind a queue", () => {
  let redis: RedisServer;
  const children = new Set<ChildProcess>();
  const ends: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    await mkdir(join(root, "redis"));
    redis = await RedisServer.start(join(root, "redis"));
    await writeTinyImageModel(join(root, "model"));
    const { rgba, ...size } = squarePicture(40, 30);
    await sharp(rgba, { raw: { ...size, channels: 4 } }).toFile(join(root, "photo.png"));
    await writeTinyTextModel(join(root, "words"), { eos_token_id: [] });
  });
  afterEach(async () => {
    await Promise.all(ends.splice(0).map((end) => end()));
    await Promise.all([...children].map((child) => killed(child, "SIGTERM")));
  });
  afterAll(() => redis?.stop());

  async function project(name: string, assets: string): Promise<string> {
    await mkdir(join(root, name));
    await writeFile(join(root, name, "assets.yaml"), `assets: ${assets}`);
    return join(root, name);
  }

  /** A worker in this process: ends with the test, and answers what it has done. */
  function worker(cache: string, options: Partial<WorkerOptions> = {}): readonly Done[] {
    const done: Done[] = [];
    const end = new AbortController();
    const onJob = (job: DoneJob, error: Error | null) => done.push({ ...job, error: error && error.message });
    const running = runWorker({
      ...{ queue: redis.url, cache: join(root, cache), signal: end.signal, onJob },
      ...options,
    });
    ends.push(() => {
      end.abort();
      return running;
    });
    return done;
  }

  /** A worker in a process of its own, and the first job that it has done. */
  function workerProcess(cache: string): { readonly child: ChildProcess; readonly first: Promise<unknown> } {
    const words = ["worker", "--queue", redis.url, "--cache", join(root, cache), "--silence", "1", "--json"];
    const child = spawn(process.execPath, [MAIN, ...words], { stdio: ["ignore", "pipe", "ignore"] });
    children.add(child);
    return { child, first: once(createInterface(child.stdout!), "line") };
  }

  async function killed(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    children.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }

  const eventsOf = (folder: string, cache: string, signal?: AbortSignal) =>
    submitAssets({ manifest: join(folder, "assets.yaml"), cache: join(root, cache), queue: redis.url, signal });

  async function submitted(folder: string, cache: string, onEvent = (_: AssetsEvent) => {}): Promise<AssetsResult> {
    let result: AssetsResult | null = null;
    for await (const event of eventsOf(folder, cache)) {
      onEvent(event);
      if (event.type === "run-end") result = event.result;
    }
    return result!;
  }

  test("two submitters ask two workers for the same: the tree of a run here, and nothing is made twice", async () => {
    const names = ["here", "there", "twin"];
    const [here, there, twin] = (await Promise.all(
      names.map((name) =>
        project(
          name,
          `{ a: ${PICTURES}, b: { kind: image, model: ../model, device: reference, prompt: red, seed: 1 }, c: ${CUT} }`,
        ),
      ),
    )) as [string, string, string];
    await makeAssets({ manifest: join(here, "assets.yaml") });
    const workers = [worker("shared"), worker("shared")];
    const types = new Set<string>();
    const results = await Promise.all([
      submitted(there, "shared", ({ type }) => types.add(type)),
      submitted(twin, "shared"),
    ]);
    for (const { counts } of results) expect(counts).toMatchObject({ made: 8, failed: 0 });
    expect(types).toContain("item-progress");
    expect(treeOf(there, /^\.tessera/)).toEqual(treeOf(here, /^\.tessera/));
    expect(treeOf(twin, /^\.tessera/)).toEqual(treeOf(here, /^\.tessera/));
    const done = workers.flat();
    expect(done.every(({ error }) => error === null)).toBe(true);
    expect(done.map(({ name }) => name).sort()).toEqual([
      `cut-out "square", seed 0, index 0`,
      ...["apple", "red"].flatMap((prompt) => [1, 2, 3].map((seed) => `image "${prompt}", seed ${seed}, index 0`)),
    ]);
    expect((await submitted(there, "shared")).counts).toMatchObject({ kept: 8, made: 0 });
  });

  test("a worker is killed in the middle, and Redis restarts twice: nothing is lost", { timeout: 60_000 }, async () => {
    const folder = await project("unlucky", `{ a: ${PICTURES.replace("[1, 2, 3]", '"1..6"')} }`);
    const victim = workerProcess("unlucky-cache");
    const restarts = ["kept", "lost"] as const;
    let ended = 0;
    const running = submitted(folder, "unlucky-cache", ({ type }) => {
      if (type === "item-end" && ++ended % 4 === 0 && ended < 12) void redis.restart(restarts[ended / 4 - 1]!);
    });
    await victim.first;
    await killed(victim.child, "SIGKILL");
    const done = worker("unlucky-cache", { silence: 1 });
    expect((await running).counts).toMatchObject({ made: 12, failed: 0 });
    expect(done.length).toBeGreaterThan(0);
  });

  test("what a worker cannot make fails with its reason at once, and the rest is made", async () => {
    const folder = await project(
      "wrong",
      `{ a: ${PICTURES}, b: ${PICTURES.replace("[red, apple]", "red, style: no")} }`,
    );
    worker("wrong-cache");
    const { counts, failures } = await submitted(folder, "wrong-cache");
    expect(counts).toMatchObject({ made: 6, failed: 3 });
    expect(String(failures[0]!.error)).toMatch(
      /A worker could not make it: There is no style "no".*\n {2}→ Choose one of/,
    );
  });

  test("a worker with another cache than the submitter's: what to do is said, and nothing half-written is left", {
    timeout: 60_000,
  }, async () => {
    const folder = await project("apart", "{ a: { kind: image, model: ../model, device: reference, prompt: red } }");
    const done = worker("the worker's");
    // A submitter waits a minute for files that arrive late, as on a network; here the jobs of its next tries come at once.
    const queue = new BullQueue(QUEUE, { connection: { url: redis.url } });
    const hurry = setInterval(() => void queue.promoteJobs().catch(() => {}), 50);
    const errors: string[] = [];
    try {
      const { counts } = await submitted(folder, "the submitter's", (event) => {
        if (event.type === "item-fail") errors.push((event.error as Error).message);
      });
      expect(counts).toMatchObject({ made: 0, failed: 1 });
    } finally {
      clearInterval(hurry);
      await queue.close();
    }
    expect(errors).toEqual([expect.stringMatching(/its result does not arrive[\s\S]*same --cache/)]);
    expect(new Set(done.map(({ key }) => key)).size).toBe(1);
    expect(existsSync(join(folder, "assets"))).toBe(false);
  });

  test("a model that lies elsewhere on the worker's machine is found by its content, if its folder is named", async () => {
    const assets = "{ a: { kind: image, model: ../moving, device: reference, prompt: red } }";
    const [folder, again] = [await project("moved", assets), await project("moved-again", assets)];
    await writeTinyImageModel(join(root, "moving"));
    const move = (from: string, to: string) => (event: AssetsEvent) => {
      if (event.type === "plan-ready") renameSync(join(root, from), join(root, to));
    };
    worker("moved-cache");
    const { failures } = await submitted(folder, "moved-cache", move("moving", "elsewhere"));
    expect(String(failures[0]?.error)).toMatch(/Expected the files that the submitter has for model.*\n.*--models/);
    await Promise.all(ends.splice(0).map((end) => end()));
    worker("moved-cache", { models: [join(root, "model"), join(root, "elsewhere")] });
    renameSync(join(root, "elsewhere"), join(root, "moving"));
    const { counts } = await submitted(again, "moved-cache", move("moving", "elsewhere"));
    expect(counts).toMatchObject({ made: 1, failed: 0 });
  });

  test("leaving stops the job that is being made and withdraws the others", async () => {
    const folder = await project("left", `{ long: ${LONG} }`);
    const done = worker("left-cache");
    for await (const event of eventsOf(folder, "left-cache")) if (event.type === "item-progress") break;
    await expect
      .poll(() => done, { timeout: 20_000 })
      .toMatchObject([{ error: expect.stringContaining("nobody waits for it") }]);
    const { counts } = await submitted(await project("after", `{ a: ${PICTURES} }`), "left-cache");
    expect(counts).toMatchObject({ made: 6 });
    expect(done.length).toBe(7);
  });

  test("who leaves takes nothing from another who waits", async () => {
    const [one, two] = [await project("one", `{ a: ${PICTURES} }`), await project("two", `{ a: ${PICTURES} }`)];
    const leaving = (async () => {
      for await (const event of eventsOf(one, "two-cache")) if (event.type === "warning") break;
    })();
    const staying = submitted(two, "two-cache");
    await leaving;
    worker("two-cache");
    expect((await staying).counts).toMatchObject({ made: 6, failed: 0 });
  });

  test("an abort ends a run whose Redis is away", async () => {
    const folder = await project("away", `{ a: ${PICTURES} }`);
    const abort = new AbortController();
    const running = (async () => {
      for await (const event of eventsOf(folder, "away-cache", abort.signal)) {
        if (event.type !== "warning") continue;
        await redis.stop();
        abort.abort();
      }
    })();
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    await redis.restart("lost");
  });
});

test("no Redis, or no address of one: a typed error that keeps the password to itself", async () => {
  const options = { cache: root, signal: new AbortController().signal };
  await expect(runWorker({ ...options, queue: "redis://:secret@127.0.0.1:1" })).rejects.toMatchObject({
    code: "queue",
    message: expect.stringMatching(/^No Redis answers at 127\.0\.0\.1:1 /),
  });
  await expect(runWorker({ ...options, queue: "http://me:secret@host" })).rejects.toMatchObject({
    code: "argument",
    message: expect.not.stringContaining("secret"),
  });
});
