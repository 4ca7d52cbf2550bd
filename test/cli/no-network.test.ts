/**
 * No command speaks to a network but those that are asked to: `models pull` fetches, `serve` listens at the address that it is given,
 * `worker` and `run --queue` speak to the Redis that they are given. All are traced from their first call to their last.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { RedisServer, redisMissing } from "../support/redis-server.js";
import { commandIn, MAIN } from "../support/tessera-command.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";
import { TINY_MASKS } from "../support/tiny-mask-model.js";
import { writeTinyMeshModel } from "../support/tiny-mesh-model.js";
import { tinySpeechModel } from "../support/tiny-speech-model.js";
import { writeTinyTextModel } from "../support/tiny-text-model.js";

const IN_TURN = fileURLToPath(new URL("commands-in-turn.mjs", import.meta.url));

/** As the parent of its tracer, a command gets the signals itself. The filter lets calls that nobody asked for run at full speed. */
const STRACE = ["-D", "-f", "--seccomp-bpf", "-e", "trace=socket,bind,connect,sendto,sendmsg,sendmmsg,chdir"];

function traces(): boolean {
  try {
    execFileSync("strace", [...STRACE, "-o", "/dev/null", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false; // not installed, too old, or tracing is not permitted here
  }
}

const CPU = ["--device", "cpu", "--threads", "1"];
const REFERENCE = ["--device", "reference"];

/** Command lines in a few words, in two processes; those further down use what those further up have made. */
const COMMANDS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "that make and look at pictures": [
    ["image", "red", "--model", "images", ...CPU, "-o", "red.png"],
    ["edit", "red.png", "red", "--mask", "red.png", "--model", "images", ...REFERENCE, "-o", "edited.png"],
    ["segment", "red.png", "car", "--model", TINY_MASKS, ...REFERENCE, "-o", "mask.png"],
    ["compare", "red", "--model", "images", ...REFERENCE, "-o", "compared"],
    ["demo", "--model", "images", ...REFERENCE, "--limit", "1", "-o", "demo"],
    ["verify", "red.png.json", "--model", "images", ...CPU],
    ["gallery", "."],
    ["models", "list"],
    ["--help"],
  ],
  "of other media": [
    ["text", "texts", "hello", "--max-tokens", "4", ...CPU],
    ["speak", "hello", "--model", "voice", ...CPU, "-o", "hello.wav"],
    ["mesh", "red table", "--model", "shapes", ...REFERENCE, "--depth", "3", "-o", "table.glb"],
    ["run", "assets.yaml"],
    ["doctor"],
    ["completion", "bash"],
  ],
};

const CONCURRENT = { concurrent: true, timeout: 240_000 };

describe.skipIf(process.platform !== "linux" || !traces())("as strace sees it (skipped if missing)", CONCURRENT, () => {
  const folder = temporaryFolder();
  beforeAll(async () => {
    await writeTinyImageModel(join(folder, "images"));
    await writeTinyTextModel(join(folder, "texts"));
    await writeTinyMeshModel(join(folder, "shapes"));
    const asset = "{ kind: image, prompt: red, model: images, device: reference }";
    await writeFile(join(folder, "assets.yaml"), `assets: { a: ${asset} }`);
    await mkdir(join(folder, "voice"));
    await tinySpeechModel(join(folder, "voice"));
  });

  interface Traced {
    readonly child: ChildProcess;
    /** What was called, when the process has ended. */
    readonly ended: Promise<{ readonly code: number | null; readonly stderr: string; readonly calls: string }>;
  }

  /** Runs a script under strace, which writes to a file of that name. */
  function traced(name: string, words: readonly string[], variables: NodeJS.ProcessEnv = {}): Traced {
    const file = join(folder, `${name}.calls`);
    const args = [...STRACE, "-o", file, process.execPath, ...words];
    const child = spawn("strace", args, { cwd: folder, env: { ...process.env, ...variables } });
    const stderr = text(child.stderr);
    const closed = once(child, "close"); // when the tracer, which holds the streams, too, has ended
    const ended = closed.then(async ([code]) => {
      return { code, stderr: await stderr, calls: await readFile(file, "utf8") };
    });
    return { child, ended };
  }

  /** Lines that open something else than a socket of this machine's own. */
  const sockets = (calls: string) => calls.split("\n").filter((line) => /socket\(/.test(line) && !/AF_UNIX/.test(line));

  /** Every address of the internet that was listened at, connected to or sent to; "0" is a port that the system chooses. */
  const addresses = (calls: string) =>
    new Set(
      calls.split("\n").flatMap((line) => {
        const [, port, address] = /sin6?_port=htons\((\d+)\).*?"([^"]+)"/.exec(line) ?? [];
        return port === undefined ? [] : [`${address}:${port}`];
      }),
    );

  for (const [which, lines] of Object.entries(COMMANDS))
    test(`commands ${which} open no socket`, async () => {
      const { code, stderr, calls } = await traced(which, [IN_TURN, JSON.stringify(lines)]).ended;
      expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
      const [start, ...turns] = calls.split(/^.*chdir\("\/turn\/\d+".*$/m);
      expect(turns).toHaveLength(lines.length); // else not all was traced
      expect(sockets(start!)).toEqual([]);
      for (const [turn, calls] of turns.entries()) expect(sockets(calls), lines[turn]!.join(" ")).toEqual([]);
    });

  test("tessera serve listens at the address that it is given, and speaks to nobody", async () => {
    const words = ["serve", "--image", "images", "--text", "texts", ...CPU, "--port", "0", "--json"];
    const { child, ended } = traced("serve", [MAIN, ...words]);
    const [line] = await once(child.stdout!, "data");
    const { url } = JSON.parse(String(line)) as { url: string };
    const ask = async (route: string, body: object) => {
      const headers = { "Content-Type": "application/json" };
      return (await fetch(url + route, { method: "POST", headers, body: JSON.stringify(body) })).status;
    };
    expect(await ask("/v1/images/generations", { prompt: "red" })).toBe(200);
    const messages = [{ role: "user", content: "Hello" }];
    expect(await ask("/v1/chat/completions", { model: "texts", messages, max_tokens: 4 })).toBe(200);
    child.kill("SIGTERM");
    const { calls } = await ended;
    expect(addresses(calls)).toEqual(new Set(["127.0.0.1:0"]));
  });

  const missing = redisMissing();
  test.skipIf(missing !== null)(`a queue is all that its worker speaks to${missing ?? ""}`, async () => {
    await mkdir(join(folder, "redis"));
    const redis = await RedisServer.start(join(folder, "redis"));
    try {
      const shared = ["--queue", redis.url, "--cache", join(folder, "shared")];
      const worker = traced("worker", [MAIN, "worker", ...shared, "--json"]);
      const submitter = traced("submitter", [MAIN, "run", "assets.yaml", ...shared]);
      const { code, stderr, calls } = await submitter.ended;
      expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
      worker.child.kill("SIGTERM");
      const only = new Set([new URL(redis.url).host]);
      expect(addresses(calls)).toEqual(only);
      expect(addresses((await worker.ended).calls)).toEqual(only);
    } finally {
      await redis.stop();
    }
  });

  test("this test would notice a command that fetches", async () => {
    const nowhere = { HF_ENDPOINT: "http://127.0.0.1:47999", HF_HOME: join(folder, "hub"), HF_HUB_OFFLINE: "0" };
    const { calls } = await traced("pull", [MAIN, "models", "pull", "llamagen-c2i-b-256"], nowhere).ended;
    expect(sockets(calls)).toEqual([expect.stringContaining("AF_INET")]);
    expect(addresses(calls)).toEqual(new Set(["127.0.0.1:47999"]));
  });

  test("every command is tried", async () => {
    const { stdout } = await commandIn(folder)("--help");
    const names = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!);
    const elsewhere = ["serve", "worker", "help"];
    expect(names.filter((name) => !elsewhere.includes(name)).sort()).toEqual(
      Object.values(COMMANDS)
        .flat()
        .flatMap(([name]) => (name!.startsWith("-") ? [] : [name!]))
        .sort(),
    );
  });
});
