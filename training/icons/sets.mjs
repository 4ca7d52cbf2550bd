/** The nine sets of emoji: which pictures there are, what they show, and how they are drawn at any size. */
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";
import sharp from "sharp";

const require = createRequire(import.meta.url);

/** One row a style: the package that holds it, and the word a user says for it. */
export const STYLES = [
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
export const lot = (...words) => createHash("sha256").update(words.join("|")).digest().readUInt32BE(0) / 2 ** 32;

/** Emoji without skin-tone variants, found by code point, or by any of the names the sets use. */
export function concepts() {
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

/** Every picture of one set as { entry, draw }, at most one for a concept; draw(size) renders it at size x size. */
export function* pictures({ source, kind }, { byHex, byName }) {
  const seen = new Set();
  const once = (entry) => entry && !seen.has(entry.concept) && seen.add(entry.concept);
  if (kind === "webp") {
    const folder = path.join(path.dirname(require.resolve(`${source}/package.json`)), "assets");
    for (const file of fs.readdirSync(folder).sort()) {
      const entry = byHex.get(bareHex(path.parse(file).name));
      if (once(entry)) yield { entry, draw: (size) => sharp(path.join(folder, file)).resize(size, size) };
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
    const svg = (size) =>
      `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${size}" height="${size}" viewBox="0 0 ${w} ${h}">${icon.body}</svg>`;
    yield { entry, draw: (size) => sharp(Buffer.from(svg(size))).resize(size, size, { fit: "contain", background: "#0000" }) };
  }
}

/** In place: straight RGBA bytes to premultiplied ones. */
export function premultiply(rgba) {
  for (let i = 0; i < rgba.length; i += 4) {
    const alpha = rgba[i + 3];
    for (let c = 0; c < 3; c++) rgba[i + c] = Math.round((rgba[i + c] * alpha) / 255);
  }
  return rgba;
}
