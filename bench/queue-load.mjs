// Two workers beside one on the same Redis: node bench/queue-load.mjs [PICTURES] [THREADS] [ORDER]. Starts a redis-server and workers of so many
// threads, draws pictures by the default model in its default order or another (next-token takes four times as long), and prints pictures a second from the first that is done to the last, models being open, in
// turns of one worker and two.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { submitAssets } from "../dist/pipeline/index.js";

const [pictures, threads] = [Number(process.argv[2] ?? 40), Number(process.argv[3] ?? 1)];
const decoding = process.argv[4] === undefined ? "" : `, decoding: ${process.argv[4]}`;
const PORT = 16_379;
const ROUNDS = 3;
const queue = `redis://127.0.0.1:${PORT}`;
const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "tessera-queue-"));

const redis = spawn("redis-server", ["--port", PORT, "--bind", "127.0.0.1", "--save", "", "--dir", root], {
  stdio: ["ignore", "pipe", "inherit"],
});
for await (const chunk of redis.stdout) if (String(chunk).includes("Ready to accept")) break;

/** Pictures of these seeds, made by whoever is there: the moments at which they were done. */
async function made(name, from, count) {
  const folder = join(root, name);
  mkdirSync(folder);
  const manifest = join(folder, "assets.yaml");
  const seed = `${from}..${from + count - 1}`;
  writeFileSync(manifest, `assets: { a: { kind: image, prompt: red apple, style: none, seed: "${seed}", device: cpu${decoding} } }`);
  const moments = [];
  for await (const event of submitAssets({ manifest, queue, cache: join(root, "cache") })) {
    if (event.type === "item-end") moments.push(performance.now());
    if (event.type === "item-fail") throw event.error;
  }
  return moments;
}

async function workerStarted(seed) {
  const words = ["worker", "--queue", queue, "--cache", join(root, "cache"), "--threads", threads];
  const child = spawn(process.execPath, [main, ...words], { stdio: "ignore" });
  workers.add(child);
  await sleep(3000); // until it takes jobs
  await made(`warm-${seed}`, seed, 8 * workers.size); // until every worker has opened its model
  return child;
}
async function ended(child) {
  workers.delete(child);
  child.kill("SIGTERM");
  await once(child, "exit");
}

const workers = new Set();
const seconds = { 1: 0, 2: 0 };
try {
  await workerStarted(1);
  for (let round = 1; round <= ROUNDS; round++) {
    for (const count of [1, 2]) {
      const second = count === 2 ? await workerStarted(10_000 * round) : null;
      const moments = await made(`run-${round}-${count}`, 10_000 * round + 1000 * count, pictures);
      const took = (moments.at(-1) - moments[0]) / 1000;
      seconds[count] += took;
      console.log(`${count} of ${threads} thread: ${((pictures - 1) / took).toFixed(2)} pictures a second`);
      if (second) await ended(second);
    }
  }
  console.log(`two beside one, over ${ROUNDS} rounds: ${(seconds[1] / seconds[2]).toFixed(2)} times`);
} finally {
  for (const child of [...workers]) await ended(child);
  redis.kill();
  await once(redis, "exit");
  rmSync(root, { recursive: true, force: true });
}
