/** Speech as assets. */
import {
  ArgumentError,
  DEFAULT_SPEECH_MODEL,
  type GenerateSpeechOptions,
  loadSpeechModel,
  streamSpeech,
} from "../../index.js";
import { kindOf } from "./kind.js";
import { fileOf, nameOf, numberFrom, promptOf, VOICE_SAMPLING } from "./settings.js";

export const SPEECH = kindOf({
  about: "A spoken text.",
  medium: "sound",
  revision: 1,
  model: DEFAULT_SPEECH_MODEL,
  subjects: ["text"],
  list: null,
  files: ["like"],
  axes: {
    text: promptOf('What to say, such as "Level complete."'),
    voice: nameOf("One of the model's voices."),
    like: fileOf("A recording whose voice is taken, for models that can."),
    transcript: promptOf("What is said in that recording, word for word; it makes the voice more similar."),
    speed: numberFrom(0.5, 2, "Speaking rate; 1 is the voice's own pace."),
    ...VOICE_SAMPLING,
  },
  fixed: {},
  check({ voice, like, transcript }, _, where) {
    if (like !== undefined && voice !== undefined)
      throw new ArgumentError(`${where}.like`, "a recording or a name of `voice`, not both", like);
    if (like === undefined && transcript !== undefined)
      throw new ArgumentError(`${where}.transcript`, "a recording to be named by `like`", transcript);
  },
  load: (source, loading) => loadSpeechModel(source, loading),
  stream: (model, { like, transcript, ...settings }, wanted) => {
    const voice = like === undefined ? {} : { voice: { audio: like, text: transcript } };
    const options = { ...settings, ...voice, ...wanted, model, format: "wav" };
    return streamSpeech(options as unknown as GenerateSpeechOptions);
  },
  made: (event) => (event.type === "speech-end" ? (event.speech as never) : null),
});
