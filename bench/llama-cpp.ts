/**
 * The shape of a Qwen2 in llama.cpp, by node-llama-cpp and a GGUF file of random weights. Both are asked for by name, as neither is a
 * dependency: LLAMA_CPP is a folder in which `npm i node-llama-cpp` was run, PYTHON has the package gguf.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { pytorch } from "./pytorch.js";

export interface Speeds {
  readonly promptTokensPerSecond: number;
  readonly tokensPerSecond: number;
  /** Of the file. */
  readonly bytes: number;
}

/** Null, with a line that says why, where it cannot be measured. */
export async function llamaCpp(
  kind: "f32" | "q8_0",
  shape: string,
  { prompt, tokens, threads }: { readonly prompt: number; readonly tokens: number; readonly threads: number },
): Promise<Speeds | null> {
  const at = process.env.LLAMA_CPP;
  if (at === undefined) {
    console.log("llama.cpp was not measured: set LLAMA_CPP to a folder in which `npm i node-llama-cpp` was run.");
    return null;
  }
  const folder = await mkdtemp(join(tmpdir(), "tessera-bench-"));
  try {
    const file = join(folder, "model.gguf");
    const written = pytorch("qwen2_gguf.py", file, kind, shape);
    if (!written) return null;
    const entry = pathToFileURL(createRequire(join(at, "package.json")).resolve("node-llama-cpp")).href;
    const words = [entry, file, prompt, tokens, threads].map(String);
    const script = fileURLToPath(new URL("llama-cpp-run.mjs", import.meta.url));
    const run = spawnSync(process.execPath, [script, ...words], { encoding: "utf8" });
    if (run.status !== 0) throw new Error(run.stderr);
    const speeds = JSON.parse(run.stdout.trim().split("\n").at(-1)!) as Omit<Speeds, "bytes">;
    return { ...speeds, bytes: written.bytes! };
  } finally {
    await rm(folder, { recursive: true });
  }
}
