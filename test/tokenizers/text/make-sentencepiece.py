"""Makes the fixtures of the SentencePiece reader: two tiny models, and what the reference says about nasty texts.

    python make-sentencepiece.py OUTPUT_FOLDER        (needs `sentencepiece` 0.2.2 and nothing else)

`bytes.model` falls back to bytes, has a piece of a user's and a small map of characters, `plain.model` has neither and keeps characters as
they are. OUTPUT_FOLDER/cases.json holds for each model the ids of each text, and the text of the ids.
"""
import json
import sys
import tempfile
from pathlib import Path

import sentencepiece

SENTENCES = [
    "The quick brown fox jumps over the lazy dog, and the other dogs bark at the moon.", "Hello, world! Is the world round; is the sea deep?",
    "Three red apples lie on a white table: take one, take two, take all three.", "It was 5 o'clock on the 3rd of May, in 2024.",
    "She sells sea shells by the sea shore...", "Ein schöner Tag in Zürich, die Straße ist lang.", "The rain in Spain stays mainly in the plain.",
] * 8
TEXTS = [
    "", " ", "a", "Hello, world!", "  leading and   trailing  ", "The Quick BROWN fox's fur isn't red; we'LL see.", ".!...?", ",;:",
    "1 22 333 1,000,000", "café cafe\u0301", "ﬁsh ½", "日本語 😀", "<s> </s> <unk> <0x41>", "a▁b ▁", "<pause> x<pause>y  <pause>", "tab\there", "a" * 60,
]
# What a code point, or several, become.
RULES = {"FB01": "66 69", "65 301": "E9", "A0": "20", "9": "20"}


def train(folder, name, **options):
    corpus = Path(folder) / "corpus.txt"
    corpus.write_text("\n".join(SENTENCES))
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(Path(folder) / name), vocab_size=380 if options.get("byte_fallback") else 110,
        model_type="unigram", minloglevel=2, num_threads=1, hard_vocab_limit=False, **options)
    return (Path(folder) / f"{name}.model").read_bytes()


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    cases = {}
    with tempfile.TemporaryDirectory() as scratch:
        rules = Path(scratch) / "rules.tsv"
        rules.write_text("".join(f"{given}\t{becomes}\n" for given, becomes in RULES.items()))
        models = {
            "bytes": train(scratch, "bytes", byte_fallback=True, user_defined_symbols=["<pause>"], normalization_rule_tsv=str(rules)),
            "plain": train(scratch, "plain", normalization_rule_name="identity"),
        }
    for name, model in models.items():
        (folder / f"{name}.model").write_bytes(model)
        reader = sentencepiece.SentencePieceProcessor(model_proto=model)
        rows = [(text, reader.encode(text, out_type=int)) for text in TEXTS]
        cases[name] = [{"text": text, "ids": ids, "decoded": reader.decode(ids)} for text, ids in rows]
    (folder / "cases.json").write_text(json.dumps(cases, ensure_ascii=False, indent=0) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
