/** A speech model of a few thousand random weights in the layout of tessera-voice: it babbles, but every part of it runs. */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { tensor } from "../../src/engine/tensor.js";
import { openCheckpoint } from "../../src/engine/weights/open.js";
import { writeSafetensors } from "../../src/engine/weights/safetensors-write.js";
import { subset } from "../../src/engine/weights/views.js";
import { parseVoice } from "../../src/models/speech-config.js";
import { fields } from "../../src/base/fields.js";
import { s3Graph } from "../../src/tokenizers/speech/s3/speech-tokenizer.js";

const CASE = fileURLToPath(new URL("../fixtures/voice/paced", import.meta.url));

/** Rules for single letters, and a few words. */
const PRONUNCIATION = [
  ..."aAE1 bB cK dD eEH1 fF gG hHH iIH1 jJH kK lL mM nN oAA1 pP qK rR sS tT uAH1 vV wW xK yY zZ"
    .split(" ")
    .map((row) => `${row[0]}\t${row.slice(1)}`),
  "'\t",
  "",
  "hello\tHH AH0 L OW1",
  "world\tW ER1 L D",
  "b.\tB IY1",
].join("\n");

/** Writes the folder and answers its path. */
export async function tinySpeechModel(folder: string): Promise<string> {
  const golden = JSON.parse(await readFile(path.join(CASE, "case.json"), "utf8"));
  const { flowSteps: _, mostTokensOfPhone, ...described } = golden.config;
  described.languageModel.mostTokensOfPhone = mostTokensOfPhone;
  described.defaults.flowSteps = 2;
  const files = {
    languageModel: "lm.safetensors",
    flow: "flow.safetensors",
    vocoder: "vocoder.safetensors",
    tokenizer: "tokenizer.safetensors",
    pronunciation: "pronunciation.txt.gz",
  };
  await using weights = await openCheckpoint(path.join(CASE, "weights.safetensors"));
  for (const [prefix, file] of [
    ["lm/", files.languageModel],
    ["flow/", files.flow],
    ["vocoder/", files.vocoder],
  ] as const) {
    const part = subset(weights, prefix);
    const tensors = await Promise.all(
      [...part.entries.values()].map(
        async ({ name, shape }) => [name, tensor(shape, await part.floats(name))] as const,
      ),
    );
    await writeSafetensors(path.join(folder, file), tensors);
  }
  const { tokenizer } = parseVoice(fields(structuredClone(described), "tiny"), "tiny");
  const random = s3Graph(tokenizer, "equal lengths").weights.map(({ source, shape }) => {
    const size = (shape as number[]).reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: size }, (_, i) => Math.sin((i + 1) * 12.9898) * 0.3);
    return ["name" in source ? source.name : "", tensor(shape as number[], data)] as const;
  });
  await writeSafetensors(path.join(folder, files.tokenizer), random);
  await writeFile(path.join(folder, files.pronunciation), gzipSync(`${PRONUNCIATION}\n`));
  const sha256 = Object.fromEntries(
    await Promise.all(
      Object.values(files).map(async (file) => {
        const digest = createHash("sha256")
          .update(await readFile(path.join(folder, file)))
          .digest("hex");
        return [file, digest] as const;
      }),
    ),
  );
  const head = { name: "tiny-voice", revision: "1", kind: "speech", licence: "Apache-2.0" };
  await writeFile(path.join(folder, "config.json"), JSON.stringify({ ...head, ...described, files, sha256 }));
  return folder;
}
