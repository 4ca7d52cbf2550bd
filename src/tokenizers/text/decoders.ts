/** Decoders: the tokens of a text, made into parts that are the text when joined; one row a "type" of the file. */
import { bytesOfToken, strictTextOfBytes, textOfBytes } from "./byte-alphabet.js";
import { grown } from "./effort.js";
import type { Cursor } from "./json-cursor.js";
import { readPattern, replaceAll } from "./pattern.js";
import { readMetaspace } from "./pre-tokenizers.js";

export type Decode = (tokens: readonly string[]) => readonly string[];

const DECODERS: Readonly<Record<string, (part: Cursor) => Decode>> = {
  Sequence: (part) => {
    const steps = part.at("decoders").list().map(readDecoder);
    return (tokens) => steps.reduce((out, step) => step(out), tokens);
  },
  ByteLevel: () => (tokens) => {
    const bytes: number[] = [];
    for (const token of tokens) for (const byte of bytesOfToken(token)) bytes.push(byte);
    return [textOfBytes(bytes)];
  },
  ByteFallback: () => byteFallback,
  Metaspace: (part) => {
    const { replacement, scheme } = readMetaspace(part);
    return (tokens) =>
      tokens.map((token, index) => token.replaceAll(replacement, index === 0 && scheme !== "never" ? "" : " "));
  },
  Fuse: () => (tokens) => [tokens.join("")],
  Strip: (part) => {
    const content = part.at("content").character();
    const start = part.at("start").integer();
    const stop = part.at("stop").integer();
    return (tokens) => tokens.map((token) => strip(token, content, start, stop));
  },
  Replace: (part) => {
    const pattern = readPattern(part.at("pattern"));
    const content = part.at("content").string();
    return (tokens) => tokens.map((token) => replaceAll(token, pattern, content));
  },
  WordPiece: (part) => {
    const prefix = part.at("prefix").string("##");
    const clean = part.at("cleanup").boolean(true) ? cleanUp : (text: string) => text;
    const joined = (token: string) =>
      token.startsWith(prefix) ? token.slice(prefix.length) : grown(token, ` ${token}`);
    return (tokens) => tokens.map((token, index) => clean(index === 0 ? token : joined(token)));
  },
  BPEDecoder: (part) => {
    const suffix = part.at("suffix").string("</w>");
    return (tokens) =>
      tokens.map((token, index) => grown(token, token.replaceAll(suffix, index === tokens.length - 1 ? "" : " ")));
  },
  CTC: (part) => {
    const pad = part.at("pad_token").string("<pad>");
    const delimiter = part.at("word_delimiter_token").string("|");
    const clean = part.at("cleanup").boolean(true);
    return (tokens) =>
      tokens
        .filter((token, index) => token !== tokens[index - 1])
        .map((token) => token.replaceAll(pad, ""))
        .map((token) => (clean ? grown(token, cleanUp(token).replaceAll(delimiter, " ")) : token))
        .filter((token) => token !== "");
  },
};

export const readDecoder = (part: Cursor): Decode => part.byType(DECODERS);

/** Tokens such as <0xE2> are bytes. A run of them that is not UTF-8 becomes one U+FFFD a byte. */
function byteFallback(tokens: readonly string[]): string[] {
  const out: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    const text = strictTextOfBytes(bytes);
    if (text === null) for (const _ of bytes) out.push("\ufffd");
    else if (bytes.length > 0) out.push(text);
    bytes = [];
  };
  for (const token of tokens) {
    const digits = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
    if (digits === undefined) {
      flush();
      out.push(token);
    } else {
      bytes.push(Number.parseInt(digits, 16));
    }
  }
  flush();
  return out;
}

/** Takes off up to `start` of the character at the beginning and up to `stop` at the end. */
function strip(token: string, content: string, start: number, stop: number): string {
  let first = 0;
  let last = token.length;
  for (let n = 0; n < start && token.startsWith(content, first); n++) first += content.length;
  for (let n = 0; n < stop && last - content.length >= first && token.startsWith(content, last - content.length); n++) {
    last -= content.length;
  }
  return token.slice(first, last);
}

/** BERT's tidying of spaces before punctuation and English contractions, in this order. */
const TIDYINGS = [
  [" .", "."],
  [" ?", "?"],
  [" !", "!"],
  [" ,", ","],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" do not", " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
] as const;
const cleanUp = (text: string): string => TIDYINGS.reduce((out, [from, to]) => out.replaceAll(from, to), text);
