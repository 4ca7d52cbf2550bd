/** What a user waits for: loading the default model, one picture warm, memory, and how long the event loop ever waited. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export async function defaultPicture(): Promise<void> {
  const script = fileURLToPath(new URL("default-picture-run.mjs", import.meta.url));
  const child = spawnSync(process.execPath, [script], { encoding: "utf8" });
  if (child.status !== 0) throw new Error(child.stderr);
  const [name, precision, device, load, picture, memory, wait] = JSON.parse(child.stdout);
  console.log(`default model ${name} (${precision}) on ${device}, in a process of its own`);
  console.log(`load            ${(load / 1000).toFixed(2)} s`);
  console.log(`picture, warm   ${(picture / 1000).toFixed(2)} s`);
  console.log(`memory          ${(memory / 1e6).toFixed(0)} MB resident`);
  console.log(`event loop      ${wait.toFixed(0)} ms longest wait`);
}
