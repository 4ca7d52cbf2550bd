/** `tessera models`: the models that can be loaded, and where published files come from. */
import { Command } from "commander";
import { EMBEDDED_MODELS, type EmbeddedModel, PUBLISHED_IMAGE_MODELS, type PublishedImageModel } from "../index.js";
import { printJson } from "./options.js";
import { print } from "./streams.js";

export const modelsCommand = (): Command =>
  new Command("models")
    .description("list the embedded models and the published checkpoints")
    .option("--json", "print one JSON object and nothing else", false)
    .action(({ json }: { json: boolean }) => {
      if (json) return printJson({ embedded: EMBEDDED_MODELS, published: PUBLISHED_IMAGE_MODELS });
      print("Embedded, ready to use with --model:\n");
      for (const [name, model] of Object.entries<EmbeddedModel>(EMBEDDED_MODELS)) {
        print(`  ${name.padEnd(22)} ${model.about} (${model.licence})\n`);
        if (model.kind === "image") print(`  ${"".padEnd(22)} styles: ${model.styles.join(", ")}, none\n`);
        if (model.kind === "speech") print(`  ${"".padEnd(22)} voices: ${model.voices.join(", ")}\n`);
      }
      print("\nPublished; download the two files and name them with --transformer, --tokenizer and --config:\n");
      for (const [name, row] of Object.entries<PublishedImageModel>(PUBLISHED_IMAGE_MODELS)) {
        const { transformer, tokenizer } = row.files;
        print(`  ${name.padEnd(22)} ${transformer}, ${tokenizer} from ${row.origin} (${row.licence})\n`);
      }
    });
