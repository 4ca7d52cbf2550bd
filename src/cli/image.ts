/** `tessera image "red apple"`: pictures from words. */
import { Command } from "commander";
import { type GenerateImageOptions, streamImage } from "../index.js";
import type { Context } from "./context.js";
import { type DrawingOptions, drawToFiles, withDrawingOptions } from "./drawing.js";

interface ImageOptions extends DrawingOptions {
  readonly size?: string;
}

export const imageCommand = ({ signal }: Context): Command =>
  withDrawingOptions(new Command("image"))
    .description("make pictures from a prompt")
    .argument("[prompt]", 'what to draw, such as "red apple"')
    .option("--size <SIDExSIDE>", "other than the model's own, resampled")
    .action(async (prompt: string | undefined, options: ImageOptions) => {
      const { style, classId, size } = options;
      await drawToFiles(options, nameOf(prompt, options), (model, settings) =>
        // Which of the three a model takes is the model's to say: what it has no use for, it refuses by name.
        streamImage({ ...settings, model, signal, size, prompt, style, classId } as GenerateImageOptions),
      );
    });

/** The beginning of a file's name, out of letters and digits of any script. */
function nameOf(prompt: string | undefined, { classId }: ImageOptions): string {
  if (prompt === undefined) return `class-${classId}`;
  const words =
    prompt
      .toLowerCase()
      .slice(0, 200)
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return [...words.join("-")].slice(0, 40).join("") || "image";
}
