/** `tessera verify picture.png.json`: makes a picture again and says whether it is the same. */
import { Command } from "commander";
import { readManifest, verifyImage } from "../index.js";
import { type Context, Refusal } from "./context.js";
import { type ModelOptions, modelOf, printJson, withModelOptions } from "./options.js";
import { print } from "./streams.js";

export const verifyCommand = ({ signal }: Context): Command =>
  withModelOptions(new Command("verify"))
    .description("make a picture again from its manifest and compare tokens and pixels")
    .argument("<manifest>", "the .json file beside the picture")
    .option("--json", "print one JSON object and nothing else", false)
    .action(async (path: string, options: ModelOptions & { json: boolean }) => {
      const manifest = await readManifest(path);
      const named = options.model ?? (options.config === undefined ? manifest.model.name : undefined);
      const model = await modelOf({
        ...options,
        ...(named === undefined ? {} : { model: named }),
        precision: options.precision ?? manifest.precision,
      });
      try {
        const { same, differences } = await verifyImage(manifest, { model, signal });
        if (options.json) printJson({ same, differences });
        else {
          print(same ? "same tokens, same pixels\n" : "DIFFERENT\n");
          for (const difference of differences) print(`  ${difference}\n`);
        }
        if (!same) throw new Refusal("the picture differs");
      } finally {
        await model.close();
      }
    });
