/** The tokenizer of Qwen 2 out of the two files that older folders have in place of a tokenizer.json. */
import { join } from "node:path";
import { TokenizerError } from "../../base/errors.js";
import { readBoundedText } from "../../base/read-file.js";
import { loadTextTokenizer } from "./load-text-tokenizer.js";
import type { TextTokenizer } from "./text-tokenizer.js";

const MOST_BYTES = 2 ** 26;

/** How Qwen 2 cuts a text before merging, as its tokenizer.json states it. */
const PIECES =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** Every folder's own special tokens, which stand after its vocabulary. */
const SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

/**
 * Reads vocab.json and merges.txt of a folder. `specials` are further special tokens, whose ids follow those of Qwen 2 in order.
 *
 * @throws InputError for a file that cannot be read, TokenizerError for one that is damaged.
 */
export async function loadQwenTokenizer(folder: string, specials: readonly string[] = []): Promise<TextTokenizer> {
  const file = join(folder, "vocab.json");
  const [vocabText, mergesText] = await Promise.all([
    readBoundedText(file, MOST_BYTES),
    readBoundedText(join(folder, "merges.txt"), MOST_BYTES),
  ]);
  const vocab = parsed(vocabText, file);
  const merges = mergesText
    .split(/\r?\n/)
    .filter((line, i) => line !== "" && !(i === 0 && line.startsWith("#version")));
  const first = Object.keys(vocab).length;
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const added = [...SPECIALS, ...specials].map((content, i) => ({ id: first + i, content, ...flags }));
  const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false };
  return loadTextTokenizer({
    version: "1.0",
    added_tokens: added,
    normalizer: { type: "NFC" },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [{ type: "Split", pattern: { Regex: PIECES }, behavior: "Isolated", invert: false }, bytes],
    },
    post_processor: bytes,
    decoder: bytes,
    model: { type: "BPE", vocab, merges },
  });
}

function parsed(text: string, file: string): Readonly<Record<string, number>> {
  try {
    const vocab: unknown = JSON.parse(text);
    if (typeof vocab === "object" && vocab !== null && !Array.isArray(vocab)) return vocab as Record<string, number>;
  } catch (cause) {
    throw new TokenizerError(`${file}: is not JSON.`, "Download the folder of the tokenizer again.", { cause });
  }
  throw new TokenizerError(`${file}: holds no object.`, "Download the folder of the tokenizer again.");
}
