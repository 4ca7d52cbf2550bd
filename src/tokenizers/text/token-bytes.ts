/** The bytes that a token adds to a text, told from the decoder of the file. */
import { bytesOfToken, utf8 } from "./byte-alphabet.js";
import type { Decode } from "./decoders.js";
import type { Cursor } from "./json-cursor.js";

/** Of a token as the vocabulary writes it, where it is not the first of its text; null for a file whose tokens change their neighbours. */
export type TokenBytes = (token: string) => Uint8Array;

/** Decoders by which a token adds the same bytes wherever it stands after another. */
const LOCAL = ["ByteLevel", "ByteFallback", "Metaspace", "Replace", "Fuse", "Strip"];

export function readTokenBytes(part: Cursor, decode: Decode): TokenBytes | null {
  const steps = part.at("type").string("") === "Sequence" ? part.at("decoders").list() : [part];
  const types = steps.map((step) => step.at("type").string(""));
  if (!types.every((type) => LOCAL.includes(type))) return null;
  if (types.includes("ByteLevel")) return (token) => Uint8Array.from(bytesOfToken(token));
  return (token) => {
    const byte = types.includes("ByteFallback") ? /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1] : undefined;
    if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16));
    return utf8(decode(["a", token]).join("").slice(1)); // what is taken off at the beginning does not concern it
  };
}
