/** `tessera models`: what can be loaded, and where published files come from. */
import { Command } from "commander";
import { EMBEDDED_MODELS, PUBLISHED_IMAGE_MODELS, type PublishedImageModel } from "../index.js";
import { printJson } from "./options.js";

export const modelsCommand = (): Command =>
  new Command("models")
    .description("list the embedded models and the published checkpoints that can be loaded")
    .option("--json", "one JSON object on stdout and nothing else", false)
    .action(({ json }: { json: boolean }) => {
      if (json) return printJson({ embedded: EMBEDDED_MODELS, published: PUBLISHED_IMAGE_MODELS });
      process.stdout.write("Embedded, ready to use with --model:\n");
      for (const [name, { about, licence }] of Object.entries(EMBEDDED_MODELS)) {
        process.stdout.write(`  ${name.padEnd(22)} ${about} (${licence})\n`);
      }
      process.stdout.write("\nPublished, to be downloaded by you, with --config and the two files:\n");
      for (const [name, row] of Object.entries<PublishedImageModel>(PUBLISHED_IMAGE_MODELS)) {
        const { transformer, tokenizer } = row.files;
        process.stdout.write(`  ${name.padEnd(22)} ${transformer}, ${tokenizer} from ${row.origin} (${row.licence})\n`);
      }
    });
