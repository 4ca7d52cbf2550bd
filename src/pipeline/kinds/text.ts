/** Texts as assets. */
import { z } from "zod";
import { type GenerateTextOptions, loadTextModel, streamText } from "../../index.js";
import { kindOf } from "./kind.js";
import { DECODING, numberFrom, promptOf, SAMPLING, wholeFrom } from "./settings.js";

const { guidance, temperature, topK, topP, minP } = SAMPLING;

export const TEXT = kindOf({
  about: "A text that continues a prompt, or answers it if the model was trained on conversations.",
  medium: "text",
  revision: 1,
  model: null,
  subjects: ["prompt"],
  list: null,
  files: [],
  axes: {
    prompt: promptOf("What the model answers or continues."),
    system: promptOf("A system message before the prompt, for models with a chat template."),
    negativePrompt: promptOf("What guidance leads away from: a text in place of the prompt, or of the system message."),
    maxOutputTokens: wholeFrom(1, 2 ** 24, "Tokens of the text, at most."),
    repetitionPenalty: numberFrom(0.01, 100, "Above 1: tokens that occurred become less likely."),
    decoding: DECODING,
    ...{ guidance, temperature, topK, topP, minP },
  },
  fixed: {
    stopSequences: z.array(z.string().min(1).max(1000)).max(16).describe("Texts that end an answer."),
    chat: z.enum(["template", "raw"]).describe("raw: continue the prompt as it is, without the model's chat template."),
  },
  check() {},
  load: (source, loading) => loadTextModel(source, loading),
  stream: (model, { prompt, system, chat, ...settings }, wanted) => {
    const before = system === undefined ? [] : [{ role: "system", content: system }];
    const messages = [...before, { role: "user", content: prompt }];
    const subject = model.template !== null && chat !== "raw" ? { messages } : { prompt };
    return streamText({ ...settings, ...subject, ...wanted, model } as unknown as GenerateTextOptions);
  },
  made(event) {
    if (event.type !== "text-end") return null;
    const { seed, index, text, manifest } = event.item;
    return { seed, index, bytes: new TextEncoder().encode(text), manifest: manifest as never };
  },
});
