/** The multilingual tokenizer of Whisper (arXiv 2212.04356) out of its table of ranks, as tiktoken writes it. */
import { TokenizerError } from "../../base/errors.js";
import { readBoundedText } from "../../base/read-file.js";
import { BYTE_CHARACTERS } from "./byte-alphabet.js";
import { loadTextTokenizer } from "./load-text-tokenizer.js";
import type { TextTokenizer } from "./text-tokenizer.js";

const MOST_BYTES = 2 ** 24;

/** Languages of large-v3, in the order of their ids. */
const LANGUAGES =
  "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml cy sk te fa lv bn " +
  "sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my " +
  "bo tl mg as tt haw ln ha ba jw su yue";

/** Times from 0 to 30 s in steps of 20 ms. */
const TIMES = Array.from({ length: 1501 }, (_, i) => (i * 0.02).toFixed(2));

const SPECIALS = [
  ...["endoftext", "startoftranscript", ...LANGUAGES.split(" "), "translate", "transcribe", "startoflm"],
  ...["startofprev", "nospeech", "notimestamps", ...TIMES],
].map((name) => `<|${name}|>`);

/**
 * Reads a table of ranks: lines of the bytes of a token in base64 and its rank. Special tokens stand behind the last rank.
 *
 * @throws InputError for a file that cannot be read, TokenizerError for one that is damaged.
 */
export async function loadWhisperTokenizer(file: string): Promise<TextTokenizer> {
  const ranks = ranksOf(await readBoundedText(file, MOST_BYTES), file);
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: true };
  return loadTextTokenizer({
    version: "1.0",
    added_tokens: SPECIALS.map((content, i) => ({ id: ranks.size + i, content, ...flags })),
    normalizer: null,
    pre_tokenizer: bytes,
    post_processor: bytes,
    decoder: bytes,
    model: { type: "BPE", vocab: Object.fromEntries(ranks), merges: mergesOf(ranks) },
  });
}

/** Tokens in the byte alphabet with their ranks, 0, 1, … */
function ranksOf(text: string, file: string): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const [token, rank, ...others] = line.trim().split(" ");
    const bytes = Buffer.from(token!, "base64");
    const isNext = others.length === 0 && Number(rank) === ranks.size;
    if (!isNext || bytes.length === 0 || bytes.toString("base64") !== token)
      throw new TokenizerError(
        `${file}: line ${ranks.size + 1} is no token with its rank.`,
        "Bring the file multilingual.tiktoken of Whisper again.",
      );
    ranks.set(Array.from(bytes, (byte) => BYTE_CHARACTERS[byte]).join(""), ranks.size);
  }
  if (BYTE_CHARACTERS.some((character) => !ranks.has(character)))
    throw new TokenizerError(`${file}: lacks bytes.`, "Bring the file multilingual.tiktoken of Whisper again.");
  return ranks;
}

/**
 * tiktoken merges any neighbours whose join has a rank, the lowest first: so every way to part a token is a merge of that token's
 * rank.
 */
function mergesOf(ranks: ReadonlyMap<string, number>): (readonly [string, string])[] {
  const merges: (readonly [string, string])[] = [];
  for (const token of ranks.keys()) {
    for (let at = 1; at < token.length; at++) {
      const parts = [token.slice(0, at), token.slice(at)] as const;
      if (parts.every((part) => ranks.has(part))) merges.push(parts);
    }
  }
  return merges;
}
