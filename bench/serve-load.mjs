// Many clients at once on `tessera serve`: node bench/serve-load.mjs [CLIENTS] [SECONDS] [TOGETHER]. A third of the requests is left half-way.
// Prints what became of every request, whether pictures are those that a quiet server draws, the memory before and after, once the server has worked for a while, and how long
// after one client has left, or all of a batch at once, the model is free again. Ends with 1 where a request is lost, a picture differs or memory stays.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const [clients, seconds] = [Number(process.argv[2] ?? 50), Number(process.argv[3] ?? 60)];
const PROMPTS = ["red apple", "green pear", "blue car", "yellow star"];
/** Seconds of the same load before anything is counted: by then the heap and the runtime's arenas have grown to what that load needs. */
const WARM_UP = 20;
/** Pictures that the server draws in one batch, at most. */
const TOGETHER = Number(process.argv[4] ?? 4);

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const child = spawn(process.execPath, [main, "serve", "--port", "0", "--json", "--together", String(TOGETHER)], { stdio: ["ignore", "pipe", "inherit"] });
const { url } = JSON.parse(String((await once(child.stdout, "data"))[0]));

const ask = (prompt, signal) =>
  fetch(`${url}/v1/images/generations`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ prompt, seed: 7 }),
    signal,
  });
const digest = async (answer) => {
  const { data } = await answer.json();
  return createHash("sha256").update(data[0].b64_json).digest("hex");
};
const metrics = async () => {
  const text = await (await fetch(`${url}/metrics`)).text();
  const of = (name) => Number(text.split("\n").find((line) => line.startsWith(name))?.split(" ")[1] ?? 0);
  return { memory: of("process_resident_memory_bytes"), running: of('tessera_queue_requests{model="tessera-icons",state="running"}') };
};
const quiet = async () => {
  while ((await metrics()).running > 0) await sleep(20);
  await sleep(1500);
};
const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

const expected = new Map();
for (const prompt of PROMPTS) expected.set(prompt, await digest(await ask(prompt)));

/** What became of the requests of all clients within so many seconds. */
async function load(seconds) {
  const count = { right: 0, wrong: 0, refused: 0, left: 0, lost: 0 };
  const end = Date.now() + 1000 * seconds;
  const client = async (number) => {
    for (let i = 0; Date.now() < end; i++) {
      const prompt = PROMPTS[(number + i) % PROMPTS.length];
      const leaves = (number + i) % 3 === 0;
      const controller = new AbortController();
      const timer = leaves ? setTimeout(() => controller.abort(), 50 + ((number * 131 + i * 977) % 1500)) : null;
      try {
        const answer = await ask(prompt, controller.signal);
        if (answer.status === 429) {
          count.refused++;
          await answer.body.cancel();
          await sleep(1000 * Math.min(5, Number(answer.headers.get("retry-after"))));
        } else if (answer.status !== 200) count.lost++;
        else count[(await digest(answer)) === expected.get(prompt) ? "right" : "wrong"]++;
      } catch {
        count[controller.signal.aborted ? "left" : "lost"]++;
      } finally {
        clearTimeout(timer);
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  await quiet();
  return count;
}

await load(WARM_UP);
const before = (await metrics()).memory;
let peak = before;
const watch = setInterval(async () => (peak = Math.max(peak, (await metrics()).memory)), 2000);
const count = await load(seconds);
clearInterval(watch);
const after = (await metrics()).memory;

/** Milliseconds from when so many clients have left a batch of theirs to when the model is free, in order of size. */
async function freeAfter(size) {
  const times = [];
  for (let i = 0; i < 10; i++) {
    const controller = new AbortController();
    const first = size === 1 ? null : ask(PROMPTS[0]).catch(() => {}); // behind which the others meet
    while (first && (await metrics()).running === 0) await sleep(2);
    const gone = Array.from({ length: size }, () => ask(PROMPTS[0], controller.signal).catch(() => {}));
    await first;
    while ((await metrics()).running < size) await sleep(2);
    await sleep(size * (20 + 40 * i));
    if ((await metrics()).running < size) continue; // done before it could be left
    const left = performance.now();
    controller.abort();
    while ((await metrics()).running > 0) await sleep(2);
    times.push(performance.now() - left);
    await Promise.all(gone);
  }
  return times.sort((a, b) => a - b).map((ms) => ms.toFixed(0));
}
const [one, all] = [await freeAfter(1), await freeAfter(TOGETHER)];

console.log(`${clients} clients, ${seconds} s: ${JSON.stringify(count)}`);
console.log(`memory: ${megabytes(before)} before, ${megabytes(peak)} at most, ${megabytes(after)} after (${((100 * after) / before - 100).toFixed(1)} %)`);
console.log(`free after a client has left: ${one.join(", ")} ms`);
console.log(`free after ${TOGETHER} clients of one batch have left: ${all.join(", ")} ms`);
child.kill("SIGTERM");
const [code] = await once(child, "exit");
process.exitCode = code === 0 && count.lost + count.wrong === 0 && after < 1.1 * before ? 0 : 1;
