/** `tessera verify picture.png.json`: makes a picture again and says whether it and its file are the same. */
import { Command } from "commander";
import { described, quoted } from "../base/words.js";
import { ArgumentError, EMBEDDED_MODELS, type ImageManifest, readManifest, verifyImage } from "../index.js";
import { type Context, Refusal } from "./context.js";
import { type ModelOptions, modelOf, printJson, withModelOptions } from "./options.js";
import { print } from "./streams.js";

interface VerifyOptions extends ModelOptions {
  readonly manifestOnly: boolean;
  readonly json: boolean;
}

export const verifyCommand = ({ signal }: Context): Command =>
  withModelOptions(new Command("verify"))
    .description("make a picture again from its manifest; compare tokens, pixels and the file")
    .argument("<manifest>", "the .json file beside the picture")
    .optionsGroup("What to compare:")
    .option("--manifest-only", "do not read the picture beside the manifest", false)
    .option("--json", "print one JSON object and nothing else", false)
    .action(async (path: string, options: VerifyOptions) => {
      const manifest = await readManifest(path);
      const file = options.manifestOnly ? undefined : pictureBeside(path);
      const precision = options.precision ?? manifest.precision;
      const model = await modelOf({ ...options, ...embeddedModelOf(manifest, options), precision });
      try {
        const { same, differences } = await verifyImage(manifest, { model, signal, file });
        if (options.json) printJson({ same, differences });
        else {
          const sameness = file === undefined ? "same tokens, same pixels" : "same tokens, same pixels, same file";
          print(same ? `${sameness}\n` : "DIFFERENT\n");
          for (const difference of differences) print(`  ${difference}\n`);
        }
        if (!same) throw new Refusal("the picture differs");
      } finally {
        await model.close();
      }
    });

/** The picture of `<picture>.json`. */
function pictureBeside(manifest: string): string {
  if (/.\.json$/i.test(manifest)) return manifest.slice(0, -".json".length);
  throw new ArgumentError("<manifest>", "the name of a picture and .json", manifest, "Or pass --manifest-only.");
}

/** The model that a manifest names, if it is an embedded one: what a manifest says is never opened as a path. */
function embeddedModelOf({ model: { name } }: ImageManifest, { model, config }: VerifyOptions): { model?: string } {
  if (model !== undefined || config !== undefined) return {};
  if (Object.hasOwn(EMBEDDED_MODELS, name)) return { model: name };
  const remedy = "Name its folder by --model; or its files by --transformer, --tokenizer and --config.";
  throw new ArgumentError("--model", `the model of the manifest, ${quoted(name)},`, described("none"), remedy);
}
