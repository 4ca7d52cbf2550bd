/**
 * Draws every emoji of nine permissively licensed sets at 128 x 128 and writes
 *   data/pictures.u8   [N, 128, 128, 4] bytes, premultiplied RGBA, row after row
 *   data/rows.json     N rows: style, concept, label, phrases, split
 *
 *   npm ci && npm run prepare-data [-- --out DIR]
 *
 * Splits are a hash of names, so they are the same on every machine:
 *   concept  held out of the tokenizer (5 % of concepts, all their styles)
 *   cell     held out of the transformer (5 % of (concept, style) pairs whose concept has at least 4 styles)
 * Resumable: a finished data folder is left alone; a broken one is drawn again from the start (about 3 minutes).
 */
import fs from "node:fs";
import path from "node:path";
import { concepts, lot, pictures, premultiply, STYLES } from "./sets.mjs";

const SIZE = 128;

const at = process.argv.indexOf("--out");
const out = at > 0 ? process.argv[at + 1] : path.join(import.meta.dirname, "data");
if (fs.existsSync(path.join(out, "rows.json"))) {
  console.log(`${out} is complete; delete it to draw again`);
  process.exit(0);
}
fs.mkdirSync(out, { recursive: true });
const known = concepts();
const blob = fs.createWriteStream(path.join(out, "pictures.u8"));
const rows = [];
for (const set of STYLES) {
  let count = 0;
  for (const { entry, draw } of pictures(set, known)) {
    const rgba = await draw(SIZE).ensureAlpha().raw().toBuffer();
    if (!rgba.some((v, i) => i % 4 === 3 && v > 16)) continue; // renders empty
    if (!blob.write(premultiply(rgba))) await new Promise((done) => blob.once("drain", done));
    rows.push({ style: set.style, ...entry });
    count++;
  }
  console.log(`${set.style.padEnd(12)} ${count}`);
}
await new Promise((done) => blob.end(done));

const stylesOf = new Map();
for (const row of rows) stylesOf.set(row.concept, (stylesOf.get(row.concept) ?? 0) + 1);
for (const row of rows) {
  row.heldOutConcept = lot("concept", row.concept) < 0.05;
  row.heldOutCell = stylesOf.get(row.concept) >= 4 && lot("cell", row.concept, row.style) < 0.05;
}
fs.writeFileSync(path.join(out, "rows.json.part"), JSON.stringify({ size: SIZE, styles: STYLES.map((s) => s.style), rows }));
fs.renameSync(path.join(out, "rows.json.part"), path.join(out, "rows.json"));
console.log(`${rows.length} pictures of ${stylesOf.size} concepts; ${rows.filter((r) => r.heldOutConcept).length} in held-out concepts, ${rows.filter((r) => r.heldOutCell).length} held-out cells`);
