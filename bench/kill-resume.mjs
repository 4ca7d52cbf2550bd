// A run of 200 mixed assets that is killed at random moments and resumed: node bench/kill-resume.mjs [MOMENTS] [SEED]. Makes pictures,
// speech and meshes by the default models that there are, once undisturbed and once with kill -9, and compares the two trees file by file.
// Prints how often a run was cut off, and what a run that has nothing to make takes. Ends with 1 where a file differs.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DEFAULT_MESH_MODEL, DEFAULT_SPEECH_MODEL, EMBEDDED_MODELS } from "../dist/index.js";

const [moments, seed] = [Number(process.argv[2] ?? 20), Number(process.argv[3] ?? 1)];
const ITEMS = 200;
const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "tessera-kills-"));

const embedded = (name) => Object.hasOwn(EMBEDDED_MODELS, name);
const speech = embedded(DEFAULT_SPEECH_MODEL) && {
  menu: { kind: "speech", text: ["new game", "load game", "settings", "quit"], seed: "1..10", post: [{ loudness: -18 }] },
  levels: { kind: "speech", text: ["level one", "well done", "try again"], seed: "1..10" },
};
const meshes = embedded(DEFAULT_MESH_MODEL) && {
  furniture: { kind: "mesh", prompt: ["chair", "table"], seed: "1..10", post: [{ lods: [500, 200] }] },
};
const others = 10 * (7 * Boolean(speech) + 2 * Boolean(meshes));
const count = (ITEMS - others) / 2 / 5;
const assets = {
  fruit: { kind: "image", prompt: ["red apple", "banana", "cherries", "lemon", "pear"], count, post: [{ resize: 64 }] },
  icons: { kind: "image", prompt: ["fox", "star", "key", "heart", "fish"], count, post: ["trim", "icons"] },
  ...speech,
  ...meshes,
};
const manifest = JSON.stringify({ assets, sheets: { fruits: { assets: ["fruit"] } } });

const project = (name) => {
  mkdirSync(join(root, name));
  writeFileSync(join(root, name, "assets.json"), manifest);
  return join(root, name);
};
const started = (folder) => {
  const child = spawn(process.execPath, [main, "run", "assets.json", "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (chunk) => (said += chunk));
  return { child, ended: once(child, "close").then(([code]) => ({ code, said })) };
};
const whole = async (folder) => {
  const before = performance.now();
  const { code, said } = await started(folder).ended;
  if (code !== 0) throw new Error(`a run ended with ${code}: ${said}`);
  return { seconds: (performance.now() - before) / 1000, counts: JSON.parse(said).counts };
};
const words = (counts) => Object.entries(counts).flatMap(([fate, n]) => (n === 0 ? [] : [`${n} ${fate}`])).join(", ");
const treeOf = (folder) => {
  const names = readdirSync(folder, { recursive: true }).filter((name) => !name.startsWith(".tessera"));
  const files = names.filter((name) => statSync(join(folder, name)).isFile()).sort();
  const digest = (name) => createHash("sha256").update(readFileSync(join(folder, name))).digest("hex");
  return new Map(files.map((name) => [name, digest(name)]));
};
/** Numbers in 0 … 1, always the same of a seed. */
const random = (position) => createHash("sha256").update(`${seed} ${position}`).digest().readUInt32LE(0) / 2 ** 32;

try {
  const calm = project("calm");
  const first = await whole(calm);
  console.log(`undisturbed: ${words(first.counts)} in ${first.seconds.toFixed(1)} s`);

  const killed = project("killed");
  let cut = 0;
  for (let i = 0; i < moments; i++) {
    const { child, ended } = started(killed);
    await Promise.race([sleep(1000 * (3 * first.seconds * random(i)) / moments + 1000 * random(-i - 1)), ended]);
    child.kill("SIGKILL");
    if ((await ended).code === null) cut++;
  }
  const last = await whole(killed);
  console.log(`kill -9 at ${moments} moments of seed ${seed}, ${cut} of them during a run; the last run: ${words(last.counts)}`);

  const [expected, found] = [treeOf(calm), treeOf(killed)];
  const names = [...new Set([...expected.keys(), ...found.keys()])];
  const differing = names.filter((name) => expected.get(name) !== found.get(name));
  console.log(`${expected.size} files, ${differing.length} of them missing, left over or of other bytes`);
  for (const name of differing.slice(0, 20)) console.log(`  ${name}`);

  const again = [];
  for (let i = 0; i < 3; i++) again.push(await whole(killed));
  const times = again.map(({ seconds }) => seconds).sort((a, b) => a - b);
  console.log(`nothing to make: ${words(again[0].counts)} in ${times.map((s) => s.toFixed(2)).join(", ")} s`);
  process.exitCode = differing.length === 0 && again.every(({ counts }) => counts.kept === ITEMS + 1) ? 0 : 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
