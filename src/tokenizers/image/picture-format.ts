/** What a file is, by its first bytes: the four formats that are read, and others by their names, for messages. */

export type ReadableFormat = "PNG" | "WebP" | "AVIF" | "JPEG";

/** A format that is read, or what else the bytes begin like. */
export type Sniffed = { readonly format: ReadableFormat } | { readonly other: string };

const ascii = (bytes: Uint8Array, start: number, end: number): string =>
  String.fromCharCode(...bytes.subarray(start, end));

/** Rows of what a file of that kind begins with. A brand of AVIF is asked for below, as other formats share its container. */
const READABLE: readonly (readonly [ReadableFormat, (bytes: Uint8Array) => boolean])[] = [
  ["PNG", (bytes) => ascii(bytes, 0, 8) === "\x89PNG\r\n\x1a\n"],
  ["JPEG", (bytes) => ascii(bytes, 0, 3) === "\xff\xd8\xff"],
  ["WebP", (bytes) => ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 12) === "WEBP"],
  [
    "AVIF",
    (bytes) => /^avi[fs]/.test(brandsOf(bytes)) || brandsOf(bytes).slice(8).match(/.{4}/gs)?.includes("avif") === true,
  ],
];

const OTHERS: readonly (readonly [string, RegExp])[] = [
  ["a GIF file", /^GIF8/],
  ["a TIFF file", /^(II\*\0|MM\0\*)/],
  ["a BMP file", /^BM/],
  ["a HEIC file", /^.{4}ftyp(hei|mif|msf)/s],
  ["a PDF file", /^%PDF/],
  ["an SVG file", /^\s*<(\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!DOCTYPE\s+)?svg|^\s*<\?xml.*<svg/is],
];

/** Tells what the bytes of a file begin like. They are never handed to a decoder to find out. */
export function sniffed(bytes: Uint8Array): Sniffed {
  const found = READABLE.find(([, begins]) => begins(bytes));
  if (found) return { format: found[0] };
  const start = ascii(bytes, 0, 1024).replace(/^\xef\xbb\xbf/, "");
  return { other: OTHERS.find(([, begins]) => begins.test(start))?.[0] ?? "a file of another kind" };
}

/** The brands of an ISO base media file (ISO/IEC 14496-12 §4.3), the major one first, then its version; "" for other files. */
function brandsOf(bytes: Uint8Array): string {
  if (ascii(bytes, 4, 8) !== "ftyp") return "";
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  return ascii(bytes, 8, Math.min(size, 256));
}

/** Whether the file has several frames of which a decoder would show only one: a PNG with acTL, an AVIF sequence. */
export function isSequence(bytes: Uint8Array, format: ReadableFormat): boolean {
  if (format === "AVIF") return brandsOf(bytes).startsWith("avis");
  if (format !== "PNG") return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    const type = ascii(bytes, at + 4, at + 8);
    if (type === "acTL") return true; // it stands before IDAT (PNG, third edition, §5.6)
    if (type === "IDAT") return false;
  }
  return false;
}
