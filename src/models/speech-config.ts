/** What the config.json of a speech model says, checked field by field before any of it is used. */
import { isIntegerIn, isNumberIn } from "../base/check.js";
import { isSha256 } from "../base/digest.js";
import { ArgumentError } from "../base/errors.js";
import { type Fields, fields } from "../base/fields.js";
import type { LlamaConfig } from "../core/llama/config.js";
import type { Pacing } from "../core/speech-lm/paced.js";
import { SPEECH_LM_PREFIX, type SpeechLmConfig } from "../core/speech-lm/speech-lm.js";
import type { MelConfig } from "../tokenizers/speech/audio/mel.js";
import type { FlowConfig } from "../tokenizers/speech/flow/flow-config.js";
import { parseS3Config, type S3Config } from "../tokenizers/speech/s3/s3-config.js";
import { type HiftConfig, parseHiftConfig } from "../tokenizers/speech/vocoder/hift-config.js";
import { fileName } from "./network-config.js";

/** A speaker of a model. */
export interface SpeakerRow {
  readonly name: string;
  /** In a few words, for people. */
  readonly description: string;
  /** What the flow decoder knows the speaker by. */
  readonly vector: Float32Array;
}

/** The four networks of a voice whose phones pace its tokens, and how they fit together. */
export interface PacedVoice {
  /** Samples a second, and of a token. */
  readonly sampleRate: number;
  readonly tokenSamples: number;
  /** Samples over which each sentence rises from silence. */
  readonly fadeIn: number;
  /** Names of phones; an id is a place among them. */
  readonly phones: readonly string[];
  readonly speakers: readonly SpeakerRow[];
  readonly mel: MelConfig;
  /** The networks know mel m as (m - centre) / spread. */
  readonly melScale: { readonly centre: number; readonly spread: number };
  readonly languageModel: SpeechLmConfig;
  readonly pacing: Pacing;
  readonly flow: Extract<FlowConfig, { generation: 2 }>;
  readonly vocoder: HiftConfig;
  readonly tokenizer: S3Config;
  readonly defaults: VoiceDefaults;
}

/** How a voice speaks where the caller says nothing. */
export interface VoiceDefaults {
  readonly voice: string;
  readonly temperature: number;
  readonly topP: number;
  /** Of the noise that the flow starts from. */
  readonly flowTemperature: number;
}

/** Parts of a model, each a file of its own. */
const PARTS = ["languageModel", "flow", "vocoder", "tokenizer", "pronunciation"] as const;

export interface SpeechModelConfig extends PacedVoice {
  readonly name: string;
  readonly revision: string;
  readonly licence: string;
  readonly files: Readonly<Record<(typeof PARTS)[number], string>>;
  /** Of every file, in hexadecimal. */
  readonly sha256: Readonly<Record<string, string>>;
}

/**
 * A checked configuration out of parsed JSON. `where` names the file in messages.
 *
 * @throws ArgumentError for a field that is missing, wrong, unknown, or at odds with another.
 */
export function parseSpeechModelConfig(json: unknown, where: string): SpeechModelConfig {
  const of = fields(json, where);
  const head = { name: of.text("name"), revision: of.text("revision"), licence: of.text("licence") };
  of.word("kind", ["speech"]);
  const voice = parseVoice(of, where);
  const given = of.object("files");
  const files = Object.fromEntries(PARTS.map((part) => [part, fileName(given, part)])) as SpeechModelConfig["files"];
  given.finish();
  const digests = of.object("sha256");
  const sha256 = Object.fromEntries(
    Object.values(files).map((file) => [file, digests.value(file, "64 hexadecimal digits", isSha256)]),
  );
  digests.finish();
  of.finish();
  return { ...head, ...voice, files, sha256 };
}

/** The fields of a voice, among others. */
export function parseVoice(of: Fields, where: string): PacedVoice {
  const sampleRate = of.number("sampleRate", "a whole number from 8000 to 48000", isIntegerIn(8000, 48000));
  const tokenSamples = of.number("tokenSamples", "a whole number from 1 to 48000", isIntegerIn(1, 48000));
  const fadeIn = of.number("fadeIn", "a whole number from 0 to 48000", isIntegerIn(0, 48000));
  const phones = of.value("phones", "a list of 2 to 1000 different names", (value): value is string[] => {
    const names = Array.isArray(value) && value.length >= 2 && value.length <= 1000 ? value : [];
    return names.length > 0 && names.every((name) => typeof name === "string") && new Set(names).size === names.length;
  });
  const { mel, scale } = parseMel(of.object("mel"), sampleRate);
  const { languageModel, pacing } = parseLanguageModel(of.object("languageModel"), phones.length);
  const vocoder = parseHiftConfig(`${where}.vocoder`, of.take("vocoder"));
  const tokenizer = parseTokenizer(of.object("tokenizer"), `${where}.tokenizer`);
  const given = of.object("defaults");
  const defaults: VoiceDefaults = {
    voice: given.text("voice"),
    temperature: given.number("temperature", "a number from 0 to 100", isNumberIn(0, 100)),
    topP: given.number("topP", "a number from 0 to 1", isNumberIn(0, 1)),
    flowTemperature: given.number("flowTemperature", "a number from 0 to 2", isNumberIn(0, 2)),
  };
  const steps = given.number("flowSteps", "a whole number from 1 to 1000", isIntegerIn(1, 1000));
  const guidance = given.number("guidance", "a number from 0 to 10", isNumberIn(0, 10));
  given.finish();
  const flow = parseFlow(of.object("flow"), { steps, guidance, tokenRate: sampleRate / tokenSamples });
  const speakers = parseSpeakers(of.take("voices"), `${where}.voices`, flow.speaker);
  if (!speakers.some(({ name }) => name === defaults.voice))
    throw new ArgumentError(`${where}.defaults.voice`, "the name of a voice", defaults.voice);
  const voice = {
    sampleRate,
    tokenSamples,
    fadeIn,
    phones,
    speakers,
    mel,
    melScale: scale,
    languageModel,
    pacing,
    flow,
    vocoder,
    tokenizer,
    defaults,
  };
  checkTogether(voice, where);
  return voice;
}

/** What one network gives, the next one takes. */
function checkTogether(
  { pacing, flow, vocoder, mel, sampleRate, tokenSamples, speakers }: PacedVoice,
  where: string,
): void {
  const agree = (field: string, expected: number, received: number) => {
    if (expected !== received)
      throw new ArgumentError(`${where}.${field}`, `${expected}, as the other parts say`, received);
  };
  agree("flow.vocabulary", pacing.tokens, flow.vocabulary);
  agree("languageModel.voices", speakers.length, pacing.voices);
  agree("vocoder.mels", flow.mels, vocoder.mels);
  agree("vocoder.sampleRate", sampleRate, vocoder.sampleRate);
  agree("mel.mels", flow.mels, mel.mels);
  agree("tokenSamples", mel.hop * flow.framesPerToken, tokenSamples);
  const hop = vocoder.upsampleRates.reduce((product, rate) => product * rate, vocoder.fftHop);
  agree("mel.hop", hop, mel.hop);
}

function parseMel(of: Fields, sampleRate: number): { readonly mel: MelConfig; readonly scale: PacedVoice["melScale"] } {
  const mel: MelConfig = {
    ...{ sampleRate, high: sampleRate / 2 },
    mels: count(of, "mels", 4096),
    size: count(of, "fftSize", 65536),
    hop: count(of, "hop", 65536),
  };
  const scale = {
    centre: of.number("centre", "a number from -100 to 100", isNumberIn(-100, 100)),
    spread: of.number("spread", "a number from 0.001 to 1000", isNumberIn(0.001, 1000)),
  };
  of.finish();
  return { mel, scale };
}

function parseLanguageModel(of: Fields, phones: number): Pick<PacedVoice, "languageModel" | "pacing"> {
  const [width, heads] = [count(of, "width", 8192), count(of, "heads", 128)];
  const pacing: Pacing = {
    ...{ tokens: count(of, "speech", 2 ** 20), voices: count(of, "voices", 1000), phones },
    before: of.number("phonesBefore", "a whole number from 0 to 16", isIntegerIn(0, 16)),
    after: of.number("phonesAfter", "a whole number from 0 to 16", isIntegerIn(0, 16)),
    mostTokens: count(of, "mostTokensOfPhone", 1000),
  };
  const textSum = 1 + pacing.before + 1 + pacing.after;
  const rows = pacing.voices + (textSum - 1) * (phones + 1);
  const exactly = (name: string, expected: number) =>
    of.number(name, `${expected}, as the other fields say`, (n) => n === expected);
  const vocabulary = exactly("text", rows);
  exactly("eos", pacing.tokens);
  exactly("fill", pacing.tokens + 2);
  const layers = count(of, "layers", 128);
  const headSize = width / heads;
  const llama: LlamaConfig = {
    prefix: SPEECH_LM_PREFIX,
    ...{ vocabulary, width, heads, headSize, contextLength: 2 ** 16 },
    hidden: count(of, "hidden", 2 ** 16),
    kvHeads: count(of, "kvHeads", 128),
    layers: Array.from({ length: layers }, () => ({ window: null, rope: "global" })),
    ropes: {
      global: {
        base: of.number("theta", "a number from 1 to 1e9", isNumberIn(1, 1e9)),
        size: headSize,
        scaling: { kind: "none" },
      },
    },
    normEpsilon: of.number("epsilon", "a number from 0 to 1", isNumberIn(0, 1)),
    ...{ normScale: "weight", norms: "before", headNorms: false, projections: "separate", activation: "silu" },
    biases: { qkv: true, output: false, feedForward: false },
    ...{ attentionScale: headSize ** -0.5, attentionCap: null, logitCap: null, embeddingScale: 1, tied: true },
  };
  of.finish();
  return { languageModel: { llama, speechRows: pacing.tokens + 3, markRows: 2, textSum, headBias: true }, pacing };
}

function parseFlow(
  of: Fields,
  rest: { readonly steps: number; readonly guidance: number; readonly tokenRate: number },
): PacedVoice["flow"] {
  const flow: PacedVoice["flow"] = {
    ...{ generation: 2, ...rest, framesPerToken: 2 },
    vocabulary: count(of, "vocabulary", 2 ** 20),
    mels: count(of, "mels", 4096),
    speaker: count(of, "speaker", 4096),
    chunk: count(of, "chunk", 4096),
    encoder: {
      width: count(of, "width", 4096),
      heads: count(of, "heads", 128),
      hidden: count(of, "hidden", 2 ** 16),
      layers: count(of, "blocks", 128),
      upLayers: count(of, "upBlocks", 128),
    },
    estimator: {
      channels: [count(of, "channels", 4096)],
      transformers: count(of, "unetBlocks", 64),
      middles: count(of, "midBlocks", 64),
      heads: count(of, "unetHeads", 128),
      headSize: count(of, "headDim", 4096),
    },
  };
  of.number("ahead", "3, the tokens that such decoders look ahead", (n) => n === 3);
  of.finish();
  return flow;
}

function parseTokenizer(of: Fields, where: string): S3Config {
  const digits = count(of, "digits", 12);
  of.number("vocabulary", `${3 ** digits}, three values per digit`, (n) => n === 3 ** digits);
  const codes = { kind: "scalar", scalars: digits, memory: count(of, "kernel", 255) };
  const sizes = {
    mels: count(of, "mels", 4096),
    width: count(of, "width", 8192),
    heads: count(of, "heads", 128),
    layers: count(of, "layers", 128),
  };
  of.finish();
  return parseS3Config(where, { ...sizes, strides: [2, 2], codes });
}

function parseSpeakers(json: unknown, where: string, size: number): readonly SpeakerRow[] {
  if (!Array.isArray(json) || json.length === 0 || json.length > 1000)
    throw new ArgumentError(where, "a list of one to 1000 voices", json);
  return json.map((row: unknown, i) => {
    const of = fields(row, `${where}[${i}]`);
    const [name, description] = [of.text("name"), of.text("description")];
    const vector = of.value("speaker", `a list of ${size} numbers`, (value): value is number[] => {
      return Array.isArray(value) && value.length === size && value.every(Number.isFinite);
    });
    of.finish();
    return { name, description, vector: Float32Array.from(vector) };
  });
}

const count = (of: Fields, name: string, most: number): number =>
  of.number(name, `a whole number from 1 to ${most}`, isIntegerIn(1, most));
