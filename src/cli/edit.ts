/** `tessera edit picture.png --mask mask.png "red apple"`: a part of a picture drawn anew. */
import { basename, extname } from "node:path";
import { Command } from "commander";
import { type EditImageOptions, streamEdit } from "../index.js";
import type { Context } from "./context.js";
import { type DrawingOptions, drawToFiles, withDrawingOptions } from "./drawing.js";
import { numberOf } from "./options.js";

interface EditOptions extends DrawingOptions {
  readonly mask: string;
  readonly seam?: number;
}

export const editCommand = ({ signal }: Context): Command =>
  withDrawingOptions(new Command("edit"))
    .description("draw a part of a picture anew: in-painting, out-painting, replacing")
    .argument("<picture>", "the picture, a square")
    .argument("[prompt]", "what the whole picture shows then")
    .requiredOption("--mask <picture>", "white where the picture is drawn anew, black where it stays")
    .option(
      "--seam <pixels>",
      "over so many pixels around the white, the new fades into the old (default: 4)",
      numberOf,
    )
    .action(async (image: string, prompt: string | undefined, options: EditOptions) => {
      const { style, classId, mask, seam } = options;
      await drawToFiles(options, basename(image, extname(image)), (model, settings) =>
        streamEdit({ ...settings, model, signal, image, mask, seam, prompt, style, classId } as EditImageOptions),
      );
    });
