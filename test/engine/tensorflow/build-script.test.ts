/** scripts/build-tensorflow.sh with stand-ins for npm, node-gyp and TensorFlow: what it refuses, what it leaves where a step fails, what it puts where. */
import { spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, readlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../support/temporary-folder.js";

const SCRIPT = fileURLToPath(new URL("../../../scripts/build-tensorflow.sh", import.meta.url));
const root = temporaryFolder();
let [number, folder] = [0, ""];

async function write(path: string, text: string): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  await chmod(file, 0o755);
}

/** A package that multiplies, as npm would install it below `--prefix`. */
const NPM = `#!/usr/bin/env bash
[ -n "\${NO_NETWORK:-}" ] && { echo "npm error ENOTFOUND" >&2; exit 1; }
name=\${!#}; to="$3/node_modules/\${name%@*}"
mkdir -p "$to" && echo "{}" > "$to/package.json"
echo 'exports.matMul = ([[a, b]], [[c], [d]]) => ({ dataSync: () => [a * c + b * d] });' > "$to/index.js"
`;

beforeEach(async () => {
  folder = join(root, String(number++));
  await write("environment/lib/tensorflow/libtensorflow_cc.so.2", "");
  await write("node/include/node/node_api.h", "");
  await write("npm/bin/npm", NPM);
  await write("npm/node_modules/node-gyp/bin/node-gyp.js", "process.exit(Number(process.env.GYP ?? 0));");
  for (const name of ["make", "g++", "python3"]) await write(`npm/bin/${name}`, "#!/bin/sh\n");
  await mkdir(join(folder, "project"));
});

function build(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const PATH = `${join(folder, "npm/bin")}:${dirname(process.execPath)}:/usr/bin:/bin`;
  const options = { encoding: "utf8", cwd: folder, env: { PATH, NODE_PREFIX: join(folder, "node"), ...env } } as const;
  const { status, stdout, stderr } = spawnSync("bash", [SCRIPT, ...words], options);
  return { status, said: (stdout + stderr).trim().replaceAll(folder, "FOLDER") };
}
const built = () => readdir(join(folder, "project"), { recursive: true });

describe.skipIf(process.platform === "win32")("build-tensorflow.sh", () => {
  test.each([
    [[], 2, "usage: build-tensorflow.sh TENSORFLOW [FOLDER] [tfjs-node | tfjs-node-gpu]"],
    [["nowhere"], 1, "There is no folder nowhere: name a virtual environment with tensorflow or tensorflow-cpu."],
    [["environment", "nowhere"], 1, "There is no folder nowhere: name the one where node_modules lies."],
    [["environment", "project", "tfjs"], 2, "There is no tfjs: name tfjs-node or tfjs-node-gpu."],
    [["node", "project"], 1, "No libtensorflow_cc.so.2 below node: install tensorflow or tensorflow-cpu there."],
  ])("%j is refused", async (words, status, said) => {
    expect(build(words)).toEqual({ status, said });
    expect(await built()).toEqual([]);
  });

  test("headers of Node that are missing are refused", async () => {
    const { status, said } = build(["environment", "project"], { NODE_PREFIX: "/nowhere" });
    expect({ status, said }).toEqual({
      status: 1,
      said: "No node_api.h below /nowhere/include/node: set NODE_PREFIX.",
    });
  });

  test("a download that fails leaves nothing behind", async () => {
    const { status, said } = build(["environment", "project"], { NO_NETWORK: "1" });
    expect(status).toBe(1);
    expect(said).toMatch(
      /npm could not install @tensorflow\/tfjs-node@[\d.]+; nothing was written to FOLDER\/project\.$/,
    );
    expect(await built()).toEqual([]);
  });

  test("a build that fails says what is there", () => {
    const { status, said } = build(["environment", "project"], { GYP: "1" });
    expect(status).toBe(1);
    expect(said).toMatch(
      /could not build the addon\. FOLDER\/project\/node_modules\/@tensorflow\/tfjs-node holds the package/,
    );
  });

  test.each(["tfjs-node", "tfjs-node-gpu"])(
    "%s is built on the library of the environment, and tried",
    async (name) => {
      const { status, said } = build(["environment", "project", name]);
      expect({ status, said }).toEqual({
        status: 0,
        said: `@tensorflow/${name} runs here; the device is called "tensorflow".`,
      });
      const library = join(folder, `project/node_modules/@tensorflow/${name}/deps/lib/libtensorflow.so`);
      expect(await readlink(library)).toBe(join(folder, "environment/lib/tensorflow/libtensorflow_cc.so.2"));
    },
  );
});
