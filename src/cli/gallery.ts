/** `tessera gallery out`: a web page over the generated files of a folder. */
import { Command } from "commander";
import { writeGallery } from "../gallery/write-gallery.js";
import type { Context } from "./context.js";
import { printJson } from "./options.js";
import { print, tell } from "./streams.js";

interface GalleryOptions {
  readonly title?: string;
  readonly json: boolean;
}

export const galleryCommand = ({ signal }: Context): Command =>
  new Command("gallery")
    .description("write a web page over the pictures, sounds, meshes and masks of a folder that have manifests")
    .argument("<folder>", "folder of the files, such as out; the page becomes its index.html")
    .option("--title <sentence>", "heading of the page (default: the media and the models)")
    .option("--json", "print one JSON object and nothing else", false)
    .action(async (folder: string, { title, json }: GalleryOptions) => {
      const gallery = await writeGallery({ folder, title, signal });
      if (json) return printJson(gallery);
      for (const { file, reason } of gallery.skipped) tell(`warning: ${file} was left out. ${reason}\n`);
      print(`${gallery.page}\n`);
    });
