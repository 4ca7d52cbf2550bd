/** npm run bench [-- NAME...]: every benchmark, or those named. Each prints what it compares and the ratios. */
import { cosyvoice2 } from "./cosyvoice2.js";
import { defaultPicture } from "./default-picture.js";
import { endings } from "./endings.js";
import { gallery } from "./gallery.js";
import { jacobiPasses } from "./jacobi.js";
import { llamagen } from "./llamagen.js";
import { loadMemory } from "./load-memory.js";
import { masks } from "./masks.js";
import { octgpt } from "./octgpt.js";
import { previews } from "./previews.js";
import { separations } from "./separations.js";
import { shapes } from "./shapes.js";
import { speech } from "./speech.js";
import { text } from "./text.js";
import { together } from "./together.js";
import { varD16 } from "./var-d16.js";
import { vqDs16 } from "./vq-ds16.js";

const BENCHMARKS: Readonly<Record<string, () => Promise<void>>> = {
  "llamagen-b": () => llamagen("llamagen-b"),
  "llamagen-l": () => llamagen("llamagen-l"),
  "nar-l": () => llamagen("nar-l"),
  "vq-ds16": vqDs16,
  text,
  octgpt,
  masks,
  shapes,
  "var-d16": varD16,
  "default-picture": defaultPicture,
  previews,
  together,
  speech,
  cosyvoice2,
  jacobi: () => jacobiPasses(),
  "load-memory": loadMemory,
  separations,
  gallery,
  endings,
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}. Choose of: ${Object.keys(BENCHMARKS).join(", ")}.`);
  process.exit(2);
}
for (const name of names.length > 0 ? names : Object.keys(BENCHMARKS)) {
  await BENCHMARKS[name]!();
  console.log();
}
