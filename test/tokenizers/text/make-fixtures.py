"""Makes the fixtures of the text tokenizer tests: tiny tokenizers of every kind, and what the reference says about nasty texts.

    python make-fixtures.py OUTPUT_FOLDER        (needs `tokenizers` 0.23.2 and nothing else)

Each OUTPUT_FOLDER/<name>.json holds { tokenizer, cases, pairs, lengths }: the tokenizer.json itself; for each text its ids with
and without special tokens and the text of the ids with and without special tokens; ids and type ids of pairs; padded and
truncated rows. components.json holds single normalizers (results: texts), pre-tokenizers (results: pieces) and Oniguruma
patterns (results: the lengths, in characters, of the pieces that an isolating split makes) for a list of texts.
"""
import base64
import json
import struct
import sys
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXTS = [
    "", " ", "a", "Hello, world!", "  leading and trailing  ", "the quick brown fox jumps over the lazy dog",
    "The Quick BROWN fox's fur isn't red; we'LL see, they'Ve gone, I'M he'd", "don't do not ' n't 's", "a\nb\r\nc\td\x0be\x0cf", "\n\n\n", "    def f(x):\n        return x\n",
    "1 22 333 4444 55555 3.14159 1,000,000 ½ ² Ⅷ ٣", "ﬁ ﬀ ﬃ ŀ Ǆ ℌ ①", "café cafe\u0301 naïve nai\u0308ve Å Å A\u030a", "e\u0301\u0302\u0303\u0304", "\u0301alone",
    "ΑΣ ΟΔΟΣ Σ σς", "İstanbul ıI ß ẞ SS", "日本語のテキスト、漢字。カタカナ", "中文字符 abc中文def", "한국어 텍스트 각 각", "العربية مرحبا", "हिन्दी नमस्ते क्षत्रिय", "ภาษาไทย", "עברית שלום",
    "😀 😀😀 👨‍👩‍👧‍👦 🇩🇪🇯🇵 👍🏽 ❤️ ✈", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈 𝄞", "\u200b\u200c\u200d\u2060\ufeff zero", "a\u00a0b\u3000c\u2003d\u2028e\u2029f\u0085g", "\u0000\u0001\u001f\u007f\u0080\u009f", "\ufffd\ufffe\uffff",
    "<s>", "</s>", "<s>Hello</s>", "Hello<s>world", "Hello <s> world", "Hello<mask>  world", "  <mask>  ", "x<mask>", "[CLS] a [SEP] b", "<unk> <pad> [UNK]", "<|endoftext|>", "<|endoftext|><|endoftext|>a", "<|end", "xtoken token tokens tokenx TOKEN tOkEn", "ADDED added Added",
    "▁ ▁▁ a▁b ▁", "<0x41> <0xE2> <0xZZ>", "Ġhello Ċ ÿ", "##ing ing playing unbelievably", "a" * 300, "ab" * 200, " " * 70 + "x", "!?.,;:…—–“”‘’«»$€£+<=>^`|~", "snake_case camelCase kebab-case path/to/file.txt https://example.org?q=1&r=2#x",
    "a  b   c    d", "x\u0000y", "पा\u0301 \u0600x", "\r", "\r\n\r\n", "e\u0327\u0301 o\u031b\u0323", "tab\tsep|pipe|pipe", "Zürich Straße Łódź", "क्\u200dष", "٠١٢ 𝟘𝟙",
]
CORPUS = [t for t in TEXTS if t] + [
    "the quick brown fox jumps over the lazy dog and the other dogs bark at the moon", "hello world, hello there, the world is round and the sea is deep",
    "playing played player plays unbelievable believe believing", "ein schöner Tag in Zürich, die Straße ist lang", "日本語のテキストです。漢字とカタカナ", "мир и война, hello мир",
    "numbers 1 12 123 1234 12345 and 2024", "    indented code\n        more code\n", "a red apple on a white table, a blue sky above the green field",
] * 3
PAIRS = [("hello world", "the fox"), ("", "a"), ("a", ""), ("<s> a b c d e f", "1 2 3 4 5 6 7 8 9 10 11")]
BATCH = ["hello world, the quick brown fox jumps", "a", "the lazy dog"]
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
GPT4O = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CL100K = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
CLIP = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""
DEEPSEEK = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"


def charsmap(rules):
    """A SentencePiece character map: a Darts-clone double array (built greedily) and the replacements, each with a zero byte."""
    texts, table = b"", {}
    for old, new in rules.items():
        table[old.encode()] = len(texts)
        texts += new.encode() + b"\0"
    units, used = {0: 0}, {0}

    def place(prefix, node):
        keys = [k for k in table if k.startswith(prefix)]
        labels = sorted({k[len(prefix)] for k in keys if len(k) > len(prefix)})
        leaf = prefix in table
        offset = 1
        while True:  # the units of the children are node ^ offset ^ label, the leaf is label 0
            spots = [node ^ offset ^ label for label in labels + ([0] if leaf else [])]
            if not any(s in used for s in spots) and offset < 1 << 21:
                break
            offset += 1
        used.update(spots)
        units[node] = units.get(node, 0) | (offset << 10) | (0x100 if leaf else 0)
        if leaf:
            units[node ^ offset] = table[prefix] | 0x80000000
        for label in labels:
            units[node ^ offset ^ label] = label
        for label in labels:
            place(prefix + bytes([label]), node ^ offset ^ label)

    place(b"", 0)
    size = max(units) + 256
    array = struct.pack(f"<{size}I", *[units.get(i, 0) for i in range(size)])
    return struct.pack("<I", len(array)) + array + texts


RULES = {"ﬁ": "fi", "ﬀ": "ff", "①": "1", "\t": " ", "\n": " ", "\r": " ", "\u3000": " ", "\u00a0": " ", "e\u0301": "é", "A\u030a": "Å", "\u200b": " ", "\u200d": "", "Ⅷ": "VIII", "½": "1⁄2", "\u0001": "", "\u007f": "", "ℌ": "H"}


def train(model, trainer_class, pre=None, norm=None, **options):
    tokenizer = Tokenizer(model)
    if norm is not None:
        tokenizer.normalizer = norm
    if pre is not None:
        tokenizer.pre_tokenizer = pre
    tokenizer.train_from_iterator(CORPUS, trainer_class(show_progress=False, **options))
    return tokenizer


def tokenizers():
    alphabet = pre_tokenizers.ByteLevel.alphabet()

    t = train(models.BPE(), trainers.BpeTrainer, pre_tokenizers.ByteLevel(add_prefix_space=False), vocab_size=420, initial_alphabet=alphabet, special_tokens=["<|endoftext|>"])
    t.post_processor = processors.ByteLevel(trim_offsets=False)
    t.decoder = decoders.ByteLevel()
    yield "gpt2", t, {}

    t = train(models.BPE(ignore_merges=True), trainers.BpeTrainer, pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), vocab_size=400, initial_alphabet=alphabet, special_tokens=["<|begin|>", "<|endoftext|>"])
    t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(single="<|begin|> $A", pair="<|begin|> $A <|begin|>:1 $B:1", special_tokens=[("<|begin|>", 0)])])
    t.decoder = decoders.ByteLevel()
    yield "llama3", t, {}

    t = train(models.BPE(end_of_word_suffix="</w>", unk_token="<|endoftext|>"), trainers.BpeTrainer, pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(CLIP), "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]),
              normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]), vocab_size=700, initial_alphabet=alphabet, end_of_word_suffix="</w>", special_tokens=["<|startoftext|>", "<|endoftext|>"])
    t.post_processor = processors.RobertaProcessing(("<|endoftext|>", 1), ("<|startoftext|>", 0), trim_offsets=False, add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    yield "clip", t, {}

    spm = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t = train(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True), trainers.BpeTrainer, None, spm, vocab_size=620, limit_alphabet=60, special_tokens=["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)])
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    j = json.loads(t.to_str())  # byte tokens belong to the model alone
    j["added_tokens"] = j["added_tokens"][:3]
    yield "llama2", Tokenizer.from_str(json.dumps(j)), {}

    t5 = normalizers.Sequence([normalizers.Precompiled(charsmap(RULES)), normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "▁")])
    t = train(models.Unigram(), trainers.UnigramTrainer, pre_tokenizers.Metaspace(), t5, vocab_size=300, unk_token="<unk>", special_tokens=["<pad>", "</s>", "<unk>"])
    t.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
    t.decoder = decoders.Metaspace()
    t.add_tokens([AddedToken("<mask>", lstrip=True, rstrip=False, normalized=False, special=True), AddedToken("token", single_word=True), AddedToken("Added", normalized=True)])
    yield "t5", t, {}

    t = train(models.Unigram(), trainers.UnigramTrainer, pre_tokenizers.Metaspace(prepend_scheme="first", split=False), normalizers.NFKC(), vocab_size=400, unk_token="<unk>", special_tokens=["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)])
    t.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first")])
    t.add_special_tokens([AddedToken("<mask>", lstrip=True, rstrip=True)])
    j = json.loads(t.to_str())
    j["model"]["byte_fallback"] = True
    rare = {"é", "日", "漢", "😀", "z", "Q", "ü"}
    j["model"]["vocab"] = [[p, s] for p, s in j["model"]["vocab"] if not any(c in p for c in rare)]
    j["added_tokens"] = [a for a in j["added_tokens"] if not a["content"].startswith("<0x")]
    j["added_tokens"][-1]["id"] = len(j["model"]["vocab"])
    yield "unigram-bytes", Tokenizer.from_str(json.dumps(j)), {}

    t = train(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=40), trainers.WordPieceTrainer, pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer(), vocab_size=400, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    t.decoder = decoders.WordPiece()
    t.add_tokens([AddedToken("ADDED", normalized=True), AddedToken("<mask>", rstrip=True)])
    yield "bert", t, {}

    t = train(models.WordLevel(unk_token="[UNK]"), trainers.WordLevelTrainer, pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True)]), normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()]), vocab_size=120, special_tokens=["[UNK]"])
    yield "word-level", t, {}

    t = train(models.BPE(unk_token="<unk>"), trainers.BpeTrainer, pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("contiguous")]), normalizers.Sequence([normalizers.Nmt(), normalizers.NFKD(), normalizers.Strip()]), vocab_size=300, limit_alphabet=50, end_of_word_suffix="</w>", special_tokens=["<unk>"])
    j = json.loads(t.to_str())
    j["model"]["end_of_word_suffix"] = "</w>"
    j["model"]["merges"] = ["#version: 0.2"] + [" ".join(m) for m in j["model"]["merges"]]
    j["decoder"] = {"type": "BPEDecoder", "suffix": "</w>"}
    del j["model"]["type"]
    yield "bpe-words", Tokenizer.from_str(json.dumps(j)), {"tokenizer": j}

    t = train(models.BPE(unk_token="<unk>", continuing_subword_prefix="##"), trainers.BpeTrainer, pre_tokenizers.Sequence([pre_tokenizers.CharDelimiterSplit("|"), pre_tokenizers.WhitespaceSplit()]), normalizers.Lowercase(), vocab_size=260, limit_alphabet=40, continuing_subword_prefix="##", special_tokens=["<unk>"])
    t.decoder = decoders.WordPiece(cleanup=False)
    yield "bpe-prefix", t, {}

    t = train(models.BPE(), trainers.BpeTrainer, None, normalizers.ByteLevel(), vocab_size=330, initial_alphabet=alphabet, special_tokens=["<|endoftext|>"])
    t.decoder = decoders.ByteLevel()
    t.add_tokens([AddedToken("Zürich", normalized=True), AddedToken("  ", normalized=False)])
    yield "byte-normalizer", t, {}


def describe(tokenizer, overrides):
    decode = lambda ids, skip: tokenizer.decode(ids, skip_special_tokens=skip)
    cases = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        plain = tokenizer.encode(text, add_special_tokens=False).ids
        cases.append([text, ids, plain, decode(ids, True) if ids else "", decode(ids, False) if ids else ""])
    pairs = []
    for a, b in PAIRS:
        e, p = tokenizer.encode(a, b), tokenizer.encode(a, b, add_special_tokens=False)
        pairs.append([a, b, e.ids, e.type_ids, p.ids, p.type_ids])
    lengths = []
    for length, strategy, direction in [(7, "longest_first", "right"), (6, "longest_first", "left"), (9, "longest_first", "right"), (12, "only_first", "right"), (14, "only_second", "left")]:
        tokenizer.enable_truncation(length, strategy=strategy, direction=direction)
        for a, b in PAIRS[:1] + PAIRS[3:]:
            try:
                e = tokenizer.encode(a, b)
            except Exception:
                continue
            lengths.append([length, strategy, direction, a, b, e.ids, e.type_ids])
    tokenizer.no_truncation()
    batches = []
    for options in [dict(), dict(length=11), dict(pad_to_multiple_of=8, direction="left", pad_id=3, pad_type_id=1)]:
        tokenizer.enable_padding(**options)
        try:
            rows = tokenizer.encode_batch(BATCH)
        except Exception:
            continue
        batches.append([options, [r.ids for r in rows], [r.type_ids for r in rows], [r.attention_mask for r in rows]])
    tokenizer.no_padding()
    return {"tokenizer": json.loads(tokenizer.to_str()), "cases": cases, "pairs": pairs, "lengths": lengths, "batch": BATCH, "batches": batches, **overrides}


def component_json(component):
    return json.loads(component.__getstate__().decode())


def components():
    norms = [normalizers.NFC(), normalizers.NFD(), normalizers.NFKC(), normalizers.NFKD(), normalizers.Lowercase(), normalizers.Strip(), normalizers.Strip(True, False), normalizers.StripAccents(), normalizers.Nmt(), normalizers.Prepend("▁"), normalizers.Replace("a", "$&"),
             normalizers.Replace(Regex(r"(\w)\1"), "<>"), normalizers.BertNormalizer(), normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False), normalizers.BertNormalizer(strip_accents=False), normalizers.ByteLevel(), normalizers.Precompiled(charsmap(RULES))]
    pres = [pre_tokenizers.ByteLevel(), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False), pre_tokenizers.Whitespace(), pre_tokenizers.WhitespaceSplit(), pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Digits(True), pre_tokenizers.Digits(False), pre_tokenizers.FixedLength(3), pre_tokenizers.CharDelimiterSplit("|")]
    pres += [pre_tokenizers.Punctuation(b) for b in ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]]
    pres += [pre_tokenizers.Metaspace(prepend_scheme=s, split=c) for s in ["always", "first", "never"] for c in [True, False]]
    pres += [pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme=s)]) for s in ["always", "first"]]
    pres += [pre_tokenizers.Split(p, b, i) for p in [" ", Regex(r"\d+|[aeiou]")] for b in ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"] for i in [False, True]]
    patterns = [LLAMA3, GPT4O, CL100K, CLIP, DEEPSEEK, r"^\w", r"\w$", r"\Aa|e\z|x\Z", r"\bt\w+\b", r"\Ba", r".+", r"(?m:.+)", r"(?m)x.y", r"a(?i)b|c", r"(?i)the|HELLO", r"(?i:[a-f]+|k|s)", r"(?i:σ|é|ж|k)", r"\W+", r"\p{Word}+|\b", r"[[:alpha:]]+", r"[[:^space:]&&[^a-z]]+", r"[\w&&[^\d_]]+", r"[^\W_]+", r"\h+", r"\p{Han}+|\p{Hiragana}+|\p{katakana}+", r"\p{^L}+", r"\P{L}+", r"[[:punct:]]+", r"\p{Punct}+", r"\p{Alnum}+", r"\p{Lowercase_Letter}+",
                r"a{2,3}?b", r"(?:ab){2}?", r"a{,2}", r"a{x", r"x*+x", r"(?>a|ab)c", r"(ab)\1", r"(?<q>['x])\k<q>", r"(?=f)\w+", r"(?<=\s)\w+", r"(?<!\w)\w", "(?x: a b # comment\n )", r"(?#note)a", r"\R", r"[]a]+", r"[a\-z]+", r"[+\-*/]", r"\x41|\x{48}|\u0062", r"\t|\n|\v|\f", r"[^\n]*", r"", r"a|", r"\s+(?!\S)", r"[\p{L}\p{M}]+(?:['’][\p{L}]+)*", r"[-a]+", r"[a-]+", r"[^a-zA-Z0-9\s]+|\d", r"日|本", r"\p{So}\p{Sk}?\ufe0f?", r"(a+)+b"]
    texts = [t for t in TEXTS if t] + ["aab aaab abab abcabc xx 'x' 'q'", "foo the The THE hello kK sS ſ K ẞ σςΣ É", "a{x a]b a-z +-*/ ABHb x\ny", "it's IT'S we'LL  \n x"]
    picked = [t for t in texts if len(t) < 100]
    out = {"texts": picked, "normalizers": [], "pre_tokenizers": [], "patterns": []}
    for n in norms:
        out["normalizers"].append([component_json(n), [n.normalize_str(t) for t in picked]])
    for p in pres:
        out["pre_tokenizers"].append([component_json(p), [[s for s, _ in p.pre_tokenize_str(t)] for t in picked]])
    for source in patterns:
        p = pre_tokenizers.Split(Regex(source), "isolated")
        out["patterns"].append([source, [[len(s) for s, _ in p.pre_tokenize_str(t)] for t in picked]])
    return out


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write = lambda name, value: (folder / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
    for name, tokenizer, overrides in tokenizers():
        write(name, describe(tokenizer, overrides))
    write("components", components())
