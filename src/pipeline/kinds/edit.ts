/** Pictures of which a part is drawn anew. */
import { ArgumentError, type EditImageOptions, loadImageModel, streamEdit } from "../../index.js";
import { IMAGE } from "./image.js";
import { kindOf } from "./kind.js";
import { DECODING, fileOf, nameOf, promptOf, SAMPLING, wholeFrom } from "./settings.js";

export const EDIT = kindOf({
  about: "A picture of which the white part of a mask is drawn anew.",
  medium: "picture",
  revision: 1,
  model: IMAGE.model,
  subjects: ["image"],
  list: null,
  files: ["image", "mask"],
  axes: {
    image: fileOf("The picture: square, up to four times the model's own side."),
    mask: fileOf("White where the picture is drawn anew, black where it stays."),
    prompt: promptOf('What to draw there, such as "red apple".'),
    style: nameOf("One of the model's styles, or none."),
    classId: wholeFrom(0, 2 ** 24, "A class, for models trained on classes."),
    seam: wholeFrom(0, 64, "Pixels over which the new part fades into the old one."),
    decoding: DECODING,
    ...SAMPLING,
  },
  fixed: {},
  check(settings, model, where) {
    if (settings.mask === undefined)
      throw new ArgumentError(
        `${where}.mask`,
        "a mask beside the picture",
        undefined,
        "Name a file, such as mask.png.",
      );
    IMAGE.check(settings, model, where);
  },
  load: (source, loading) => loadImageModel(source, loading),
  stream: (model, settings, wanted) =>
    streamEdit({ ...settings, ...wanted, model, format: "png" } as unknown as EditImageOptions),
  made: (event) => (event.type === "image-end" ? (event.image as never) : null),
});
