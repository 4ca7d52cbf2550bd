/** A speech model that is ready: its parts from the stairs below, opened with every weight accounted for. */
import type { Options } from "../base/check.js";
import { openSpeechLm, type SpeechLm } from "../core/speech-lm/speech-lm.js";
import { unpacked } from "../engine/weights/int8-blocks.js";
import { type LoadedModel, type LoadSettings, loaded, loadSettings } from "../media/load.js";
import { digestsOf, folderRecipe, type ModelFiles, openFile } from "../media/recipe.js";
import { SharedModels } from "../media/shared-models.js";
import { DEFAULT_SPEECH_MODEL } from "../models/known.js";
import {
  type PacedVoice,
  parseSpeechModelConfig,
  type SpeechModelConfig,
  type VoiceDefaults,
} from "../models/speech-config.js";
import { type FlowDecoder, openFlowDecoder } from "../tokenizers/speech/flow/flow-decoder.js";
import { openSpeechTokenizer, type SpeechTokenizer } from "../tokenizers/speech/s3/speech-tokenizer.js";
import { loadPronunciation, type Pronunciation } from "../tokenizers/speech/text/pronunciation.js";
import { type Hift, openHift } from "../tokenizers/speech/vocoder/hift.js";

/** A loaded model: any number of speeches may share it, one after the other or at once. */
export interface SpeechModel extends LoadedModel {
  /** Names that `voice` may have, with a few words about each. */
  readonly voices: readonly { readonly name: string; readonly description: string }[];
  /** Samples a second of what it speaks. */
  readonly sampleRate: number;
  /** How it speaks where the caller says nothing. */
  readonly defaults: VoiceDefaults;
  readonly config: PacedVoice;
  readonly parts: SpeechParts;
}

/** What speech comes from. */
export interface SpeechParts {
  readonly pronunciation: Pronunciation;
  readonly languageModel: SpeechLm;
  readonly flow: FlowDecoder;
  readonly vocoder: Hift;
  /** Opened when it is first asked for: only encodeSpeech needs it. */
  tokenizer(): Promise<SpeechTokenizer>;
}

/**
 * Loads a speech model: an embedded one by its name, or a folder of that layout by its path.
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
  const recipe = await folderRecipe(source, settings.verify, parseSpeechModelConfig);
  const { files } = recipe;
  return loaded(settings, async (opening, parts) => {
    const open = async (file: string) => unpacked(await openFile(recipe, file, parts));
    const precision = settings.precision ?? "q8"; // the file's own: blocks of 32 with 8 bits
    const [engine, ...weights] = await Promise.all([
      opening,
      ...[files.languageModel, files.flow, files.vocoder].map(open),
    ] as const);
    const flow = openFlowDecoder(engine, recipe.flow, weights[1]!);
    await parts.own(Promise.resolve(flow));
    const vocoder = await parts.own(openHift(engine, recipe.vocoder, weights[2]!));
    // What is compiled now does not delay the first word.
    const [languageModel, pronunciation] = await Promise.all([
      parts.own(openSpeechLm(engine, recipe.languageModel, weights[0]!, precision)),
      readPronunciation(recipe),
      flow.prepare("chunks"),
      vocoder.prepare(),
    ]);
    const { name, revision, licence, sampleRate, defaults, speakers } = recipe;
    return {
      ...{ name, revision, licence, sampleRate, defaults, precision },
      device: engine.device,
      voices: speakers.map(({ name, description }) => ({ name, description })),
      sha256: digestsOf(recipe, [files.languageModel, files.flow, files.vocoder, files.pronunciation]),
      config: recipe,
      parts: {
        ...{ pronunciation, languageModel, flow, vocoder },
        tokenizer: () =>
          parts.share(files, async () => openSpeechTokenizer(engine, recipe.tokenizer, await open(files.tokenizer))),
      },
    };
  });
}

async function readPronunciation(recipe: ModelFiles & SpeechModelConfig): Promise<Pronunciation> {
  const { pronunciation } = recipe.files;
  await recipe.verify([pronunciation]);
  return loadPronunciation(recipe.locate(pronunciation));
}

/** The models of calls that bring none. */
export const SPEECH_MODELS = new SharedModels({
  load: (source) => loadSpeechModel(source),
  fallback: DEFAULT_SPEECH_MODEL,
});
