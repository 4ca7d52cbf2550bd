// Two workers beside one on the same Redis: node bench/queue-load.mjs [PICTURES] [THREADS]. Starts a redis-server and workers of so many
// threads, draws pictures by the default model, and prints pictures a second from the first that is done to the last, models being open.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { submitAssets } from "../dist/pipeline/index.js";

const [pictures, threads] = [Number(process.argv[2] ?? 40), Number(process.argv[3] ?? 1)];
const PORT = 16_379;
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
  writeFileSync(manifest, `assets: { a: { kind: image, prompt: red apple, style: none, seed: "${seed}", device: cpu } }`);
  const moments = [];
  for await (const event of submitAssets({ manifest, queue, cache: join(root, "cache") })) {
    if (event.type === "item-end") moments.push(performance.now());
    if (event.type === "item-fail") throw event.error;
  }
  return moments;
}

const worker = () =>
  spawn(process.execPath, [main, "worker", "--queue", queue, "--cache", join(root, "cache"), "--threads", threads], {
    stdio: ["ignore", "ignore", "inherit"],
  });
const workers = [];
const rates = [];
try {
  for (const count of [1, 2]) {
    workers.push(worker());
    const seed = 100_000 * count;
    await made(`warm-${count}`, seed, 8 * count); // every worker has opened its model
    const moments = await made(`run-${count}`, seed + 1000, pictures);
    rates.push((1000 * (moments.length - 1)) / (moments.at(-1) - moments[0]));
    console.log(`${count} of ${threads} thread: ${rates.at(-1).toFixed(2)} pictures a second`);
  }
  console.log(`two beside one: ${(rates[1] / rates[0]).toFixed(2)} times`);
} finally {
  for (const child of workers) {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  redis.kill();
  await once(redis, "exit");
  rmSync(root, { recursive: true, force: true });
}
