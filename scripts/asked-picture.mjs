// Runs a server of an example of bundlers and asks it for a picture.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** A port that is free just now. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  return String(port);
}

/**
 * Starts `node ...words` in a folder, waits until it says that it listens, and answers the bytes of the picture of "red apple" and the headers.
 * `ready` is what it says then. Throws what it said where it ends before, and what it answers where that is no picture.
 */
export async function askedPicture(words, { cwd, ready, env = {} }) {
  const port = await freePort();
  const child = spawn(process.execPath, words, { cwd, env: { ...process.env, ...env, PORT: port }, stdio: "pipe" });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  const ended = once(child, "exit").then(() => Promise.reject(new Error(said)));
  try {
    const listening = (async () => {
      while (!said.includes(ready)) await once(child.stdout, "data");
    })();
    await Promise.race([listening, ended]);
    const answer = await fetch(`http://127.0.0.1:${port}/picture?prompt=red+apple`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (answer.status !== 200) throw new Error(`${answer.status} ${bytes}\n${said}`);
    return { sha256: createHash("sha256").update(bytes).digest("hex"), headers: answer.headers };
  } finally {
    ended.catch(() => {});
    child.kill();
  }
}
