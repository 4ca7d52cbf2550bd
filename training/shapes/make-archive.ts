/**
 * Writes the archive that the model learns from:   npx tsx training/shapes/make-archive.ts [--shapes 20000] [--data data] [--seed 1]
 *
 * Chunks of 500 shapes, each two files: ids-N.u16.gz (the ids of all its shapes, one after another) and rows-N.json.gz (for each shape its
 * category, its words and the number of its ids). A chunk is written whole or not at all; those that exist are kept. words.json lists all
 * words of the captions of 20,000 shapes and nouns.json what they are called, so that a run may begin before the archive is complete.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { writeWhole } from "../../src/base/write-file.js";
import { encodeVoxels } from "../../src/tokenizers/octree/encode.js";
import { shapeOf } from "./generator/index.js";
import { voxelsOfShape } from "./generator/shape.js";

const CHUNK = 500;
const DEPTH = 6;

const { values } = parseArgs({
  options: { shapes: { type: "string", default: "20000" }, data: { type: "string", default: "data" }, seed: { type: "string", default: "1" } },
});
const words = new Set(["a", "an", "with", "and"]);
const names = new Set<string>();
for (let item = 0; item < 20_000; item++) {
  const { nouns, before, after } = shapeOf(Number(values.seed), item);
  for (const noun of nouns) names.add(noun);
  for (const text of [...nouns, ...Object.values(before), ...Object.values(after)])
    for (const [word] of text.matchAll(/[a-z0-9]+/g)) words.add(word);
}
await writeWhole(join(values.data, "words.json"), JSON.stringify(["[UNK]", ...[...words].sort()]));
await writeWhole(join(values.data, "nouns.json"), JSON.stringify([...names].sort()));
for (let chunk = 0; chunk * CHUNK < Number(values.shapes); chunk++) {
  const name = String(chunk).padStart(3, "0");
  const [idsFile, rowsFile] = [join(values.data, `ids-${name}.u16.gz`), join(values.data, `rows-${name}.json.gz`)];
  if (existsSync(idsFile)) continue;
  const rows: object[] = [];
  const ids: number[] = [];
  for (let item = chunk * CHUNK; item < (chunk + 1) * CHUNK; item++) {
    const { category, nouns, before, after, ...shape } = shapeOf(Number(values.seed), item);
    const stream = encodeVoxels(voxelsOfShape({ category, nouns, before, after, ...shape }, DEPTH));
    rows.push({ category, nouns, before: said(before), after: said(after), length: stream.length });
    for (const id of stream) ids.push(id);
  }
  await writeWhole(rowsFile, gzipSync(JSON.stringify(rows)));
  await writeWhole(idsFile, gzipSync(new Uint8Array(Uint16Array.from(ids).buffer)));
  console.log(`${idsFile}: ${rows.length} shapes, ${ids.length} ids`);
}

/** Without the attributes that a shape does not have. */
function said(words: Readonly<Record<string, string>>): object {
  return Object.fromEntries(Object.entries(words).filter(([, word]) => word !== ""));
}
