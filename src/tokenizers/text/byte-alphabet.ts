/**
 * Byte-level vocabularies write each of the 256 bytes as one printable character (GPT-2, encoder.py, bytes_to_unicode):
 * the printable ones of Latin-1 as themselves, the others, in order, as the characters from U+0100 on.
 */
export const BYTE_CHARACTERS: readonly string[] = (() => {
  const printable = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
})();
const BYTE_OF: ReadonlyMap<string, number> = new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]));

const encoder = new TextEncoder();
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** The UTF-8 bytes of the text, each as its character. */
export function toByteCharacters(text: string): string {
  let out = "";
  for (const byte of encoder.encode(text)) out += BYTE_CHARACTERS[byte];
  return out;
}

/** The bytes that a token stands for; a token with characters of no byte stands for its own UTF-8. */
export function bytesOfToken(token: string): Iterable<number> {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = BYTE_OF.get(character);
    if (byte === undefined) return encoder.encode(token);
    bytes.push(byte);
  }
  return bytes;
}

/** UTF-8 to text; broken sequences become U+FFFD, one for each maximal part (Unicode 3.9, as in every browser and in Rust). */
export const textOfBytes = (bytes: readonly number[]): string => lossy.decode(Uint8Array.from(bytes));

/** UTF-8 to text, or null if it is not UTF-8. */
export function strictTextOfBytes(bytes: readonly number[]): string | null {
  try {
    return strict.decode(Uint8Array.from(bytes));
  } catch {
    return null;
  }
}

/** The vocabulary's name of a byte in byte-fallback models: <0x0A>. */
export const byteToken = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;

export const utf8 = (text: string): Uint8Array => encoder.encode(text);
