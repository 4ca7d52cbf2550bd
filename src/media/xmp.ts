/**
 * The mark in picture files: XMP, which PNG, WebP, AVIF and JPEG all hold. Names are those of the IPTC Photo Metadata Standard
 * 2025.1, and our own where it has none.
 */
import { check } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import { type Marking, markingFrom } from "./marking.js";
import { sniffed } from "../tokenizers/image/picture-format.js";
import { loadSharp } from "../tokenizers/image/sharp.js";

const IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";
const OWN = "urn:tessera-sdk:picture:1/";

/** The properties of the packet and where each goes; a row is written and read by the same name. */
const PROPERTIES = {
  digitalSourceType: "Iptc4xmpExt:DigitalSourceType",
  system: "Iptc4xmpExt:AISystemUsed",
  systemVersion: "Iptc4xmpExt:AISystemVersionUsed",
  prompt: "Iptc4xmpExt:AIPromptInformation",
  model: "tessera:model",
  seed: "tessera:seed",
  index: "tessera:index",
} as const satisfies Record<keyof Marking, string>;

/** The mark as an XMP packet, for a program that encodes pictures by itself: `sharp(…).withXmp(xmpOf(markingOf(…)))`. */
export function xmpOf(marking: Marking): string {
  const rows = Object.entries(PROPERTIES).flatMap(([field, property]) => {
    const value = marking[field as keyof Marking];
    return value === null ? [] : [`   <${property}>${escaped(String(value))}</${property}>`];
  });
  return [
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>',
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
    ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
    `  <rdf:Description rdf:about="" xmlns:Iptc4xmpExt="${IPTC}" xmlns:tessera="${OWN}">`,
    ...rows,
    "  </rdf:Description>",
    " </rdf:RDF>",
    "</x:xmpmeta>",
    '<?xpacket end="w"?>',
  ].join("\n");
}

/**
 * Reads the mark of a PNG, WebP, AVIF or JPEG file; null where it carries none. A signal, not a proof: whoever re-encodes a
 * picture can drop it.
 *
 * @throws ArgumentError where the bytes are no picture.
 */
export async function readMarking(bytes: Uint8Array): Promise<Marking | null> {
  const expected = "the bytes of a PNG, WebP, AVIF or JPEG file";
  check("bytes", expected, bytes, (b) => b instanceof Uint8Array && b.length > 0 && "format" in sniffed(b));
  const sharp = await loadSharp();
  const metadata = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch((cause: unknown) => {
      throw new ArgumentError("bytes", expected, described("damaged ones"), undefined, { cause });
    });
  const packet = metadata.xmp?.toString("utf8") ?? "";
  return markingFrom((field) => {
    const property = PROPERTIES[field];
    const start = packet.indexOf(`<${property}>`);
    const end = packet.indexOf(`</${property}>`, start);
    return start < 0 || end < 0 ? null : plain(packet.slice(start + property.length + 2, end));
  });
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text for XML 1.0, which has no place for most control characters nor for halves of surrogate pairs. */
const escaped = (text: string): string =>
  text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"]/g, (c) => ENTITIES[c]!);

const plain = (xml: string): string =>
  xml.replace(/&(amp|lt|gt|quot);/g, (entity) => Object.keys(ENTITIES).find((c) => ENTITIES[c] === entity)!);
