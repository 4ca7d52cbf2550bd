/**
 * Adds the open furniture of Sweet Home 3D to an archive that make-archive.ts wrote:
 *
 *   apt-get download sweethome3d-furniture && dpkg-deb -x sweethome3d-furniture_*.deb package
 *   for f in package/usr/share/sweethome3d/furniture/*.sh3f; do unzip -q "$f" -d "furniture/$(basename "$f" .sh3f)"; done
 *   npx tsx training/shapes/make-furniture.ts furniture [--data data] [--most 1000]
 *
 * Captions are the names of the catalogue. Words go to words.json, the most frequent first, as far as the model has room; pieces whose last word found
 * none stay out. Names of several pieces go to nouns.json. NOTICE.md attributes every piece to its author; export.py puts it beside the model.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { writeWhole } from "../../src/base/write-file.js";
import { encodeMesh } from "../../src/tokenizers/octree/encode-mesh.js";
import { type Piece, piecesOf } from "./furniture/catalogue.js";
import { colouredObj } from "./furniture/coloured-obj.js";

const DEPTH = 6;
/** Words that the model has room for (recipe/model.py), and ids of a stream (export.py). */
const [MOST_WORDS, MOST_IDS] = [512, 6144];
/** A name becomes a noun of prompts with so many pieces. */
const PIECES = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { data: { type: "string", default: "data" }, most: { type: "string", default: "1000" } },
});
const folder = positionals[0];
if (folder === undefined) throw new Error("Name the folder of the unpacked catalogues.");
const list = async (name: string): Promise<string[]> => JSON.parse(await readFile(join(values.data, name), "utf8")) as string[];

const catalogues = (await readdir(folder)).sort();
const all = (await Promise.all(catalogues.map((name) => piecesOf(join(folder, name))))).flat().slice(0, Number(values.most));

const words = await list("words.json");
const counts = new Map<string, number>();
for (const word of all.flatMap(({ name }) => name.split(" "))) counts.set(word, (counts.get(word) ?? 0) + 1);
const fresh = [...counts].filter(([word]) => !words.includes(word)).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
words.push(...fresh.slice(0, MOST_WORDS - words.length).map(([word]) => word));

const rows: object[] = [];
const ids: number[] = [];
const kept: Piece[] = [];
for (const piece of all) {
  const { name, model } = piece;
  if (!words.includes(name.split(" ").at(-1)!)) continue;
  try {
    const stream = encodeMesh(await colouredObj(model), { depth: DEPTH }).ids;
    if (stream.length > MOST_IDS) continue;
    rows.push({ category: name, nouns: [name], before: {}, after: {}, length: stream.length });
    for (const id of stream) ids.push(id);
    kept.push(piece);
    if (kept.length % 50 === 0) console.log(`${kept.length} pieces`);
  } catch (error) {
    console.log(`left out: ${model}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
  }
}
/** The kept pieces, or some of them, by what `key` says of each. */
function grouped(pieces: readonly Piece[], key: keyof Piece): [string, Piece[]][] {
  const groups = new Map<string, Piece[]>();
  for (const piece of pieces) groups.set(piece[key], [...(groups.get(piece[key]) ?? []), piece]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}
const nouns = new Set([...(await list("nouns.json")), ...grouped(kept, "name").filter(([, of]) => of.length >= PIECES).map(([name]) => name)]);

const notice = grouped(kept, "licence").map(([licence, pieces]) => {
  const names = (of: readonly Piece[]) => [...new Set(of.map(({ name }) => name))].sort().join(", ");
  const lines = grouped(pieces, "creator").map(([creator, of]) => `- ${creator}: ${names(of)}`);
  return `## ${licence}\n\n${lines.join("\n")}\n`;
});
const head = `# Furniture that tessera-shapes learned from

Models of the furniture catalogues of Sweet Home 3D (Debian package sweethome3d-furniture), converted to OBJ by Emmanuel Puybaret, eTeks; here on a grid
of 64 voxels. Catalogues or pieces under licences that ask to share alike, or forbid commercial use, were left out.
`;
await writeWhole(join(values.data, "NOTICE.md"), [head, ...notice].join("\n"));
await writeWhole(join(values.data, "words.json"), JSON.stringify(words));
await writeWhole(join(values.data, "nouns.json"), JSON.stringify([...nouns].sort()));
await writeWhole(join(values.data, "rows-furniture.json.gz"), gzipSync(JSON.stringify(rows)));
await writeWhole(join(values.data, "ids-furniture.u16.gz"), gzipSync(new Uint8Array(Uint16Array.from(ids).buffer)));
console.log(`${kept.length} of ${all.length} pieces, ${ids.length} ids; ${words.length} words, ${nouns.size} nouns`);
