"""Captions of shapes: words that are true of one, in an order that English allows, and their ids."""
import json
import re
import zlib
from pathlib import Path

from .octree import PAD, VOCABULARY

SLOTS = 24            # of a caption; unused ones hold PAD
FIRST_WORD = 384      # ids of words begin here, above those of shapes
UNKNOWN = FIRST_WORD  # a word that is not in the list
ORDER = ["size", "shape", "colour"]  # of the words before the noun
assert FIRST_WORD >= VOCABULARY


def article(words):
    return re.sub(r"\ba (?=[aeiou])", "an ", words)


def caption(row, rng, every=False):
    """One caption of a row; with `every`, the one that says all."""
    noun = row["nouns"][0] if every else row["nouns"][rng.integers(len(row["nouns"]))]
    share = 1.0 if every else rng.choice([0.0, 0.4, 0.7, 1.0])
    tell = lambda words: [w for _, w in words if every or rng.random() < share]
    before = tell(sorted(row["before"].items(), key=lambda kv: ORDER.index(kv[0])))
    after = list(row["after"].items())
    if not every:
        after = [after[i] for i in rng.permutation(len(after))]
    after = tell(after)
    text = " ".join([*before, noun])
    if after:
        text += " with " + (" and ".join([", ".join(after[:-1]), after[-1]]) if len(after) > 1 else after[0])
    return article(text)


def words_of(text):
    return re.findall(r"[a-z0-9]+", text.lower())


def held_out(row):
    """A twentieth of all combinations of attributes is never trained on."""
    said = json.dumps([row["category"], row["before"], row["after"]], sort_keys=True)
    return zlib.crc32(said.encode()) % 20 == 0


class Words:
    """The list of words; id FIRST_WORD + place. Place 0 is the unknown word."""

    def __init__(self, words):
        self.words = words
        self.ids = {w: FIRST_WORD + i for i, w in enumerate(words)}

    @staticmethod
    def load(folder):
        return Words(json.loads((Path(folder) / "words.json").read_text()))

    def encode(self, text):
        ids = [self.ids.get(w, UNKNOWN) for w in words_of(text)][:SLOTS]
        return ids + [PAD] * (SLOTS - len(ids))
