/** `tessera image "red apple"`: pictures from words. */
import { Command } from "commander";
import { type GenerateImageOptions, streamImage } from "../index.js";
import type { Context } from "./context.js";
import { type DrawingOptions, drawToFiles, withDrawingOptions } from "./drawing.js";
import { stemOf } from "./file-names.js";

interface ImageOptions extends DrawingOptions {
  readonly size?: string;
}

export const imageCommand = ({ signal }: Context): Command =>
  withDrawingOptions(new Command("image"))
    .description("make pictures from a prompt")
    .argument("[prompt]", 'what to draw, such as "red apple"')
    .optionsGroup("What to make:")
    .option(
      "--size <side>",
      "side of the pictures, such as 512; what is larger than the model draws comes from its upscaler",
    )
    .action(async (prompt: string | undefined, options: ImageOptions) => {
      const { style, classId, size } = options;
      await drawToFiles(options, stemOf({ prompt, style, classId }), (model, settings) =>
        // Which of the three a model takes is the model's to say: what it has no use for, it refuses by name.
        streamImage({ ...settings, model, signal, size, prompt, style, classId } as GenerateImageOptions),
      );
    });
