"""Makes the pronunciation of the voice out of cmudict: letter rules, and the words that they get wrong.

  python pronounce.py [--run runs/pronounce] [--gain N]

A rule maps a window of letters to the phones (none, one or two) of the letter in it. Windows grow one letter at a time, right first:
"c", "ch", "ach", "ache", "aache"; the letter is at (length - 1) // 2; "_" is beyond the word. The longest window that has a rule decides. A rule
is kept when it sets right at least `gain` more letters of the dictionary than the shorter windows do. (Memory-based letter-to-sound,
van den Bosch and Daelemans 1993; letters aligned to phones as in Black, Lenzo and Pagel 1998.)

pronunciation.txt.gz has two lists, an empty line between them, names and phones as in cmudict:
  WINDOW<tab>PHONES     rules
  word<tab>PHONES       words that the rules get wrong, and names of letters ("w.")
report.json: accuracy on words held out of the rules (one in ten by CRC-32), and sizes."""
import argparse
import gzip
import json
import math
import os
import zlib
from collections import Counter, defaultdict
from pathlib import Path

from voice.lexicon import cmudict, letter_names
from voice.phones import ID, base

LONGEST = 9
EDGE = "_"


def align(word, phones, cost):
    """The cheapest split of the phones among the letters, none to two each: a list of tuples; None where there are too many phones."""
    best, n = {0: (0.0, ())}, len(phones)
    for i, letter in enumerate(word):
        reach = {}
        for at, (total, path) in best.items():
            for take in range(3):
                to = at + take
                if to > n or n - to > 2 * (len(word) - i - 1):
                    continue
                piece = phones[at:to]
                price = total + cost.get((letter, piece), 12.0 + 2 * take)
                if to not in reach or price < reach[to][0]:
                    reach[to] = price, (*path, piece)
        best = reach
    return best[n][1] if n in best else None


def aligned(words, rounds=4, sample=4):
    """Expectation maximisation by hard alignments; the first rounds on a sample."""
    unstressed = {w: tuple(base(p) for p in phones) for w, phones in words.items()}
    together, letters = Counter(), Counter()
    for w, phones in list(unstressed.items())[::sample]:
        for i, letter in enumerate(w):
            letters[letter] += 1
            for at in {round(i * len(phones) / len(w)) + d for d in (-1, 0, 1)}:
                if 0 <= at < len(phones):
                    together[letter, phones[at:at + 1]] += 1
    cost = {pair: -math.log(n / letters[pair[0]]) for pair, n in together.items()}
    for letter in letters:
        cost[letter, ()] = 3.0
    for r in range(rounds):
        counts, letters = Counter(), Counter()
        for w, phones in list(unstressed.items())[::sample if r < rounds - 1 else 1]:
            for pair in zip(w, align(w, phones, cost) or ()):
                counts[pair] += 1
                letters[pair[0]] += 1
        cost = {pair: -math.log(n / letters[pair[0]]) for pair, n in counts.items() if n > 1}
    split = {}
    for w, phones in words.items():
        pieces, at = align(w, unstressed[w], cost), 0
        if pieces is None:
            continue
        split[w] = []
        for piece in pieces:
            split[w].append(" ".join(phones[at:at + len(piece)]))
            at += len(piece)
    return split


def window(word, i, length):
    left = (length - 1) // 2
    return "".join(word[j] if 0 <= j < len(word) else EDGE for j in range(i - left, i - left + length))


def learn(split, gain):
    """Rules for aligned words, shorter windows first."""
    rules, said = {}, {w: [""] * len(w) for w in split}
    for length in range(1, LONGEST + 1):
        votes = defaultdict(Counter)
        for w, pieces in split.items():
            for i, piece in enumerate(pieces):
                votes[window(w, i, length)][piece] += 1
        # What the shorter windows say is the same for all letters of a window.
        for key, count in votes.items():
            best, n = count.most_common(1)[0]
            shorter = next((rules[k] for k in within(key) if k in rules), None)
            if shorter is None or n - count[shorter] >= gain:
                rules[key] = best
    return rules


def within(key):
    """The shorter windows of a window, longest first."""
    for length in range(len(key) - 1, 0, -1):
        start = (len(key) - 1) // 2 - (length - 1) // 2
        yield key[start:start + length]


def read(word, rules):
    """The phones of a word by the rules."""
    phones = []
    for i in range(len(word)):
        for length in range(LONGEST, 0, -1):
            if (piece := rules.get(window(word, i, length))) is not None:
                phones += piece.split()
                break
    return phones


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def scores(words, rules):
    n = right = unstressed = wrong = phones = 0
    for w, true in words.items():
        said = read(w, rules)
        n += 1
        right += said == true
        unstressed += [base(p) for p in said] == [base(p) for p in true]
        wrong += distance([base(p) for p in said], [base(p) for p in true])
        phones += len(true)
    return {"words": n, "right": right / n, "right but for stress": unstressed / n, "phone errors": wrong / phones}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--run", default="runs/pronounce")
    p.add_argument("--gain", type=int, default=1)
    a = p.parse_args()
    words = {w: phones for w, phones in cmudict().items() if all(p in ID for p in phones)}
    split = aligned(words)
    held_out = {w for w in split if zlib.crc32(w.encode()) % 10 == 0}
    tried = learn({w: s for w, s in split.items() if w not in held_out}, a.gain)
    report = {"held out": scores({w: words[w] for w in held_out}, tried), "gain": a.gain}
    rules = learn(split, a.gain)
    exceptions = {**{w: phones for w, phones in words.items() if read(w, rules) != phones}, **letter_names()}
    lines = [f"{k}\t{v}" for k, v in sorted(rules.items())] + [""] + [f"{w}\t{' '.join(v)}" for w, v in sorted(exceptions.items())]
    folder = Path(a.run)
    folder.mkdir(parents=True, exist_ok=True)
    part, file = folder / "pronunciation.part", folder / "pronunciation.txt.gz"
    part.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))
    os.replace(part, file)
    report.update({"rules": len(rules), "words": len(words), "exceptions": len(exceptions), "bytes": file.stat().st_size})
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
