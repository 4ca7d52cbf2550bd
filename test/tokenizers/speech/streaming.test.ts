/** Speech in pieces is the speech as a whole: chunk masks of the flow, causal layers of the vocoder. */
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readFile } from "node:fs/promises";
import type { Engine } from "../../../src/engine/engine.js";
import { openEngine } from "../../../src/engine/open.js";
import { type FloatTensor, tensor } from "../../../src/engine/tensor.js";
import { melSpeed } from "../../../src/tokenizers/speech/audio/mel-speed.js";
import { seededNoise } from "../../../src/tokenizers/speech/flow/start-noise.js";
import { openFlowDecoder } from "../../../src/tokenizers/speech/flow/flow-decoder.js";
import { encoderGraph, estimatorGraph } from "../../../src/tokenizers/speech/flow/flow-graphs.js";
import { type ChunkedConfig, remembers, repeatingStream } from "../../../src/tokenizers/speech/flow/flow-stream.js";
import { hiftGraphs, openHift } from "../../../src/tokenizers/speech/vocoder/hift.js";
import { HIFT_CONFIGS, type HiftConfig } from "../../../src/tokenizers/speech/vocoder/hift-config.js";
import { openCheckpoint } from "../../../src/engine/weights/open.js";
import { memoryCheckpoint } from "../../../src/engine/weights/stored.js";
import { parseSpeechModelConfig, type SpeechModelConfig } from "../../../src/models/speech-config.js";
import { wavyWeights } from "../../support/random-weights.js";
import { framesBetween } from "../../../src/tokenizers/speech/frames.js";
import { hiftStream } from "../../../src/tokenizers/speech/vocoder/hift-stream.js";
import { temporaryFolder } from "../../support/temporary-folder.js";
import { tinySpeechModel } from "../../support/tiny-speech-model.js";

const folder = temporaryFolder();
let engine: Engine;
let config: SpeechModelConfig;
beforeAll(async () => {
  engine = await openEngine({ device: "cpu", threads: 1 });
  await tinySpeechModel(folder);
  config = parseSpeechModelConfig(JSON.parse(await readFile(path.join(folder, "config.json"), "utf8")), "config.json");
}, 60_000);
afterAll(() => engine.close());

const largest = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
};

const SMALL = { vocabulary: 50, speaker: 4, mels: 16, tokenRate: 25, steps: 2, framesPerToken: 2, chunk: 5 };
const decoders: readonly ChunkedConfig[] = [
  {
    ...{ ...SMALL, generation: 2, guidance: 0.7 },
    encoder: { width: 16, heads: 2, hidden: 24, layers: 2, upLayers: 1 },
    estimator: { channels: [16], transformers: 1, middles: 1, heads: 2, headSize: 8 },
  },
  {
    ...{ ...SMALL, generation: 3, guidance: 0, lookaheadChannels: 12 },
    estimator: { width: 24, layers: 2, heads: 2, hidden: 32, convKernel: 7, convGroups: 4 },
  },
];

test.each(
  decoders.flatMap((flow) =>
    (["remembered", "repeated"] as const).map((kind) => [flow.generation, kind, flow] as const),
  ),
)(
  "generation %i: mel of tokens that come in pieces is that of all at once, with what lies in front %s",
  async (_, kind, flow) => {
    const graphs = [encoderGraph(flow, "whole", "final"), estimatorGraph(flow, "whole")];
    await using decoder = openFlowDecoder(engine, flow, memoryCheckpoint("wavy", wavyWeights(...graphs)));
    const tokens = Array.from({ length: 6 * flow.chunk + 4 }, (_, i) => (7 * i) % flow.vocabulary);
    const said = 2 * flow.chunk - 3; // the tokens of the prompt are no whole chunks
    const mel = Float32Array.from({ length: flow.mels * said * 2 }, (_, i) => Math.sin(i));
    const voice = {
      prompt: { tokens: tokens.slice(0, said), mel: tensor([1, flow.mels, said * 2], mel) },
      ...{ speaker: Float32Array.of(1, 2, 3, 4), noise: seededNoise(1, 0) },
    };
    const rest = tokens.slice(said);
    const whole = await decoder.decode({ ...voice, tokens: rest, masks: "chunks", ending: "final" });
    expect(remembers(flow)).toBe(true);
    const stream = kind === "remembered" ? decoder.stream(voice) : repeatingStream(decoder, flow, voice);
    const loudest = whole.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    let heard = 0;
    for (const [from, to] of [
      [0, 2],
      [2, flow.chunk + 3],
      [flow.chunk + 3, 4 * flow.chunk],
      [4 * flow.chunk, rest.length],
    ] as const) {
      const piece = await stream.push(rest.slice(from, to), to === rest.length ? "final" : "more to come");
      expect(largest(piece.data, framesBetween(whole, heard, heard + piece.shape[2]!).data)).toBeLessThan(
        1e-4 * loudest,
      );
      heard += piece.shape[2]!;
    }
    expect(heard).toBe(whole.shape[2]);
  },
);

test("mel of the first tokens does not change when more come, if they end with a chunk", async () => {
  const { flow } = config;
  await using weights = await openCheckpoint(path.join(folder, config.files.flow));
  await using decoder = openFlowDecoder(engine, flow, weights);
  const tokens = Array.from({ length: 6 * flow.chunk }, (_, i) => (7 * i) % flow.vocabulary);
  const decode = (count: number, ending: "final" | "more to come") =>
    decoder.decode({
      ...{ tokens: tokens.slice(0, count), prompt: null, speaker: config.speakers[0]!.vector },
      ...{ noise: seededNoise(1, 0), masks: "chunks", ending },
    });
  const whole = await decode(tokens.length, "final");
  const first = await decode(3 * flow.chunk + 3, "more to come");
  expect(first.shape[2]).toBe(3 * flow.chunk * flow.framesPerToken);
  expect(largest(first.data, framesBetween(whole, 0, first.shape[2]!).data)).toBeLessThan(1e-4);
});

const vocoders: readonly (readonly [string, () => HiftConfig])[] = [
  ["causal", () => config.vocoder],
  ["centred", () => ({ ...HIFT_CONFIGS["cosyvoice2-0.5b"], channels: 16, f0Channels: 8 })],
];

test.each(vocoders)(
  "a %s vocoder that is given mel in pieces of any size gives what it gives for the whole",
  async (_, configOf) => {
    const T = 137;
    const mel = tensor(
      [1, 80, T],
      Float32Array.from({ length: 80 * T }, (_, i) => Math.sin(i * 12.9898) * 2),
    );
    const speech = { seed: 3, item: 0, first: 0 };
    await using vocoder = await openHift(
      engine,
      configOf(),
      memoryCheckpoint("wavy", wavyWeights(...Object.values(hiftGraphs(configOf())))),
    );
    const whole = await vocoder.speak(mel, speech);
    const stream = hiftStream(vocoder, speech);
    const pieces: number[] = [];
    for (const [from, to] of [
      [0, 5],
      [5, 30],
      [30, 31],
      [31, 110],
      [110, T],
    ] as const)
      pieces.push(...(await stream.push(framesBetween(mel, from, to), to === T ? "final" : "more to come")));
    expect(pieces.some((x) => x !== 0)).toBe(true);
    const loudest = whole.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(largest(pieces, whole)).toBeLessThan(1e-3 * loudest);
  },
);

test("speed in pieces is speed of the whole, and 1 leaves the frames alone", () => {
  const mel = tensor(
    [1, 2, 11],
    Float32Array.from({ length: 22 }, (_, i) => i),
  );
  const of = (speed: number, cuts: readonly number[]): FloatTensor[] => {
    const stretch = melSpeed(2, speed);
    return cuts
      .slice(1)
      .map((to, i) => stretch.push(framesBetween(mel, cuts[i]!, to), to === 11 ? "final" : "more to come"));
  };
  expect(of(1, [0, 11])[0]).toEqual(mel);
  for (const speed of [0.6, 1.7]) {
    const firstChannel = (parts: FloatTensor[]) => parts.flatMap(({ shape, data }) => [...data.subarray(0, shape[2])]);
    const whole = firstChannel(of(speed, [0, 11]));
    expect(firstChannel(of(speed, [0, 4, 5, 9, 11]))).toEqual(whole);
    expect(whole.length).toBe(Math.ceil(11 / speed));
    expect(whole[1]).toBeCloseTo(speed, 5);
  }
});
