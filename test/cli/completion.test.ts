/** Completion scripts, as their shells run them. */
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { SHELLS } from "../../src/cli/completion/scripts.js";
import { commandIn } from "../support/tessera-command.js";

const tessera = commandIn(process.cwd());
const script = async (shell: string) => (await tessera("completion", shell)).stdout;
const bash = script("bash");
const HELPS = ["image", "speak", "run", "worker", "gallery"].map((command) => tessera(command, "--help"));

/** What bash offers for the last of these words. */
async function offered(...words: string[]): Promise<readonly string[]> {
  const line = ["tessera", ...words].map((word) => `'${word}'`).join(" ");
  const ask = `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _tessera; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", `${await bash}\n${ask}`], { encoding: "utf8" })
    .split("\n")
    .filter((word) => word !== "");
}

describe("in bash", () => {
  test("commands, then those below them", async () => {
    expect(await offered("")).toEqual(expect.arrayContaining(["image", "speak", "run", "worker", "completion"]));
    expect(await offered("mo")).toEqual(["models"]);
    expect(await offered("models", "p")).toEqual(["pull"]);
  });

  test("options of the command that is meant, wherever it stands", async () => {
    expect(await offered("image", "red apple", "--see")).toEqual(["--seed"]);
    expect(await offered("models", "pull", "--rev")).toEqual(["--revision"]);
    expect(await offered("doctor", "--see")).toEqual([]);
    expect(await offered("run", "--")).toEqual(expect.arrayContaining(["--queue", "--watch", "--help"]));
  });

  test("names after options that take one; nothing, which means files, after others", async () => {
    expect(await offered("image", "--precision", "q")).toEqual(["q8", "q4"]);
    expect(await offered("image", "--model", "tessera-ic")).toEqual(["tessera-icons"]);
    expect(await offered("speak", "--device", "tensorflow-w")).toEqual(["tensorflow-wasm", "tensorflow-webgpu"]);
    expect(await offered("image", "--output", "")).toEqual([]);
    expect(await offered("run", "assets")).toEqual([]);
  });
});

test.each(Object.keys(SHELLS))("%s is told of every option that a help shows", async (shell) => {
  const text = await script(shell);
  for (const { stdout } of await Promise.all(HELPS)) {
    const options = [...stdout.matchAll(/^ {2,6}(?:-\w, )?--([a-z-]+)/gm)].map(([, name]) => name!);
    expect(options.length).toBeGreaterThan(2);
    for (const name of options) expect(text).toContain(shell === "fish" ? ` -l ${name}` : `--${name}`);
  }
});

test("another shell is refused with the ones that there are", async () => {
  const { code, stderr } = await tessera("completion", "tcsh");
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("bash, zsh, fish") });
});
