/** Speech from end to end, with a tiny voice of random weights. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import wavefile from "wavefile";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { encodeSpeech } from "../../src/audio/encode-speech.js";
import { speakCommand } from "../../src/cli/speak.js";
import { generateSpeech, streamSpeech } from "../../src/audio/generate-speech.js";
import type { SpeechEvent, SpeechResult } from "../../src/audio/events.js";
import { verifySpeech } from "../../src/audio/verify-speech.js";
import { encodeWav, readSpeechMarking } from "../../src/audio/encode.js";
import type { GeneratedSpeech, HeardSpeech } from "../../src/audio/generated-speech.js";
import { loudnessOf } from "../../src/audio/loudness.js";
import { parseSpeechManifest } from "../../src/audio/manifest.js";
import { loadSpeechModel, type SpeechModel } from "../../src/audio/model.js";
import { markingOf, TRAINED_ALGORITHMIC_MEDIA } from "../../src/media/marking.js";
import { conformMedium } from "../media/conform-medium.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { tinySpeechModel } from "../support/tiny-speech-model.js";

const folder = temporaryFolder();
let model: SpeechModel;
beforeAll(async () => {
  model = await loadSpeechModel(await tinySpeechModel(folder), { device: "cpu", threads: 1 });
}, 60_000);
afterAll(() => model.close());

conformMedium("speech", {
  load: async () => loadSpeechModel(await tinySpeechModel(folder), { device: "cpu", threads: 1 }),
  stream: (options) => streamSpeech({ text: "Hello, world.", ...options }),
  items: ({ speeches }: SpeechResult) => speeches,
  itemOf: (event) =>
    event.type === "speech-end" ? (event as Extract<SpeechEvent, { type: "speech-end" }>).speech : undefined,
  fingerprint: ({ manifest }) => manifest.sound.pcmSha256,
  ending: "wav",
  ordered: false,
  outOfRange: { temperature: -1 },
  parseManifest: parseSpeechManifest,
  verify: (manifest, model: SpeechModel) => verifySpeech(manifest, { model }),
});

const TEXT =
  "Hello, world. Big boats bob, and 3 dogs dig; a long sentence it is, to fill several chunks of tokens with sound!";

test("pieces of a stream in a row are the whole, and the same seed gives the same sound", async () => {
  const pieces: Float32Array[] = [];
  let streamed: Float32Array | undefined;
  let ends = 0;
  for await (const event of streamSpeech({ model, text: TEXT, seed: 3 })) {
    if (event.type === "speech-chunk") {
      expect(event.start).toBeCloseTo(pieces.reduce((sum, { length }) => sum + length, 0) / model.sampleRate, 9);
      pieces.push(event.samples);
    }
    if (event.type === "speech-end") {
      ends++;
      streamed = event.speech.samples;
    }
  }
  const { speeches } = await generateSpeech({ model, text: TEXT, seed: 3 });
  expect(ends).toBe(1);
  expect(pieces.length).toBeGreaterThan(4);
  expect(Float32Array.from(pieces.flatMap((piece) => [...piece]))).toEqual(streamed);
  expect(speeches[0]!.samples).toEqual(streamed);
  expect(speeches[0]!.samples.length).toBe(speeches[0]!.ids.length * model.tokenSamples);
  expect(speeches[0]!.samples.some((x) => x !== 0)).toBe(true);
  const other = await generateSpeech({ model, text: TEXT, seed: 4 });
  expect(other.speeches[0]!.samples).not.toEqual(streamed);
}, 120_000);

test("a stream that keeps no sound gives the same pieces, and a manifest that is that of the sound", async () => {
  let samples = 0;
  let heard: HeardSpeech | undefined;
  for await (const event of streamSpeech({ model, text: "Hello, world.", seed: 3, keep: "times" })) {
    if (event.type === "speech-chunk") samples += event.samples.length;
    if (event.type === "run-end") heard = event.result.speeches[0];
  }
  const { speeches } = await generateSpeech({ model, text: "Hello, world.", seed: 3 });
  expect(speeches[0]).toMatchObject(heard!);
  expect(Object.keys(heard!)).not.toContain("samples");
  expect(samples).toBe(speeches[0]!.samples.length);
  const refused = (options: object) => expect(streamSpeech({ model, text: "hi", ...options } as never).next()).rejects;
  await refused({ keep: "times", loudness: -16 }).toMatchObject({ argument: "loudness" });
  await refused({ keep: "all" }).toMatchObject({ argument: "keep" });
}, 60_000);

test("item 1 of two is item 1 alone", async () => {
  const both = await generateSpeech({ model, text: "Hello, world.", n: 2, seed: 5 });
  const alone = await generateSpeech({ model, text: "Hello, world.", n: 1, firstIndex: 1, seed: 5 });
  expect(alone.speeches[0]!.samples).toEqual(both.speeches[1]!.samples);
  expect(both.speeches[0]!.samples).not.toEqual(both.speeches[1]!.samples);
}, 60_000);

test("text in pieces is spoken like the text as a whole", async () => {
  async function* words() {
    for (const word of TEXT.split(/(?<= )/)) yield word;
  }
  const whole = await generateSpeech({ model, text: TEXT, seed: 1 });
  const pieces = await generateSpeech({ model, text: words(), seed: 1 });
  expect(pieces.speeches[0]!.ids).toEqual(whole.speeches[0]!.ids);
  expect(pieces.speeches[0]!.samples).toEqual(whole.speeches[0]!.samples);
  expect(pieces.speeches[0]!.manifest.subject.text).toBe(TEXT);
}, 120_000);

test("words and phones follow each other and cover the sound", async () => {
  const { speeches } = await generateSpeech({ model, text: "Hello, world. B 3.", seed: 2 });
  const { words, phones, duration } = speeches[0]!;
  expect(words.map(({ text }) => text)).toEqual(["Hello", "world", "B", "3"]);
  expect(phones.map(({ phone }) => phone).join(" ")).toContain("^ HH AH0 L OW1 , W ER1 L D .");
  for (const row of [words, phones])
    row.reduce(
      (end, timed) => (
        expect(timed.start).toBeGreaterThanOrEqual(end - 1e-9),
        expect(timed.end).toBeGreaterThanOrEqual(timed.start),
        timed.end
      ),
      0,
    );
  expect(phones.at(-1)!.end).toBeCloseTo(duration, 6);
});

test("speed changes the length and nothing that is said", async () => {
  const [plain, fast] = await Promise.all(
    [1, 2].map((speed) => generateSpeech({ model, text: "Hello, world.", seed: 1, speed })),
  );
  expect(fast!.speeches[0]!.ids).toEqual(plain!.speeches[0]!.ids);
  expect(fast!.speeches[0]!.duration / plain!.speeches[0]!.duration).toBeCloseTo(0.5, 1);
});

test("the file is marked, has a manifest, and can be made again", async () => {
  const { speeches } = await generateSpeech({ model, text: "Hello, world.", seed: 7, voice: "rms" });
  const file = path.join(folder, "hello.wav");
  expect(await speeches[0]!.save(file, { manifest: true })).toEqual([file, `${file}.json`]);
  const bytes = await readFile(file);
  const wav = new wavefile.WaveFile(bytes);
  expect(wav.fmt).toMatchObject({ numChannels: 1, sampleRate: 16000, bitsPerSample: 16 });
  expect(readSpeechMarking(bytes)).toMatchObject({
    digitalSourceType: TRAINED_ALGORITHMIC_MEDIA,
    model: "tiny-voice 1",
    prompt: "Hello, world.",
  });
  const manifest = parseSpeechManifest(JSON.parse(await readFile(`${file}.json`, "utf8")));
  expect(manifest.subject).toEqual({ text: "Hello, world.", voice: "rms", speed: 1, loudness: null });
  expect(await verifySpeech(manifest, { model })).toMatchObject({ same: true, differences: [] });
  const altered = { ...manifest, seed: 8 };
  expect((await verifySpeech(altered, { model })).same).toBe(false);
});

test("loudness is reached, told in the manifest, and leaves a stream without pieces", async () => {
  const types: string[] = [];
  let speech: GeneratedSpeech | undefined;
  for await (const event of streamSpeech({ model, text: "Hello, world.", loudness: -40 })) {
    types.push(event.type);
    if (event.type === "speech-end") speech = event.speech;
  }
  expect(types).not.toContain("speech-chunk");
  expect(loudnessOf(speech!).integrated).toBeCloseTo(-40, 3);
  expect(speech!.manifest.subject.loudness).toBe(-40);
  expect((await verifySpeech(speech!.manifest, { model })).same).toBe(true);
  const loud = await generateSpeech({ model, text: "Hello, world.", loudness: 0 });
  expect(loud.warnings).toHaveLength(1);
  expect(loudnessOf(loud.speeches[0]!).truePeak).toBeCloseTo(-1, 3);
  await expect(generateSpeech({ model, text: "hi", loudness: 3 })).rejects.toMatchObject({ argument: "loudness" });
});

test("bad input is refused, and what cannot be spoken is named", async () => {
  const refused = (options: object) => expect(generateSpeech({ model, ...options } as never)).rejects;
  await refused({ text: "" }).toMatchObject({ code: "argument", argument: "text" });
  await refused({ text: "🙂 你好" }).toMatchObject({ code: "argument", argument: "text" });
  await refused({ text: "a".repeat(1_000_001) }).toMatchObject({ code: "argument" });
  await refused({ text: 7 }).toMatchObject({ code: "argument", argument: "text" });
  await refused({ text: "hi", voice: "nobody" }).toMatchObject({ code: "unknown-name" });
  await refused({ text: "hi", speed: 3 }).toMatchObject({ code: "argument", argument: "speed" });
  await refused({ text: "hi", format: "mid" }).toMatchObject({ code: "argument", argument: "format" });
  const { warnings } = await generateSpeech({ model, text: "Hello 🙂 你好", seed: 0 });
  expect(warnings).toHaveLength(1);
});

test("a text of any length begins to be spoken, and scripts that are not spoken are left out", async () => {
  const texts = ["Bob dug. ".repeat(110_000), "Bob dug and ".repeat(80_000)];
  for (const text of [...texts, chunksOf(texts[0]!)]) {
    let looked = 0;
    const sentences: typeof model.voice.sentences = (text) => {
      looked += text.length;
      return model.voice.sentences(text);
    };
    const watched = { ...model, voice: { ...model.voice, sentences } };
    let total = 0;
    for await (const event of streamSpeech({ model: watched, text, keep: "times" })) {
      if (event.type === "speech-chunk") break; // leaving the loop stops the work
      total++;
    }
    expect(total).toBeGreaterThan(0);
    expect(looked).toBeLessThan(1000); // characters, of nearly a million
  }
  const [mixed, latin] = await Promise.all(
    ["Hello мир, world 世界.", "Hello, world."].map((text) => generateSpeech({ model, text, seed: 2 })),
  );
  expect(mixed!.speeches[0]!.words.map(({ text }) => text)).toEqual(["Hello", "world"]);
  expect(mixed!.warnings).toHaveLength(1);
  expect(latin!.warnings).toEqual([]);
}, 60_000);

test("a format without its ffmpeg is refused, and nothing is written", async () => {
  const file = path.join(folder, "hello.mp3");
  const missing = path.join(folder, "no-such-program");
  vi.stubEnv("FFMPEG_PATH", missing);
  try {
    const speaking = generateSpeech({ model, text: "Hello.", format: "mp3" });
    await expect(speaking).rejects.toMatchObject({ code: "tool", tool: missing });
  } finally {
    vi.unstubAllEnvs();
  }
  expect(existsSync(file)).toBe(false);
});

test("a signal stops the speech between two tokens, and leaves no file", async () => {
  const stop = new AbortController();
  const run = async () => {
    for await (const event of streamSpeech({ model, text: TEXT, signal: stop.signal }))
      if (event.type === "tokens-accept" && event.done === 5) stop.abort(new Error("enough"));
  };
  await expect(run()).rejects.toThrow("enough");
  const file = path.join(folder, "none.wav");
  expect(existsSync(file)).toBe(false);
});

test("WAV holds the samples as 16-bit integers", () => {
  const pcm = Int16Array.of(0, 1, -32767, 32767);
  const wav = new wavefile.WaveFile(encodeWav(pcm, 8000, markingOf({ model: null, prompt: null, seed: 1, index: 0 })));
  expect(Array.from(wav.getSamples(false, Int16Array) as unknown as Int16Array)).toEqual([...pcm]);
});

test("recordings of any rate become tokens; what is no WAV file is refused", async () => {
  const samples = Float32Array.from({ length: 8000 }, (_, i) => 0.3 * Math.sin(i / 3));
  const ids = await encodeSpeech({ model, audio: { samples, sampleRate: 8000 } });
  expect(ids.length).toBe(25);
  const pcm = Int16Array.from(samples, (x) => Math.round(x * 32767));
  const wav = encodeWav(pcm, 8000, markingOf({ model: null, prompt: null, seed: 0, index: 0 }));
  expect((await encodeSpeech({ model, audio: wav })).length).toBe(25);
  const silent = await encodeSpeech({ model, audio: { samples: new Float32Array(16000 * 31), sampleRate: 16000 } });
  expect(silent.length).toBe(31 * 25);
  const refused = (audio: unknown) => expect(encodeSpeech({ model, audio } as never)).rejects;
  await refused(path.join(folder, "nothing.wav")).toMatchObject({ code: "input" });
  await refused(new Uint8Array(100)).toMatchObject({ code: "argument" });
  await refused(wav.subarray(0, 20)).toMatchObject({ code: "argument" });
  await refused({ samples: new Float32Array(50), sampleRate: 16000 }).toMatchObject({ code: "argument" });
}, 60_000);

test("tessera speak writes the file and says what it wrote", async () => {
  const file = path.join(folder, "said.wav");
  const run = (...words: string[]) =>
    speakCommand({ signal: new AbortController().signal }).parseAsync([...words, "--model", folder, "--threads", "1"], {
      from: "user",
    });
  let out = "";
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  try {
    await run("Hello, world.", "-o", file, "--json");
  } finally {
    spy.mockRestore();
  }
  expect(JSON.parse(out)).toMatchObject({ path: file, manifest: `${file}.json`, mediaType: "audio/wav" });
  expect(existsSync(file)).toBe(true);
  await expect(run("Hello", "--like", file)).rejects.toMatchObject({ argument: "voice" }); // this model does not clone
  await expect(run("Hello", "--transcript", "hi")).rejects.toMatchObject({ argument: "--transcript" });
  await expect(run("Hello", "--like", file, "--voice", "rms")).rejects.toMatchObject({ argument: "--like" });
  await expect(run("Hello", "-o", path.join(folder, "said.doc"))).rejects.toMatchObject({ argument: "--output" });
}, 60_000);

async function* chunksOf(text: string): AsyncGenerator<string, void, void> {
  for (let at = 0; at < text.length; at += 2 ** 16) yield text.slice(at, at + 2 ** 16);
}
