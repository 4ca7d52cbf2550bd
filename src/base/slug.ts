/** Names of files out of free text, so that no text takes the file of another. */
import { sha256 } from "./digest.js";

/** A file system takes names of 255 bytes; numbers and endings follow. */
const MOST_BYTES = 96;

/** A name that is one already, such as a style or a file's, as it is; any other text as its words. */
export const nameFrom = (text: string): string =>
  /^[\p{L}\p{M}\p{N}._-]+$/u.test(text) && !/^\.+$/.test(text) && Buffer.byteLength(text) <= MOST_BYTES
    ? text
    : slugOf(text);

/**
 * The words of a text joined by hyphens, or `wordless` where it has none; where they do not tell all of it, six digits of its SHA-256 tell it
 * apart.
 */
export function slugOf(text: string, wordless = "image"): string {
  const words =
    text
      .slice(0, 400)
      .normalize("NFC")
      .toLowerCase()
      .match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu) ?? [];
  let slug = "";
  for (const character of words.join("-")) {
    if (Buffer.byteLength(slug + character) > MOST_BYTES) break;
    slug += character;
  }
  if (slug !== "" && text === slug.replaceAll("-", " ")) return slug;
  return `${slug || wordless}-${sha256(text).slice(0, 6)}`;
}
