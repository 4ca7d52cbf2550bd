/** Names of the files that commands write, so that no prompt takes the file of another. */
import { createHash } from "node:crypto";

/** What one picture of a run is made from, as far as its name tells. */
export interface Named {
  readonly prompt?: string | undefined;
  readonly style?: string | undefined;
  readonly classId?: number | undefined;
}

/** A file system takes names of 255 bytes; style, seed, index and endings follow. */
const MOST_BYTES = 96;

/** The beginning of a file's name: the words of the prompt and, behind "_", the style where one was named: "red-apple_flat". */
export function stemOf({ prompt, style, classId }: Named): string {
  const subject = prompt === undefined ? `class-${classId}` : slugOf(prompt);
  return style === undefined ? subject : `${subject}_${nameFrom(style)}`;
}

/** A name that is one already, such as a style or a file's, as it is; any other text as its words. */
export const nameFrom = (text: string): string =>
  /^[\p{L}\p{M}\p{N}._-]+$/u.test(text) && Buffer.byteLength(text) <= MOST_BYTES ? text : slugOf(text);

/** The words of a text joined by hyphens; where they do not tell all of it, six digits of its SHA-256 tell it apart. */
function slugOf(text: string): string {
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
  return `${slug || "image"}-${createHash("sha256").update(text).digest("hex").slice(0, 6)}`;
}
