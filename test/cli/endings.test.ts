/** How a command ends when its streams or its process are taken from it. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { commandIn, MAIN } from "../support/tessera-command.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
const TINY = ["--model", join(folder, "model"), "--device", "reference"];
const tessera = commandIn(folder);
beforeAll(() => writeTinyImageModel(join(folder, "model")));

const filesIn = async (name: string) => (existsSync(join(folder, name)) ? await readdir(join(folder, name)) : []);

describe.skipIf(process.platform === "win32")("a signal", () => {
  /** Runs until the first progress is printed, then sends the signal; answers what the process ended with. */
  async function endedBy(signal: "SIGINT" | "SIGTERM" | "SIGHUP", words: readonly string[]) {
    const child = spawn(process.execPath, [MAIN, ...words], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    const timer = setInterval(() => {
      if (!existsSync(join(folder, words.at(-1)!))) return; // the first file is there: it is drawing
      clearInterval(timer);
      child.kill(signal);
    }, 20);
    const code = await new Promise((resolve) => child.on("close", resolve));
    clearInterval(timer);
    return { code, stdout, stderr };
  }

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s ends with %i and leaves whole pairs of files", async (signal, expected) => {
    const output = `out-${signal}`;
    const words = ["image", "red", ...TINY, "--n", "200", "--preview", "1", "-o", output];
    const { code, stdout, stderr } = await endedBy(signal, words);
    expect({ code, stdout }).toEqual({ code: expected, stdout: "" });
    expect(stderr).toContain(`Ended by ${signal}`);
    expect(stderr).not.toMatch(/\n +at /);
    const files = await filesIn(output);
    const pictures = files.filter((name) => name.endsWith(".png"));
    expect(files.sort()).toEqual(pictures.flatMap((name) => [name, `${name}.json`]).sort());
    expect(files.join()).not.toMatch(/partial|preview/);
  });

  test("--json says it as JSON", async () => {
    const words = ["image", "red", ...TINY, "--n", "200", "--preview", "1", "--json", "-o", "out-json"];
    const { code, stdout, stderr } = await endedBy("SIGTERM", words);
    expect({ code, stderr }).toEqual({ code: 143, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "interrupted" } });
  });
});

describe.skipIf(process.platform === "win32")("a standard stream", () => {
  const shell = (command: string) =>
    new Promise<{ code: number | null; stderr: string }>((resolve) => {
      const child = spawn("bash", ["-c", command, process.execPath, MAIN, ...TINY], { cwd: folder });
      let stderr = "";
      child.stderr.on("data", (chunk) => (stderr += chunk));
      child.on("close", (code) => resolve({ code, stderr }));
    });

  test("stdout that nobody reads ends as by SIGPIPE, without a word", async () => {
    expect(await shell('"$0" "$1" models | true; exit ${PIPESTATUS[0]}')).toEqual({ code: 141, stderr: "" });
  });

  test.skipIf(!existsSync("/dev/full"))("stdout on a full disk ends with 1 and the reason", async () => {
    const { code, stderr } = await shell('"$0" "$1" models --json > /dev/full');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Cannot write to standard output: .*ENOSPC.*\n$/);
  });

  test("stderr that nobody reads or that is full does not stop the work", async () => {
    const image = '"$0" "$1" image red "${@:2}"';
    const closed = await shell(`{ ${image} -o e1 2>&1 >/dev/null; echo $? > e1.code; } | true; exit $(cat e1.code)`);
    expect(closed.code).toBe(0);
    expect(await filesIn("e1")).toEqual(["red-0-0.png", "red-0-0.png.json"]);
    if (!existsSync("/dev/full")) return;
    expect((await shell(`${image} -o e2 2>/dev/full`)).code).toBe(0);
    expect(await filesIn("e2")).toEqual(["red-0-0.png", "red-0-0.png.json"]);
  });
});

describe("--json prints one JSON object for faulty command lines, too", () => {
  test.each([
    ["a number that is none", ["image", "red", "--n", "abc"]],
    ["an unknown option", ["image", "red", "--colour"]],
    ["an unknown command", ["paint"]],
    ["a superfluous argument", ["image", "red", "apple"]],
    ["a missing argument", ["compare"]],
    ["a missing option", ["edit", "x.png"]],
    ["an unknown precision", ["image", "red", "--precision", "z"]],
    ["an ending of no format", ["image", "red", "-o", "fox.gif"]],
    ["a file that is not there", ["verify", "none.json"]],
  ])("%s", async (_, words) => {
    const { code, stdout, stderr } = await tessera(...words, "--json");
    expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
    expect(Object.keys(JSON.parse(stdout).error)).toEqual(["code", "message", "remedy"]);
  });
});

test("an output that names a file of another format is an error that names the formats, a folder with a dot is none", async () => {
  const { code, stderr } = await tessera("image", "red", ...TINY, "-o", "fox.gif");
  expect(code).toBe(2);
  expect(stderr).toMatch(/\.png, \.webp, \.avif, \.jpg, \.jpeg/);
  expect((await tessera("image", "red", ...TINY, "-q", "-o", "v1.2")).stdout).toBe("v1.2/red-0-0.png\n");
  expect((await tessera("image", "red", ...TINY, "-q", "-o", "my.gif/")).code).toBe(0);
  expect(existsSync(join(folder, "fox.gif"))).toBe(false);
});
