/** pocket-tts from a folder as its authors publish it, in small: the sound of the authors' own code (make-pocket-tts.py), and what is refused. */
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeSpeech } from "../../src/audio/encode-speech.js";
import { generateSpeech, streamSpeech } from "../../src/audio/generate-speech.js";
import { loadSpeechModel, type SpeechModel } from "../../src/audio/model.js";
import { openCheckpoint } from "../../src/engine/weights/open.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { verifySpeech } from "../../src/audio/verify-speech.js";

const fixture = fileURLToPath(new URL("../fixtures/pocket-tts", import.meta.url));
const cpu = { device: "cpu", threads: 1 } as const;
const expected = await openCheckpoint(join(fixture, "expected.safetensors"));
const textOf = async (number: number) => Buffer.from(await expected.bytes(`text.${number}`)).toString();
let model: SpeechModel;
let audio: { samples: Float32Array; sampleRate: number };

beforeAll(async () => {
  model = await loadSpeechModel(fixture, cpu);
  audio = { samples: await expected.floats("recording"), sampleRate: 24_000 };
}, 60_000);
afterAll(async () => {
  await model.close();
  await expected.close();
});

/** The largest difference of two sounds of one length. */
function distance(made: Float32Array, wanted: Float32Array): number {
  expect(made.length).toBe(wanted.length);
  return made.reduce((most, x, i) => Math.max(most, Math.abs(x - wanted[i]!)), 0);
}

describe.each([0, 1, 2])("text %i without noise is the sound of the authors' code", (number) => {
  test("with a voice of the folder", async () => {
    const made = await generateSpeech({ model, text: await textOf(number), temperature: 0 });
    expect(distance(made.speeches[0]!.samples, await expected.floats(`voice.${number}`))).toBeLessThan(2e-6);
    expect(made.speeches[0]!.manifest.subject.voice).toBe("anna");
    expect(made.warnings).toEqual([]);
  });

  test("with a recording", async () => {
    const made = await generateSpeech({ model, text: await textOf(number), voice: { audio }, temperature: 0 });
    expect(distance(made.speeches[0]!.samples, await expected.floats(`recording.${number}`))).toBeLessThan(2e-6);
  });
});

test("noise follows the seed, pieces in a row are the whole, and a manifest makes the same again", async () => {
  const text = "Hello, world! Is the sea deep?";
  const pieces: number[] = [];
  for await (const event of streamSpeech({ model, text, seed: 3 }))
    if (event.type === "speech-chunk") pieces.push(...event.samples);
  const { speeches, usage } = await generateSpeech({ model, text, seed: 3, voice: "anna" });
  const [speech] = speeches;
  expect([...speech!.samples]).toEqual(pieces);
  expect(speech!.samples.length).toBe(usage.outputTokens * model.tokenSamples);
  expect(speech!.samples.every((x) => Math.abs(x) <= 1)).toBe(true);
  expect(speech!.ids.length).toBe(0);
  const other = await generateSpeech({ model, text, seed: 4 });
  expect(other.speeches[0]!.samples).not.toEqual(speech!.samples);
  expect((await verifySpeech(speech!.manifest, { model })).same).toBe(true);
});

test("a long sentence is spoken in parts that the model was taught", async () => {
  const clause = "three red apples lie on a white table";
  const text = `${Array.from({ length: 4 }, () => clause).join("; ")}, ${"sea ".repeat(30)}.`;
  const { parts } = model.voice.sentences(text);
  expect(parts.length).toBeGreaterThan(2);
  for (const { inputTokens } of parts) expect(inputTokens).toBeLessThanOrEqual(50);
  expect(model.voice.sentences("… — !").parts).toEqual([]);
});

test("what a recording says is not read, and a warning says so", async () => {
  const heard = await generateSpeech({ model, text: "Yes.", voice: { audio, text: "A hum." } });
  expect(heard.warnings).toEqual([{ type: "other", message: expect.stringMatching(/does not read what is said/) }]);
});

test("what cannot be is refused", async () => {
  const refused = (options: object) => expect(generateSpeech({ model, text: "Yes.", ...options } as never)).rejects;
  await refused({ speed: 1.5 }).toMatchObject({ argument: "speed" });
  await refused({ topP: 0.5 }).toMatchObject({ argument: "topP" });
  await refused({ voice: "nobody" }).toMatchObject({ code: "unknown-name" });
  await refused({ voice: { audio, instruction: "Whisper." } }).toMatchObject({ argument: "voice.instruction" });
  await refused({ voice: { audio: { ...audio, samples: audio.samples.subarray(0, 6000) } } }).toThrow(/0.5 s/);
  await refused({ text: "…" }).toMatchObject({ argument: "text" });
  await expect(encodeSpeech({ model, audio })).rejects.toThrow(/speaks in tokens/);
});

describe("a folder", () => {
  const place = join(temporaryFolder(), "english");
  const loading = () => loadSpeechModel(place, cpu);
  const rewrite = async (file: string, change: (text: string) => string) =>
    writeFile(join(place, file), change(await readFile(join(fixture, file), "utf8")));

  test("without a configuration, with another one, or with parts of others is refused", async () => {
    await cp(fixture, place, { recursive: true });
    await rewrite("tiny.yaml", (text) => text.replace("num_layers: 2", "num_layers: 3"));
    await expect(loading()).rejects.toThrow(/missing +transformer.layers.2/);
    await rewrite("tiny.yaml", (text) => text.replace("n_bins: ", "n_bins: 1"));
    await expect(loading()).rejects.toThrow(/pieces for 1\d+ rows/);
    await rewrite("tiny.yaml", (text) => text.replace("pad_mode: constant", "pad_mode: reflect"));
    await expect(loading()).rejects.toMatchObject({ argument: expect.stringMatching(/seanet.pad_mode/) });
    await rewrite("tiny.yaml", (text) => `${text}temperature: 1\n`);
    await expect(loading()).rejects.toThrow(/temperature/);
    await rewrite("tiny.yaml", (text) => `${text}: [`);
    await expect(loading()).rejects.toThrow(/is not YAML/);
    await rm(join(place, "tiny.yaml"));
    await expect(loading()).rejects.toThrow(/english.yaml/);
  });

  test("without voices speaks by recordings alone, and one with voices of another model says so", async () => {
    await rewrite("tiny.yaml", (text) => text);
    await cp(join(fixture, "model.safetensors"), join(place, "embeddings", "anna.safetensors"));
    await using wrong = await loading();
    await expect(generateSpeech({ model: wrong, text: "Yes." })).rejects.toThrow(/self_attn\/cache is \[\]/);
    await rm(join(place, "embeddings"), { recursive: true });
    await using bare = await loading();
    await expect(generateSpeech({ model: bare, text: "Yes." })).rejects.toThrow(/no voice of its own/);
    const { speeches } = await generateSpeech({ model: bare, text: "Yes.", voice: { audio } });
    expect(speeches[0]!.samples.length).toBeGreaterThan(0);
  });
});
