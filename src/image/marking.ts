/**
 * The mark that a file carries in itself, readable by machines: "made by a trained model" (IPTC Digital Source Type), and by
 * which, from which prompt, with which seed. It is XMP, which PNG, WebP, AVIF and JPEG all hold; names are those of the IPTC
 * Photo Metadata Standard 2025.1, and our own where it has none.
 */
import sharp from "sharp";
import { ArgumentError } from "../base/errors.js";
import { VERSION } from "../base/version.js";

/** IPTC's word for pictures created by a trained model alone. */
export const TRAINED_ALGORITHMIC_MEDIA = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

/** IPTC's word for pictures of which a trained model made a part. */
export const COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA =
  "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";

/** Where a picture comes from: a model alone, or a model and a picture that was given to it. */
export const SOURCE_TYPES = {
  generated: TRAINED_ALGORITHMIC_MEDIA,
  composite: COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA,
} as const;

/** What a mark says. `digitalSourceType` and `system` are always there in files of ours. */
export interface Marking {
  readonly digitalSourceType: string;
  /** Such as "tessera-sdk". */
  readonly system: string | null;
  readonly systemVersion: string | null;
  /** Model and revision, such as "tessera-icons 1". */
  readonly model: string | null;
  /** The prompt, or the class; its beginning, if it is long. */
  readonly prompt: string | null;
  readonly seed: number | null;
  /** Number of the picture among those of its seed. */
  readonly index: number | null;
}

/** JPEG holds at most 65,502 bytes of XMP in one piece; a prompt of this length stays below it in any script. */
const PROMPT_CHARACTERS = 2000;

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

/** The mark of a picture of ours. A prompt beyond 2000 characters is marked by its beginning. */
export function markingOf(
  made: Pick<Marking, "model" | "prompt" | "seed" | "index">,
  source: keyof typeof SOURCE_TYPES = "generated",
): Marking {
  const prompt =
    made.prompt && made.prompt.length > PROMPT_CHARACTERS ? `${made.prompt.slice(0, PROMPT_CHARACTERS)}…` : made.prompt;
  return {
    ...made,
    prompt,
    digitalSourceType: SOURCE_TYPES[source],
    system: "tessera-sdk",
    systemVersion: VERSION,
  };
}

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
  const metadata = await sharp(bytes)
    .metadata()
    .catch(() => {
      throw new ArgumentError("bytes", "the bytes of a PNG, WebP, AVIF or JPEG file", bytes);
    });
  const packet = metadata.xmp?.toString("utf8") ?? "";
  const text = (field: keyof Marking): string | null => {
    const property = PROPERTIES[field];
    const start = packet.indexOf(`<${property}>`);
    const end = packet.indexOf(`</${property}>`, start);
    return start < 0 || end < 0 ? null : plain(packet.slice(start + property.length + 2, end));
  };
  const whole = (field: keyof Marking): number | null => {
    const value = text(field);
    return value !== null && /^\d{1,16}$/.test(value) ? Number(value) : null;
  };
  const digitalSourceType = text("digitalSourceType");
  if (digitalSourceType === null) return null;
  const [system, systemVersion] = [text("system"), text("systemVersion")];
  const [model, prompt] = [text("model"), text("prompt")];
  return { digitalSourceType, system, systemVersion, model, prompt, seed: whole("seed"), index: whole("index") };
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text for XML 1.0, which has no place for most control characters nor for halves of surrogate pairs. */
const escaped = (text: string): string =>
  text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"]/g, (c) => ENTITIES[c]!);

const plain = (xml: string): string =>
  xml.replace(/&(amp|lt|gt|quot);/g, (entity) => Object.keys(ENTITIES).find((c) => ENTITIES[c] === entity)!);
