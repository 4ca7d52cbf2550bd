/** CosyVoice from folders of the published layout, in small: named and recorded voices, streaming, what is refused. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadCosyvoice } from "../../src/audio/cosyvoice.js";
import { encodeSpeech } from "../../src/audio/encode-speech.js";
import { generateSpeech, streamSpeech } from "../../src/audio/generate-speech.js";
import { loadSpeechModel, type SpeechModel } from "../../src/audio/model.js";
import { LOAD_DEFAULTS } from "../../src/media/load.js";
import { COSYVOICE_CONFIGS, cosyvoiceOf } from "../../src/models/cosyvoice.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { tinyCosyvoice, tinyCosyvoiceConfig } from "../support/tiny-cosyvoice.js";
import { verifySpeech } from "../../src/audio/verify-speech.js";

const folder = temporaryFolder();

/** A second of a rising hum. */
const samples = Float32Array.from({ length: 16_000 }, (_, i) => 0.3 * Math.sin(i * (0.05 + i * 1e-6)));
const audio = { samples, sampleRate: 16_000 };
const TEXT = "Hi, it is 5 o'clock.";

describe.each(["cosyvoice.yaml", "cosyvoice2.yaml", "cosyvoice3.yaml"] as const)("%s", (yaml) => {
  const place = join(folder, yaml.slice(0, -5));
  let model: SpeechModel;
  beforeAll(async () => {
    await mkdir(place);
    const config = tinyCosyvoiceConfig(yaml);
    await tinyCosyvoice(place, config);
    model = await loadCosyvoice(place, config, { ...LOAD_DEFAULTS, device: "cpu", threads: 1 });
  }, 60_000);
  afterAll(() => model.close());

  test("a voice of its own speaks, and pieces in a row are the whole", async () => {
    const pieces: number[] = [];
    for await (const event of streamSpeech({ model, text: TEXT, seed: 3 }))
      if (event.type === "speech-chunk") pieces.push(...event.samples);
    const { speeches } = await generateSpeech({ model, text: TEXT, seed: 3, voice: "anna" });
    expect(pieces.length).toBeGreaterThan(0);
    expect([...speeches[0]!.samples]).toEqual(pieces);
    expect(speeches[0]!.samples.every(Number.isFinite)).toBe(true);
    // Frames of generation 1 are of no whole number of tokens: what is left over of one is not heard.
    const left = speeches[0]!.ids.length * model.tokenSamples - speeches[0]!.samples.length;
    expect(left).toBeGreaterThanOrEqual(0);
    expect(left).toBeLessThan(yaml === "cosyvoice.yaml" ? 3 * 256 : 1);
    expect(speeches[0]!.words).toEqual([]);
    const again = await generateSpeech({ model, text: TEXT, seed: 4 });
    expect(again.speeches[0]!.ids).not.toEqual(speeches[0]!.ids);
  }, 60_000);

  test("a recording speaks: with its transcript, alone, or instructed, and each is another", async () => {
    const voices = [{ audio, text: "A hum." }, { audio }, { audio, instruction: "Whisper." }];
    const made = await Promise.all(voices.map((voice) => generateSpeech({ model, text: "Yes.", voice, seed: 1 })));
    const labels = made.map(({ speeches }) => speeches[0]!.manifest.subject.voice);
    expect(new Set(labels).size).toBe(3);
    for (const label of labels) expect(label).toMatch(/^recording [0-9a-f]{64}$/);
    const heard = made.map(({ speeches }) => speeches[0]!.samples.join());
    expect(new Set(heard).size).toBe(3);
    // Of generation 1 an instruction of a few letters hardly moves a network of such weights.
    const ids = made.map(({ speeches }) => speeches[0]!.ids.join());
    expect(new Set(ids).size).toBeGreaterThanOrEqual(yaml === "cosyvoice.yaml" ? 2 : 3);
    const { manifest } = made[0]!.speeches[0]!;
    expect((await verifySpeech(manifest, { model, voice: voices[0]! })).same).toBe(true);
    expect((await verifySpeech(manifest, { model, voice: voices[1]! })).same).toBe(false);
  }, 60_000);

  test("a recording at 8 kHz speaks, with a warning that it is dull", async () => {
    const narrow = { samples: samples.filter((_, i) => i % 2 === 0), sampleRate: 8000 };
    const heard = await generateSpeech({ model, text: "Yes.", voice: { audio: narrow, text: "A hum." }, seed: 1 });
    expect(heard.speeches[0]!.samples.length).toBeGreaterThan(0);
    expect(heard.warnings).toEqual([{ type: "other", message: expect.stringMatching(/8000 Hz.*4000 Hz.*16000 Hz/) }]);
  }, 60_000);

  test("recordings become ids by the file of the tokenizer", async () => {
    const ids = await encodeSpeech({ model, audio });
    expect(ids.length).toBe(25);
    expect(new Set(ids).size).toBeGreaterThan(1);
  });

  test("what cannot be is refused", async () => {
    const refused = (options: object) => expect(generateSpeech({ model, text: TEXT, ...options } as never)).rejects;
    const silent = { samples: new Float32Array(16_000), sampleRate: 16_000 };
    await refused({ voice: { audio: silent } }).toMatchObject({ argument: "voice.audio" });
    await refused({ voice: { audio: Buffer.from("RIFF....WAVEfmt ") } }).toMatchObject({ code: "argument" });
    await refused({ voice: { audio: { samples: samples.subarray(0, 4000), sampleRate: 16_000 } } }).toThrow(/0.5 s/);
    await refused({ voice: { audio: { samples: new Float32Array(31 * 8000), sampleRate: 8000 } } }).toThrow(
      /at most 30 s/,
    );
    await refused({ voice: { audio, text: "a", instruction: "b" } }).toMatchObject({ argument: "voice.instruction" });
    await refused({ voice: { audio, txt: "a" } }).toMatchObject({ code: "argument" });
    await refused({ voice: "nobody" }).toMatchObject({ code: "unknown-name" });
    await refused({ text: "…" }).toMatchObject({ argument: "text" });
  });
});

test("a folder is known by the name of its YAML file, and a small one does not pass for the published model", async () => {
  const place = join(folder, "cosyvoice2");
  expect(await cosyvoiceOf(place)).toBe(COSYVOICE_CONFIGS["cosyvoice2.yaml"]);
  expect(await cosyvoiceOf("tessera-voice")).toBeNull();
  await expect(loadSpeechModel(place, { device: "cpu", threads: 1 })).rejects.toThrow(/spk2info.pt.*12 numbers/);
  await rm(join(place, "spk2info.pt"));
  await expect(loadSpeechModel(place, { device: "cpu", threads: 1 })).rejects.toMatchObject({ code: "weights" });
  const small = { ...LOAD_DEFAULTS, device: "cpu", threads: 1 } as const;
  const model = await loadCosyvoice(place, tinyCosyvoiceConfig("cosyvoice2.yaml"), small);
  expect(model.defaults.voice).toBeNull();
  await expect(generateSpeech({ model, text: TEXT })).rejects.toThrow(/no voice of its own/);
  await model.close();
  await rm(join(place, "hift.pt"));
  await expect(loadSpeechModel(place)).rejects.toMatchObject({ code: "checkpoint" });
}, 60_000);
