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
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";
import sharp from "sharp";

const SIZE = 128;
const require = createRequire(import.meta.url);

/** One row a style: the package that holds it, and the word a user says for it. */
const STYLES = [
  { style: "fluent-3d", source: "@lobehub/fluent-emoji-3d", kind: "webp" },
  { style: "fluent", source: "@iconify-json/fluent-emoji", kind: "iconify" },
  { style: "fluent-flat", source: "@iconify-json/fluent-emoji-flat", kind: "iconify" },
  { style: "noto", source: "@iconify-json/noto", kind: "iconify" },
  { style: "noto-blob", source: "@iconify-json/noto-v1", kind: "iconify" },
  { style: "twemoji", source: "@iconify-json/twemoji", kind: "iconify" },
  { style: "emojione", source: "@iconify-json/emojione", kind: "iconify" },
  { style: "fxemoji", source: "@iconify-json/fxemoji", kind: "iconify" },
  { style: "streamline", source: "@iconify-json/streamline-emojis", kind: "iconify" },
];

const slug = (text) => text.toLowerCase().replace(/&/g, "and").replace(/[^a-z0-9]+/g, "");
const bareHex = (hex) => hex.toLowerCase().replace(/-fe0f/g, "");
/** A number in [0, 1) that depends on the words alone. */
const lot = (...words) => createHash("sha256").update(words.join("|")).digest().readUInt32BE(0) / 2 ** 32;

/** Emoji without skin-tone variants, found by code point, or by any of the names the sets use. */
function concepts() {
  const emoji = require("emojibase-data/en/data.json").filter((e) => e.group !== 2); // 2: bare skin tones and hair
  const keywords = require("emojilib/dist/emoji-en-US.json");
  const byHex = new Map(), byName = new Map();
  for (const e of emoji) {
    const concept = bareHex(e.hexcode);
    const words = (keywords[e.emoji] ?? []).map((w) => w.replace(/_/g, " "));
    const phrases = [...new Set([...(e.tags ?? []), ...words].map((w) => w.toLowerCase().trim()))]
      .filter((w) => w && w !== e.label.toLowerCase() && /^[\x20-\x7e]+$/.test(w) && w.length <= 32);
    byHex.set(concept, { concept, label: e.label.toLowerCase(), phrases, group: e.group ?? -1 });
  }
  const name = (text, hex) => {
    const key = slug(text), found = byHex.get(bareHex(hex));
    if (found && !byName.has(key)) byName.set(key, found);
  };
  for (const e of emoji) name(e.label, e.hexcode);
  for (const set of ["twemoji", "noto", "fluent-emoji-flat"]) {
    for (const [hex, text] of Object.entries(require(`@iconify-json/${set}/chars.json`))) name(text, hex);
  }
  for (const list of ["emojibase", "joypixels", "github"]) {
    for (const [hex, texts] of Object.entries(require(`emojibase-data/en/shortcodes/${list}.json`))) {
      for (const text of [texts].flat()) name(text, hex);
    }
  }
  return { byHex, byName };
}

/** Every picture of one set as { concept, draw }, at most one for a concept. */
function* pictures({ source, kind }, { byHex, byName }) {
  const seen = new Set();
  const once = (entry) => entry && !seen.has(entry.concept) && seen.add(entry.concept);
  if (kind === "webp") {
    const folder = path.join(path.dirname(require.resolve(`${source}/package.json`)), "assets");
    for (const file of fs.readdirSync(folder).sort()) {
      const entry = byHex.get(bareHex(path.parse(file).name));
      if (once(entry)) yield { entry, draw: () => sharp(path.join(folder, file)).resize(SIZE, SIZE) };
    }
    return;
  }
  const { icons, width = 16, height = 16 } = require(`${source}/icons.json`);
  const hexOf = new Map();
  for (const [hex, text] of Object.entries(require(`${source}/chars.json`))) if (!hexOf.has(text)) hexOf.set(text, hex);
  for (const [text, icon] of Object.entries(icons)) {
    const entry = (hexOf.has(text) && byHex.get(bareHex(hexOf.get(text)))) || byName.get(slug(text));
    if (!once(entry)) continue;
    const w = icon.width ?? width, h = icon.height ?? height;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${SIZE}" height="${SIZE}" viewBox="0 0 ${w} ${h}">${icon.body}</svg>`;
    yield { entry, draw: () => sharp(Buffer.from(svg)).resize(SIZE, SIZE, { fit: "contain", background: "#0000" }) };
  }
}

function premultiply(rgba) {
  for (let i = 0; i < rgba.length; i += 4) {
    const alpha = rgba[i + 3];
    for (let c = 0; c < 3; c++) rgba[i + c] = Math.round((rgba[i + c] * alpha) / 255);
  }
  return rgba;
}

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
    const rgba = await draw().ensureAlpha().raw().toBuffer();
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
