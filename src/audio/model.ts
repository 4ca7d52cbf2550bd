/** A speech model that is ready: its parts from the stairs below, opened with every weight accounted for. */
import type { Options } from "../base/check.js";
import { pacedTokens } from "../core/speech-lm/paced.js";
import { openSpeechLm, type SpeechLm } from "../core/speech-lm/speech-lm.js";
import { unpacked } from "../engine/weights/block-codes.js";
import { type LoadedModel, type LoadSettings, loaded, loadSettings } from "../media/load.js";
import { digestsOf, folderRecipe, type ModelFiles, openFile } from "../media/recipe.js";
import { SharedModels } from "../media/shared-models.js";
import { cosyvoiceOf } from "../models/cosyvoice.js";
import { DEFAULT_SPEECH_MODEL } from "../models/known.js";
import { pocketTtsOf } from "../models/pocket-tts.js";
import { type PacedVoice, parseSpeechModelConfig, type SpeechModelConfig } from "../models/speech-config.js";
import { openFlowDecoder } from "../tokenizers/speech/flow/flow-decoder.js";
import { openSpeechTokenizer } from "../tokenizers/speech/s3/speech-tokenizer.js";
import { phoneticSentences } from "../tokenizers/speech/text/phonetic-sentence.js";
import { loadPronunciation, type Pronunciation } from "../tokenizers/speech/text/pronunciation.js";
import { openHift } from "../tokenizers/speech/vocoder/hift.js";
import { loadCosyvoice } from "./cosyvoice.js";
import { pacedVoice } from "./paced-voice.js";
import { loadPocketTts } from "./pocket-tts.js";
import type { Voice } from "./voice.js";

/** A loaded model: any number of speeches may share it, one after the other or at once. */
export interface SpeechModel extends LoadedModel {
  /** Names that `voice` may have, with a few words about each. */
  readonly voices: readonly { readonly name: string; readonly description: string }[];
  /** Whether `voice` may be a recording. */
  readonly clones: boolean;
  /** Settings of which it knows no other value than 1. */
  readonly fixed: readonly ("speed" | "topP")[];
  /** Samples a second of what it speaks. */
  readonly sampleRate: number;
  /** Samples of a token. */
  readonly tokenSamples: number;
  /** How it speaks where the caller says nothing; no voice where it has none of its own. */
  readonly defaults: { readonly voice: string | null; readonly temperature: number; readonly topP: number };
  readonly voice: Voice;
  /** Opened when it is first asked for: only encodeSpeech and recorded voices need it. */
  tokenizer(): Promise<AudioTokenizer>;
}

export interface AudioTokenizer {
  /** Mono audio of 16 kHz to ids. */
  encode(samples: Float32Array): Promise<Int32Array>;
}

/**
 * Loads a speech model: an embedded one by its name, a folder of that layout by its path, or the folder of CosyVoice 1, 2 or 3 as its
 * authors publish it (cosyvoice2.yaml, llm.pt, flow.pt, hift.pt, campplus.onnx, speech_tokenizer_v2.onnx, CosyVoice-BlankEN). The
 * folder of CosyVoice-300M, -SFT or -Instruct needs multilingual.tiktoken of the package openai-whisper besides. Or the folder of a
 * language of pocket-tts (model.safetensors, tokenizer.model, embeddings), with its configuration out of the package pocket-tts, such
 * as english.yaml.
 *
 * @throws UnknownNameError for a name that does not exist; CheckpointError for files that are damaged or not those that config.json
 *   states; WeightsError for weights missing, misshapen or left over; DeviceError; ArgumentError.
 * @example
 * const model = await loadSpeechModel();
 * const { speeches } = await generateSpeech({ model, text: "Hello, world." });
 * await speeches[0].save("hello.wav");
 * await model.close();
 */
export async function loadSpeechModel(
  source: string = DEFAULT_SPEECH_MODEL,
  options: Options<LoadSettings> = {},
): Promise<SpeechModel> {
  const settings = loadSettings("loadSpeechModel", options);
  const cosyvoice = await cosyvoiceOf(source);
  if (cosyvoice) return loadCosyvoice(source, cosyvoice, settings);
  const pocketTts = await pocketTtsOf(source);
  return pocketTts ? loadPocketTts(source, pocketTts, settings) : loadPaced(source, settings);
}

async function loadPaced(source: string, settings: LoadSettings): Promise<SpeechModel> {
  const recipe = await folderRecipe(source, settings.verify, parseSpeechModelConfig);
  const { files } = recipe;
  return loaded(settings, async (opening, parts) => {
    const open = async (file: string) => unpacked(await openFile(recipe, file, parts));
    const precision = settings.precision ?? "q8"; // the file's own: blocks of 32 with 8 bits
    const weights = Promise.all([files.languageModel, files.flow, files.vocoder].map(open));
    const [engine, [lmWeights, flowWeights, vocoderWeights]] = await Promise.all([opening, weights]);
    const flow = openFlowDecoder(engine, recipe.flow, flowWeights!);
    await parts.own(Promise.resolve(flow));
    const vocoder = await parts.own(openHift(engine, recipe.vocoder, vocoderWeights!));
    // What is compiled now, networks and the patterns of text, does not delay the first word.
    const [languageModel, pronunciation] = await Promise.all([
      parts.own(openSpeechLm(engine, recipe.languageModel, lmWeights!, precision)),
      readPronunciation(recipe),
      flow.prepare("stream"),
      vocoder.prepare(),
    ]);
    await drawSome(languageModel, recipe);
    const { name, revision, licence, sampleRate, tokenSamples, defaults, speakers } = recipe;
    return {
      ...{ name, revision, licence, sampleRate, tokenSamples, defaults, precision, clones: false, fixed: [] },
      device: engine.device,
      voices: speakers.map(({ name, description }) => ({ name, description })),
      sha256: digestsOf(recipe, [files.languageModel, files.flow, files.vocoder, files.pronunciation]),
      voice: pacedVoice(name, recipe, { pronunciation, languageModel, flow, vocoder }),
      tokenizer: () =>
        parts.share(files, async () => openSpeechTokenizer(engine, recipe.tokenizer, await open(files.tokenizer))),
    };
  });
}

/** Draws tokens that nobody hears: the first ones take twice as long as those that follow, in every process. */
async function drawSome(model: SpeechLm, { pacing, defaults }: PacedVoice): Promise<void> {
  const { temperature, topP } = defaults;
  const request = { voice: 0, phones: [0], sampling: { temperature, topP }, seed: 0, item: 0, sentence: 0 };
  let drawn = 0;
  for await (const _ of pacedTokens(model, pacing, request)) if (++drawn === 6) return;
}

async function readPronunciation(recipe: ModelFiles & SpeechModelConfig): Promise<Pronunciation> {
  const { pronunciation } = recipe.files;
  await recipe.verify([pronunciation]);
  const read = await loadPronunciation(recipe.locate(pronunciation));
  phoneticSentences("ready", read);
  return read;
}

/** The models of calls that bring none. */
export const SPEECH_MODELS = new SharedModels({
  load: (source) => loadSpeechModel(source),
  fallback: DEFAULT_SPEECH_MODEL,
});
