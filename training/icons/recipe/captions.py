"""Captions of a row, the tokenizer that reads them, and the slots of the condition."""
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

VOCAB, SLOTS, PAD = 3072, 20, 0  # slot 0 is the style, the other 19 hold caption tokens
SCOPE = {0, 1, 3, 4, 5, 6, 7}  # groups of emojibase: smileys, people, animals, food, travel, activities, objects


def label_of(row):
    label = row["label"].replace("“", "").replace("”", "").replace("’", "'")
    if label.startswith("flag: "):
        return "flag of " + label[6:]
    return label.replace(": ", " ")


def in_scope(row):
    """What the transformer of this revision learns: no flags, signs or letters, and of people no gendered doubles."""
    gendered = row["label"].startswith(("man", "woman", "men", "women", "couple", "family", "kiss: ", "couple with heart: "))
    return row["group"] in SCOPE and not (row["group"] == 1 and gendered)


def train_tokenizer(rows, path):
    """Byte-level BPE over every label and keyword, lower case, as a Hugging Face tokenizer.json."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=VOCAB, special_tokens=["<pad>"], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    texts = sorted({label_of(r) for r in rows} | {p for r in rows for p in r["phrases"]})
    tokenizer.train_from_iterator(texts, trainer)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))
    return tokenizer


def sample_caption(row, rng):
    """Mostly the label; sometimes with keywords or an article, sometimes keywords alone."""
    label, phrases, way = label_of(row), row["phrases"], rng.random()
    if way < 0.55 or not phrases:
        return label
    if way < 0.65:
        return ("an " if label[0] in "aeiou" else "a ") + label
    some = [phrases[i] for i in rng.permutation(len(phrases))[:rng.integers(1, 4)]]
    return ", ".join([label, *some] if way < 0.9 else some)


def encode(tokenizer, captions):
    """[B, SLOTS - 1] ids, cut or padded at the right."""
    out = np.full((len(captions), SLOTS - 1), PAD, np.int64)
    for row, encoding in zip(out, tokenizer.encode_batch(captions)):
        ids = encoding.ids[:SLOTS - 1]
        row[:len(ids)] = ids
    return torch.from_numpy(out)
