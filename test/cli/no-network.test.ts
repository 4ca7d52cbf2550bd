/**
 * No command speaks to a network but those that are asked to: `models pull` fetches, `serve` and `worker` listen and wait. Every other one
 * is traced from its first call to its last.
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { commandIn, MAIN } from "../support/tessera-command.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";
import { TINY_MASKS } from "../support/tiny-mask-model.js";
import { writeTinyMeshModel } from "../support/tiny-mesh-model.js";
import { tinySpeechModel } from "../support/tiny-speech-model.js";
import { writeTinyTextModel } from "../support/tiny-text-model.js";

/** The filter lets calls that nobody asked for run at full speed. */
const STRACE = ["-f", "--seccomp-bpf", "-e", "trace=socket"];

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

/** Each in a few words; those further down use what those further up have made. */
const COMMANDS: readonly (readonly string[])[] = [
  ["image", "red", "--model", "images", ...CPU, "-o", "red.png"],
  ["edit", "red.png", "red", "--mask", "red.png", "--model", "images", ...REFERENCE, "-o", "edited.png"],
  ["text", "texts", "hello", "--max-tokens", "4", ...CPU],
  ["speak", "hello", "--model", "voice", ...CPU, "-o", "hello.wav"],
  ["mesh", "red table", "--model", "shapes", ...REFERENCE, "--depth", "3", "-o", "table.glb"],
  ["segment", "red.png", "car", "--model", TINY_MASKS, ...REFERENCE, "-o", "mask.png"],
  ["compare", "red", "--model", "images", ...REFERENCE, "-o", "compared"],
  ["run", "assets.yaml"],
  ["gallery", "."],
  ["verify", "red.png.json", "--model", "images", ...CPU],
  ["models", "list"],
  ["doctor"],
  ["completion", "bash"],
  ["--help"],
];

describe.skipIf(process.platform !== "linux" || !traces())("as strace sees it (skipped where it is missing)", () => {
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

  /** Runs a command under strace, which writes to the file "calls". */
  const traced = (words: readonly string[], variables: NodeJS.ProcessEnv = {}) =>
    new Promise<{ readonly code: number | null; readonly stderr: string }>((resolve) => {
      const args = [...STRACE, "-o", "calls", process.execPath, MAIN, ...words];
      const options = { cwd: folder, env: { ...process.env, ...variables } };
      const child = execFile("strace", args, options, (_, __, stderr) => resolve({ code: child.exitCode, stderr }));
    });

  test.each(COMMANDS.map((words) => [words[0]!, words] as const))("tessera %s opens no socket", async (name, words) => {
    const { code, stderr } = await traced(words);
    expect({ code, stderr: code === 0 ? "" : stderr }, name).toEqual({ code: 0, stderr: "" });
    const calls = await readFile(join(folder, "calls"), "utf8");
    expect(calls).toContain("exited with 0"); // else nothing was traced
    expect(calls.split("\n").filter((line) => /socket\(/.test(line) && !/AF_UNIX/.test(line))).toEqual([]);
  });

  test("this test would notice a command that fetches", async () => {
    const nowhere = { HF_ENDPOINT: "http://127.0.0.1:47999", HF_HOME: join(folder, "hub"), HF_HUB_OFFLINE: "0" };
    await traced(["models", "pull", "llamagen-c2i-b-256"], nowhere);
    expect(await readFile(join(folder, "calls"), "utf8")).toMatch(/socket\(AF_INET/);
  });

  test("every command is tried", async () => {
    const { stdout } = await commandIn(folder)("--help");
    const names = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!);
    // demo draws what image draws, dozens of times.
    const elsewhere = ["serve", "worker", "demo", "help"];
    expect(names.filter((name) => !elsewhere.includes(name)).sort()).toEqual(
      COMMANDS.flatMap(([name]) => (name!.startsWith("-") ? [] : [name!])).sort(),
    );
  });
});
