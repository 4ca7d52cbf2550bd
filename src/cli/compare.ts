/** `tessera compare "guitar"`: one picture in every order of decoding. */
import { Command } from "commander";
import { buildComparison } from "../gallery/build-comparison.js";
import type { Context } from "./context.js";
import {
  type ModelOptions,
  modelOf,
  numberOf,
  printJson,
  type ReportOptions,
  STYLE_HELP,
  withModelOptions,
  withReportOptions,
} from "./options.js";
import { progressOn } from "./progress.js";
import { print } from "./streams.js";

interface CompareOptions extends ModelOptions, ReportOptions {
  readonly style?: string;
  readonly seed: number;
  readonly output: string;
}

export const compareCommand = ({ signal }: Context): Command =>
  withReportOptions(withModelOptions(new Command("compare")))
    .optionsGroup("What to make:")
    .description("draw one prompt in every decoding order and show passes, time and previews side by side")
    .argument("<prompt>", 'what to draw, such as "guitar"')
    .option("--style <name>", STYLE_HELP)
    .option("--seed <number>", "seed of all pictures", numberOf, 0)
    .option("-o, --output <folder>", "folder for the comparison", "compare")
    .action(async (prompt: string, options: CompareOptions) => {
      const progress = progressOn(process.stderr, options.quiet || options.json);
      const model = await modelOf(options);
      try {
        const { style, seed, output: folder } = options;
        const { page, sheet, orders } = await buildComparison({
          ...{ model, prompt, style, seed, signal, folder },
          onOrder: ({ decoding, forwardPasses, milliseconds }) => {
            progress.line(
              `${decoding.padEnd(14)} ${String(forwardPasses).padStart(4)} passes  ${Math.round(milliseconds)} ms`,
            );
          },
        });
        if (options.json) {
          const rows = orders.map(({ decoding, forwardPasses, milliseconds }) => ({
            decoding,
            forwardPasses,
            milliseconds,
          }));
          return printJson({ page, sheet, seed, orders: rows });
        }
        print(`${page}\n${sheet}\n`);
      } finally {
        progress.clear();
        await model.close();
      }
    });
