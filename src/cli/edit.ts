/** `tessera edit picture.png --mask mask.png "red apple"`: a part of a picture drawn anew. */
import { basename, extname } from "node:path";
import { Command } from "commander";
import { type EditImageOptions, streamEdit } from "../index.js";
import type { Context } from "./context.js";
import { type DrawingOptions, drawToFiles, withDrawingOptions } from "./drawing.js";
import { nameFrom } from "../base/slug.js";
import { stemOf } from "./file-names.js";
import { numberOf } from "./options.js";

interface EditOptions extends DrawingOptions {
  readonly mask: string;
  readonly seam?: number;
}

export const editCommand = ({ signal }: Context): Command =>
  withDrawingOptions(new Command("edit"))
    .description("redraw part of a picture: in-painting, out-painting, replacement")
    .argument("<picture>", "the picture to edit, which must be square")
    .argument("[prompt]", "what the whole picture should show")
    .optionsGroup("What to make:")
    .requiredOption("--mask <picture>", "white where the picture is redrawn, black where it is kept")
    .option("--seam <pixels>", "width in pixels of the blend between new and old (default: 4)", numberOf)
    .action(async (image: string, prompt: string | undefined, options: EditOptions) => {
      const { style, classId, mask, seam } = options;
      const from = nameFrom(basename(image, extname(image)));
      await drawToFiles(options, `${from}_${stemOf({ prompt, style, classId })}`, (model, settings) =>
        streamEdit({ ...settings, model, signal, image, mask, seam, prompt, style, classId } as EditImageOptions),
      );
    });
