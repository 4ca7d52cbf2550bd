/** `tessera demo`: a gallery of pictures, speech and meshes from fixed seeds. */
import { Command } from "commander";
import { buildGallery } from "../gallery/build-gallery.js";
import type { Context } from "./context.js";
import { makeDemoAssets } from "./demo-assets.js";
import {
  type ModelOptions,
  modelOf,
  numberOf,
  printJson,
  type ReportOptions,
  withModelOptions,
  withReportOptions,
} from "./options.js";
import { progressOn } from "./progress.js";
import { print } from "./streams.js";

interface DemoOptions extends ModelOptions, ReportOptions {
  readonly output: string;
  readonly limit?: number;
  readonly seed: number;
}

export const demoCommand = ({ signal }: Context): Command =>
  withReportOptions(withModelOptions(new Command("demo")))
    .optionsGroup("What to make:")
    .description(
      "make a gallery: pictures, speech, meshes, a contact sheet and a web page; of pictures alone where a model is named",
    )
    .option("-o, --output <folder>", "folder for the gallery", "gallery")
    .option("--limit <count>", "make at most this many of each medium", numberOf)
    .option("--seed <number>", "seed of all items", numberOf, 1)
    .action(async (options: DemoOptions) => {
      const progress = progressOn(process.stderr, options.quiet || options.json);
      const model = await modelOf(options);
      try {
        const { limit, seed, output: folder } = options;
        // A picture model of the user's own is shown alone.
        const alone = options.model !== undefined || options.transformer !== undefined;
        const others = alone ? [] : await makeDemoAssets({ folder, seed, limit, signal }, progress);
        const gallery = await buildGallery({
          ...{ model, folder, seed, limit, signal, title: alone ? `What ${model.name} draws` : "What Tessera makes" },
          onPicture: ({ row, done, total }) => {
            const how = row.milliseconds === null ? "kept" : `${row.milliseconds} ms`;
            progress.line(`${String(done).padStart(3)}/${total}  ${row.prompt} · ${row.style} · ${how}`);
          },
        });
        if (options.json) return printJson({ ...gallery, others });
        const made = gallery.rows.flatMap(({ milliseconds }) => milliseconds ?? []);
        const seconds = made.reduce((sum, milliseconds) => sum + milliseconds, 0) / 1000;
        print(`${gallery.page}\n${gallery.sheet}\n`);
        progress.line(`${made.length} made in ${seconds.toFixed(1)} s, ${gallery.rows.length - made.length} kept`);
      } finally {
        progress.clear();
        await model.close();
      }
    });
