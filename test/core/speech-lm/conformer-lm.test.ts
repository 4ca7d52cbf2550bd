/** The language model of CosyVoice 1: a sequence fed in any passes is the sequence fed in one. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ConformerLmConfig, conformerLmGraph, frontGraph } from "../../../src/core/speech-lm/conformer-lm.js";
import { bodyInputs, frontInputs, openConformerLm } from "../../../src/core/speech-lm/open-conformer-lm.js";
import type { Engine } from "../../../src/engine/engine.js";
import { openEngine } from "../../../src/engine/open.js";
import type { FloatTensor } from "../../../src/engine/tensor.js";
import type { Checkpoint } from "../../../src/engine/weights/checkpoint.js";
import { openCheckpoint } from "../../../src/engine/weights/open.js";

const sizes = { width: 24, heads: 2, hidden: 48, layers: 2 };
const config: ConformerLmConfig = {
  ...{ text: { vocabulary: 40, width: 16 }, encoder: sizes, body: sizes, speech: 30, speaker: 20 },
};
const prompt = { text: [1, 2, 3], promptText: [4], promptSpeech: [5, 6], speaker: new Float32Array(20).fill(0.1) };
const IDS = [7, 0, 29, 7, 7, 3, 12, 9, 15, 2, 21];

let engine: Engine;
let weights: Checkpoint;
beforeAll(async () => {
  engine = await openEngine({ device: "cpu", threads: 1 });
  weights = await openCheckpoint(
    fileURLToPath(new URL("../../fixtures/speech/lm-v1/weights.safetensors", import.meta.url)),
  );
});
afterAll(async () => {
  await weights.close();
  await engine.close();
});

/** Logits behind every place, fed in passes of so many places. */
async function logits(front: FloatTensor, passes: readonly number[]): Promise<number[]> {
  await using program = await engine.compile(conformerLmGraph(config), weights);
  await using memory = await program.allocate({ S: 100 });
  const out: number[] = [];
  let rest = [...IDS];
  for (const [i, count] of passes.entries()) {
    const ids = rest.slice(0, count);
    rest = rest.slice(count);
    const lead = i === 0 ? front : null;
    const asked = Array.from({ length: (lead?.shape[1] ?? 0) + count }, (_, t) => t);
    const at = { filled: memory.length, visible: memory.visible };
    out.push(...((await program.run(bodyInputs(config, lead, ids, at, asked), memory)).logits!.data as Float32Array));
  }
  return out;
}

test("passes of several places behind others say what one pass says", async () => {
  await using program = await engine.compile(frontGraph(config, "with speaker"), weights);
  const front = (await program.run(frontInputs(config, prompt))).rows as FloatTensor;
  const whole = await logits(front, [11]);
  for (const passes of [
    [0, 4, 7],
    [3, 1, 1, 5, 1],
  ]) {
    const pieces = await logits(front, passes);
    expect(pieces.length).toBe(whole.length);
    for (const [i, x] of pieces.entries()) expect(x).toBeCloseTo(whole[i]!, 4);
  }
});

test("who speaks counts, and nobody may", async () => {
  await using model = await openConformerLm(engine, config, weights);
  const first = async (speaker: Float32Array | null) => {
    await using line = await model.begin({ ...prompt, speaker }, 5);
    return [...line.first];
  };
  const [one, other, nobody] = await Promise.all([
    first(prompt.speaker),
    first(prompt.speaker.map((x, i) => x + i)),
    first(null),
  ]);
  expect(one).not.toEqual(other);
  expect(one).not.toEqual(nobody);
  await model.close();
  await expect(first(null)).rejects.toMatchObject({ code: "closed" });
});
