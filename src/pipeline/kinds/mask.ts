/** Masks of what words mean in a picture, and what lies in them. */
import {
  cutOut,
  DEFAULT_MASK_MODEL,
  loadMaskModel,
  type MaskModel,
  markingOf,
  pictureFile,
  type SegmentImageOptions,
  streamSegmentation,
} from "../../index.js";
import { kindOf, type MadeItem, type Settings, type Wanted } from "./kind.js";
import { fileOf, promptOf, SAMPLING, wholeFrom } from "./settings.js";

const { temperature, topK, topP, minP } = SAMPLING;

const FOUND = {
  revision: 1,
  model: DEFAULT_MASK_MODEL,
  subjects: ["image"],
  list: null,
  files: ["image"],
  axes: {
    image: fileOf("The picture that something is found in."),
    prompt: promptOf('What is to be found, such as "the blue umbrella". Default: all that is not background.'),
    tokens: wholeFrom(1, 1024, "Tokens of the mask, from coarse to fine. Default: as many as the model has."),
    ...{ temperature, topK, topP, minP },
  },
  fixed: {},
  check() {},
  load: loadMaskModel,
} as const;

const optionsOf = (model: MaskModel, settings: Settings, wanted: Wanted): SegmentImageOptions =>
  ({ prompt: "", ...settings, ...wanted, model }) as unknown as SegmentImageOptions;

export const MASK = kindOf({
  ...FOUND,
  about: "The mask of what words mean in a picture.",
  medium: "mask",
  stream: (model, settings, wanted) => streamSegmentation(optionsOf(model, settings, wanted)),
  made: (event) => (event.type === "mask-end" ? (event.mask as never) : null),
});

export const CUT_OUT = kindOf({
  ...FOUND,
  about: "What words mean in a picture, on transparency.",
  medium: "picture",
  async *stream(model: MaskModel, settings, wanted) {
    const options = optionsOf(model, settings, wanted);
    for await (const event of streamSegmentation(options)) {
      if (event.type !== "mask-end") {
        if (event.type !== "mask-preview") yield event;
        continue;
      }
      const { width, height, rgba } = await cutOut(options.image, event.mask);
      const { seed, index, manifest } = event.mask;
      const mark = markingOf({ model: `${model.name} ${model.revision}`, prompt: options.prompt, seed, index });
      const bytes = await pictureFile({ width, height, data: rgba }, "png", mark);
      yield { type: "cut-out-end" as const, item: { seed, index, bytes, manifest } as unknown as MadeItem };
    }
  },
  made: (event) => (event.type === "cut-out-end" ? event.item : null),
});
