/**
 * Draws a part of the pictures of data/rows.json at the size that the upscaler is to reach, and writes
 *   data/large-512.u8   [M, 512, 512, 4] bytes, premultiplied RGBA: pictures of the SVG sets
 *   data/large-256.u8   [K, 256, 256, 4] bytes: those of fluent-3d, of which there are no larger ones
 *   data/large.json     { "512": [rows of rows.json], "256": [rows] }
 *
 *   npm run prepare-data, then node prepare-large.mjs [--out DIR]
 *
 * Which ones is a hash of names: a sixth of each set, and all of the held-out concepts.
 */
import fs from "node:fs";
import path from "node:path";
import { concepts, lot, pictures, premultiply, STYLES } from "./sets.mjs";

const at = process.argv.indexOf("--out");
const out = at > 0 ? process.argv[at + 1] : path.join(import.meta.dirname, "data");
if (fs.existsSync(path.join(out, "large.json"))) {
  console.log(`${out}/large.json is there; delete it to draw again`);
  process.exit(0);
}
const { rows } = JSON.parse(fs.readFileSync(path.join(out, "rows.json"), "utf8"));
const rowOf = new Map(rows.map(({ style, concept }, row) => [`${style}|${concept}`, row]));
const isTaken = ({ style, concept, heldOutConcept }) => heldOutConcept || lot("large", style, concept) < 1 / 6;

const known = concepts();
const taken = {};
for (const size of [512, 256]) {
  const blob = fs.createWriteStream(path.join(out, `large-${size}.u8`));
  taken[size] = [];
  for (const set of STYLES.filter(({ kind }) => (kind === "webp") === (size === 256))) {
    for (const { entry, draw } of pictures(set, known)) {
      const row = rowOf.get(`${set.style}|${entry.concept}`);
      if (row === undefined || !isTaken(rows[row])) continue;
      const rgba = await draw(size).ensureAlpha().raw().toBuffer();
      if (!blob.write(premultiply(rgba))) await new Promise((done) => blob.once("drain", done));
      taken[size].push(row);
    }
    console.log(`${size} ${set.style.padEnd(12)} ${taken[size].length} so far`);
  }
  await new Promise((done) => blob.end(done));
}
fs.writeFileSync(path.join(out, "large.json.part"), JSON.stringify(taken));
fs.renameSync(path.join(out, "large.json.part"), path.join(out, "large.json"));
