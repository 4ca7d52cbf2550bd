/** Pictures as assets. */
import {
  EMBEDDED_MODELS,
  DEFAULT_IMAGE_MODEL,
  type EmbeddedModel,
  type GenerateImageOptions,
  loadImageModel,
  NO_STYLE,
  streamImage,
  UnknownNameError,
} from "../../index.js";
import { kindOf } from "./kind.js";
import { DECODING, nameOf, promptOf, SAMPLING, wholeFrom } from "./settings.js";

export const IMAGE = kindOf({
  about: "A picture from a prompt, with transparency.",
  medium: "picture",
  revision: 1,
  model: DEFAULT_IMAGE_MODEL,
  subjects: ["prompt", "classId"],
  list: "prompt",
  files: [],
  axes: {
    prompt: promptOf('What to draw, such as "red apple".'),
    style: nameOf("One of the model's styles, or none."),
    classId: wholeFrom(0, 2 ** 24, "A class, for models trained on classes."),
    size: wholeFrom(1, 2 ** 14, "The side in pixels; what is larger than the model draws comes from its upscaler."),
    candidates: wholeFrom(1, 16, "How many are drawn, of which the one is kept that fits the prompt best."),
    decoding: DECODING,
    ...SAMPLING,
  },
  fixed: {},
  check({ style }, model, where) {
    const row = (EMBEDDED_MODELS as Readonly<Record<string, EmbeddedModel>>)[model];
    if (typeof style !== "string" || row?.kind !== "image" || [...row.styles, NO_STYLE].includes(style)) return;
    throw new UnknownNameError(`style of ${model} (${where})`, style, [...row.styles, NO_STYLE]);
  },
  load: (source, loading) => loadImageModel(source, loading),
  stream: (model, settings, wanted) => {
    const options = { ...settings, ...wanted, model, format: "png" };
    // What a model has no use for it refuses by name.
    return streamImage(options as unknown as GenerateImageOptions);
  },
  made: (event) => (event.type === "image-end" ? (event.image as never) : null),
});
