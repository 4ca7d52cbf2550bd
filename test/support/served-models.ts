/** The tiny models that faces are tested with: one of each medium that is served, loaded once on one engine. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Engine, openEngine } from "../../src/engine/index.js";
import {
  type ImageModel,
  loadImageModel,
  loadSpeechModel,
  loadTextModel,
  type SpeechModel,
  type TextModel,
} from "../../src/index.js";
import { writeTinyImageModel } from "./tiny-image-model.js";
import { tinySpeechModel } from "./tiny-speech-model.js";
import { writeTinyTextModel } from "./tiny-text-model.js";

export interface ServedModels extends AsyncDisposable {
  readonly image: ImageModel;
  readonly speech: SpeechModel;
  readonly text: TextModel;
}

/** Writes the models below `folder` and loads them. */
export async function servedModels(folder: string): Promise<ServedModels> {
  await mkdir(join(folder, "speech"), { recursive: true });
  const engine: Engine = await openEngine({ device: "cpu", threads: 1 });
  await writeTinyImageModel(join(folder, "image"), undefined, ["next-scale", "next-token"]);
  const image = await loadImageModel(join(folder, "image"), { engine });
  const speech = await loadSpeechModel(await tinySpeechModel(join(folder, "speech")), { engine });
  const text = await loadTextModel(await writeTinyTextModel(join(folder, "words")), { engine });
  return {
    ...{ image, speech, text },
    async [Symbol.asyncDispose]() {
      for (const opened of [image, speech, text, engine]) await opened.close();
    },
  };
}
