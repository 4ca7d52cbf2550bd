/** Reads a Hugging Face tokenizer.json, the one file that holds all of a text tokenizer. */
import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { TokenizerError } from "../../base/errors.js";
import { readAddedTokens } from "./added-tokens.js";
import { readDecoder } from "./decoders.js";
import { within } from "./effort.js";
import { Cursor, type FileNotes } from "./json-cursor.js";
import { readPadding, readTruncation } from "./lengths.js";
import { readModel } from "./model.js";
import { readNormalizer } from "./normalizers.js";
import { NO_POST_PROCESSOR, readPostProcessor } from "./post-processors.js";
import { readPreTokenizer } from "./pre-tokenizers.js";
import { TextTokenizer } from "./text-tokenizer.js";
import { readTokenBytes } from "./token-bytes.js";

/** The largest tokenizer.json in use has about 35 MB. */
const LARGEST_FILE = 256 * 2 ** 20;

/**
 * Opens a tokenizer.json: a path, a file URL, or the object that the file's JSON stands for. Throws TokenizerError, with the
 * path of the mistake within the file, for a file that cannot be read, is damaged, or asks for what is not supported.
 */
export async function loadTextTokenizer(source: string | URL | object): Promise<TextTokenizer> {
  if (typeof source !== "string" && !(source instanceof URL)) {
    return readTextTokenizer(source, "tokenizer.json", entriesOf(source));
  }
  const path = typeof source === "string" ? source : fileURLToPath(source);
  const text = await read(path);
  return readTextTokenizer(parse(text, path), path, text.length / BYTES_PER_ENTRY);
}

/** Of a vocabulary or of merges, in a file. */
const BYTES_PER_ENTRY = 40;

/** How many entries the vocabulary and the merges have, by which the time for reading them is measured. */
function entriesOf(json: object): number {
  const { model } = json as { model?: { vocab?: unknown; merges?: unknown } | null };
  const count = (list: unknown) => (typeof list === "object" && list !== null ? Object.keys(list).length : 0);
  return count(model?.vocab) + count(model?.merges);
}

async function read(path: string): Promise<string> {
  const remedy = "Pass the path of the tokenizer.json that belongs to the model.";
  try {
    const found = await stat(path);
    const { size } = found;
    if (!found.isFile()) throw new TokenizerError(`${path}: cannot be read (it is not a regular file).`, remedy);
    if (size > LARGEST_FILE) throw new TokenizerError(`${path}: is too large for a tokenizer (${size} bytes).`, remedy);
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof TokenizerError) throw error;
    throw new TokenizerError(`${path}: cannot be read (${(error as Error).message}).`, remedy, { cause: error });
  }
}

function parse(text: string, label: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TokenizerError(
      `${label}: is not JSON (${(error as Error).message.slice(0, 120)}).`,
      "Pass a tokenizer.json. A SentencePiece .model or a vocab.txt has to be converted to one first.",
      { cause: error },
    );
  }
}

const readTextTokenizer = (json: unknown, label: string, entries: number): TextTokenizer =>
  within({ label, characters: entries, costly: true }, () => readParts(json, label));

/** More rules than any honest file has, each of which may take a text from one end to the other. */
const MANY_RULES = 64;

const isCostly = ({ rules, wildPatterns }: FileNotes) => wildPatterns || rules > MANY_RULES;

function readParts(json: unknown, label: string): TextTokenizer {
  const file: FileNotes = { label, warnings: [], rules: 0, wildPatterns: false };
  const decoding: FileNotes = { ...file }; // noted apart: a decoder rarely has patterns, and a stream decodes often
  const root = new Cursor(json, file);
  root.at("version").oneOf(["1.0"], "1.0");
  const optional = <T>(name: string, readPart: (part: Cursor) => T, otherwise: T): T =>
    root.has(name) ? readPart(root.at(name)) : otherwise;

  const normalize = optional("normalizer", readNormalizer, (text) => text);
  const model = readModel(root.at("model"));
  const parts = {
    label,
    normalize,
    model,
    addedTokens: readAddedTokens(root.at("added_tokens"), model.vocabulary, normalize),
    preTokenize: optional("pre_tokenizer", readPreTokenizer, (pieces) => [...pieces]),
    postProcessor: optional("post_processor", readPostProcessor, NO_POST_PROCESSOR),
    decode: optional(
      "decoder",
      (part) => readDecoder(new Cursor(part.value, decoding, part.path)),
      (tokens) => [tokens.join(" ")],
    ),
    truncation: optional("truncation", readTruncation, null),
    padding: optional("padding", readPadding, null),
  };
  const tokenBytes = optional("decoder", (part) => readTokenBytes(part, parts.decode), null);
  const { warnings } = file; // the list is shared by both notes
  return new TextTokenizer({
    ...parts,
    tokenBytes,
    warnings,
    encodingIsCostly: isCostly(file),
    decodingIsCostly: isCostly(decoding),
  });
}
