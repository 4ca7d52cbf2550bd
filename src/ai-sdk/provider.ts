/** `createTessera()`: models of this machine as a provider of the AI SDK. */
import { checkNames, checkOptions } from "../base/check.js";
import { type ImageModel, type SpeechModel, type TextModel, UnknownNameError } from "../index.js";
import { imageModelOf } from "./images.js";
import type { TesseraImageModel, TesseraLanguageModel, TesseraSpeechModel } from "./specification.js";
import { speechModelOf } from "./speech.js";
import { languageModelOf } from "./texts.js";

/** Models that are loaded already, by the names under which they are asked for; they stay open. */
export interface TesseraSettings {
  readonly images?: Readonly<Record<string, ImageModel>> | undefined;
  readonly speech?: Readonly<Record<string, SpeechModel>> | undefined;
  readonly texts?: Readonly<Record<string, TextModel>> | undefined;
}

/** A provider of the specification V4. An id is a name of the settings, an embedded model, or a model's folder. */
export interface TesseraProvider {
  readonly specificationVersion: "v4";
  imageModel(id: string): TesseraImageModel;
  speechModel(id: string): TesseraSpeechModel;
  languageModel(id: string): TesseraLanguageModel;
  /** Throws UnknownNameError: there are none. */
  embeddingModel(id: string): never;
  /** Short names of the same. */
  image(id: string): TesseraImageModel;
  speech(id: string): TesseraSpeechModel;
}

/**
 * A provider for generateImage, generateSpeech, generateText and streamText of the `ai` package. A model that is not among the
 * settings is loaded when it is first used, and closed when none has used it for half a minute.
 *
 * @throws ArgumentError for settings that are none.
 * @example
 * const tessera = createTessera();
 * const { image } = await generateImage({ model: tessera.image("tessera-icons"), prompt: "red apple", seed: 7 });
 */
export function createTessera(settings: TesseraSettings = {}): TesseraProvider {
  checkOptions("createTessera", settings);
  checkNames("createTessera", settings, ["images", "speech", "texts"]);
  const { images = {}, speech = {}, texts = {} } = settings;
  const imageModel = (id: string) => imageModelOf(id, modelOf(images, id));
  const speechModel = (id: string) => speechModelOf(id, modelOf(speech, id));
  return {
    ...{ specificationVersion: "v4", imageModel, speechModel, image: imageModel, speech: speechModel },
    languageModel: (id) => languageModelOf(id, modelOf(texts, id)),
    embeddingModel(id) {
      throw new UnknownNameError("embedding model", id, []);
    },
  };
}

const modelOf = <M>(models: Readonly<Record<string, M>>, id: string): M | string =>
  Object.hasOwn(models, id) ? models[id]! : id;
