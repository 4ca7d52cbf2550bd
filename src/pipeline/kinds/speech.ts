/** Speech as assets. */
import { DEFAULT_SPEECH_MODEL, type GenerateSpeechOptions, loadSpeechModel, streamSpeech } from "../../index.js";
import { kindOf } from "./kind.js";
import { nameOf, numberFrom, promptOf, VOICE_SAMPLING } from "./settings.js";

export const SPEECH = kindOf({
  about: "A spoken text.",
  medium: "sound",
  revision: 1,
  model: DEFAULT_SPEECH_MODEL,
  subjects: ["text"],
  list: null,
  axes: {
    text: promptOf('What to say, such as "Level complete."'),
    voice: nameOf("One of the model's voices."),
    speed: numberFrom(0.5, 2, "Speaking rate; 1 is the voice's own pace."),
    ...VOICE_SAMPLING,
  },
  fixed: {},
  check() {},
  load: (source, loading) => loadSpeechModel(source, loading),
  stream: (model, settings, wanted) => {
    const options = { ...settings, ...wanted, model, format: "wav" };
    return streamSpeech(options as unknown as GenerateSpeechOptions);
  },
  made: (event) => (event.type === "speech-end" ? (event.speech as never) : null),
});
