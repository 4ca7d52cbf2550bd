// Whether the same seed gives the same ids on every device of this machine: `node scripts/device-ids.mjs [DEVICE...]` in a built checkout
// draws two pictures of the default model per device and precision and compares the digests of their ids. Without names it takes all
// devices that `tessera doctor` finds usable; tensorflow-cpu takes minutes.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { diagnose } from "../dist/engine/index.js";
import { generateImage, loadImageModel } from "../dist/index.js";

const PROMPTS = ["red apple", "house with garden"];
const PRECISIONS = ["f32", "q8"];

/** The digests of the ids, joined: in a process of its own, as a driver may end it. */
async function draw(device, precision) {
  const model = await loadImageModel("tessera-icons", { device, precision });
  const { images } = await generateImage({ model, prompt: PROMPTS, decoding: "next-scale", seed: 7 });
  await model.close();
  return images.map(({ manifest }) => manifest.tokens.sha256.slice(0, 8)).join(" ");
}

const drawn = (device, precision) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), "--draw", device, precision],
    { encoding: "utf8" },
  );
  if (status === 0) return stdout.trim().split("\n").at(-1);
  return `failed: ${stderr.trim().split("\n").at(-1)}`;
};

const [word, ...rest] = process.argv.slice(2);
if (word === "--draw") {
  console.log(`\n${await draw(...rest)}`);
  process.exit();
}
const named = process.argv.slice(2);
const usable = (await diagnose()).filter((row) => row.usable && row.device !== "reference").map((row) => row.device);
const devices = named.length > 0 ? named : usable;
for (const precision of PRECISIONS) {
  const groups = new Map();
  for (const device of devices) {
    const ids = drawn(device, precision);
    console.log(`${precision.padEnd(4)} ${device.padEnd(18)} ${ids}`);
    if (!ids.startsWith("failed")) groups.set(ids, [...(groups.get(ids) ?? []), device]);
  }
  const equal = [...groups.values()].map((group) => group.join(" = "));
  console.log(`${precision}: ${equal.join(" | ")}\n`);
}
