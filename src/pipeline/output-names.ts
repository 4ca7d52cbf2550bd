/** Names of the files of assets: templates filled in, and refused where they could lead anywhere but into the output folder. */
import { ArgumentError } from "../base/errors.js";
import { didYouMean } from "../base/nearest.js";
import { nameFrom } from "../base/slug.js";
import { described, quoted } from "../base/words.js";
import { hasControlCharacters } from "./plain-text.js";

/** Bytes of one part of a name; suffixes follow, and a file system takes 255. */
const MOST_BYTES = 200;

/** Fills in the names in braces; values become words, so none of them is a path. `values` are those of one item. */
export function rendered(template: string, values: Readonly<Record<string, unknown>>, where: string): string {
  const name = template.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined) return nameFrom(String(value));
    const known = Object.keys(values).filter((key) => values[key] !== undefined);
    const remedy = `${didYouMean(name, known)}This asset has ${known.join(", ")}.`;
    throw new ArgumentError(where, "names in braces that the asset has", described(quoted(`{${name}}`)), remedy);
  });
  return relativePath(name, where);
}

/** Names that Windows keeps for devices, with any ending. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** A path that stays below the folder it starts from, on every system; else an ArgumentError for `where`. */
export function relativePath(path: string, where: string): string {
  const fault = faultIn(path);
  if (fault === null) return path;
  const remedy = "Name files by letters, digits, hyphens and single slashes; they lie in the output folder.";
  throw new ArgumentError(where, `a relative path of plain names, but ${fault}`, path, remedy);
}

function faultIn(path: string): string | null {
  if (hasControlCharacters(path) || /[\n\t]/.test(path)) return "this contains control characters";
  if (/[<>:"|?*\\]/.test(path)) return 'this holds one of < > : " | ? * \\';
  for (const part of path.split("/")) {
    if (part === "") return "a part of it is empty";
    if (part === "." || part === "..") return `it leads through "${part}"`;
    if (/[. ]$/.test(part) || part.startsWith(" ")) return "a part begins with a space, or ends with a dot or a space";
    if (DEVICE.test(part)) return "a part is the name of a device";
    if (Buffer.byteLength(part) > MOST_BYTES) return `a part is longer than ${MOST_BYTES} bytes`;
  }
  return null;
}
