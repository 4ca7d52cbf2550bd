"""Packs icons and captions for training.   python make_archive.py --pictures ../icons/data --out data/archive.npz

`--pictures` is a folder that training/icons/prepare.mjs made. A concept that is held out there, and a tenth of all pairs of concept and
colour, are never seen in training."""
import argparse
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from recipe.archive import SIDE, SLOTS, Archive, save
from recipe.neighbours import module

colours, Pictures, label_of = module("icons", "colours"), module("icons", "data").Pictures, module("icons", "captions").label_of

GROUPS = {3, 4, 5, 6, 7}  # emojibase's animals, food, travel, activities, objects
RECOLOURED, WORDS, PAD = 1200, 1024, 0
PLAIN, COLOURED = range(2)


def train_words(texts, path):
    """Byte-level BPE over all captions, as a Hugging Face tokenizer.json."""
    words = Tokenizer(models.BPE())
    words.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    words.decoder = decoders.ByteLevel()
    words.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=WORDS, special_tokens=["<pad>"], show_progress=False,
                                                         initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    words.save(str(path))
    return words


def names_of(row):
    """What the thing is called: its label, and short keywords."""
    phrases = [p for p in row["phrases"] if len(p) <= 14 and not colours.NAMES & set(p.split())]
    return list(dict.fromkeys([label_of(row), *phrases[:2]]))


def captions_of(row, colour):
    """Captions of a thing, without its colour and with it."""
    names = names_of(row)
    plain = [f"the {name}" for name in names] + names[:1]
    return plain, [] if colour is None else [f"the {colour} {name}" for name in names] + [f"{colour} {names[0]}"]


def shrunk(picture):
    step = len(picture) // SIDE
    return picture.reshape(SIDE, step, SIDE, step, 4).mean((1, 3)).round().astype(np.uint8)


def chosen(pictures):
    """(row, picture, colour word or None) of all icons."""
    rows = [i for i, r in enumerate(pictures.rows) if r["group"] in GROUPS]
    turned = 0
    for i in np.random.default_rng(0).permutation(rows):
        row, picture = pictures.rows[i], np.asarray(pictures.bytes[i])
        named = bool(colours.NAMES & set(label_of(row).split()))
        hue = None if named else colours.main_hue(picture)
        yield row, picture, None if hue is None else colours.name_of(hue)
        other = colours.other_colour(row, hue) if hue is not None and turned < RECOLOURED else None
        if other:
            turned += 1
            yield row, colours.recoloured(picture, hue, other), other


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--pictures", default="../icons/data")
    p.add_argument("--out", default="data/archive.npz")
    p.add_argument("--limit", type=int, default=0, help="icons, for rehearsals; 0: all")
    a = p.parse_args()
    pictures, out = Pictures(a.pictures), Path(a.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    icons, concepts, shades, held, texts, first, count = [], [], [], [], [], [], []
    known = {}
    for n, (row, picture, colour) in enumerate(chosen(pictures)):
        if a.limit and n == a.limit:
            break
        icons.append(shrunk(picture))
        concepts.append(known.setdefault(row["concept"], len(known)))
        shades.append(-1 if colour is None else list(colours.COLOURS).index(colour))
        held.append(row["heldOutConcept"] or (colour is not None and colours.held_out(row["concept"], colour)))
        own = captions_of(row, colour)
        first.append([len(texts), len(texts) + len(own[PLAIN])])
        count.append([len(own[PLAIN]), len(own[COLOURED])])
        texts += own[PLAIN] + own[COLOURED]
    words = train_words(sorted(set(texts)), out.with_name("words.json"))
    ids = np.full((len(texts), SLOTS), PAD, np.uint16)
    for line, encoding in zip(ids, words.encode_batch(texts)):
        line[:len(encoding.ids[:SLOTS])] = encoding.ids[:SLOTS]
    save(out, {"icons": np.stack(icons), "concept": np.array(concepts, np.int32), "colour": np.array(shades, np.int8),
               "held_out": np.array(held), "captions": ids, "first": np.array(first, np.int32), "count": np.array(count, np.int32),
               "texts": np.array(texts)})
    held = Archive(out)
    off = np.abs(held.icons.permute(0, 2, 3, 1).numpy().astype(int) - np.stack(icons)).mean()
    assert off < 4, f"the icons come back {off:.1f} off"
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, {len(icons)} icons of {len(known)} concepts, {int(held.held_out.sum())} held out, "
          f"{len(texts)} captions, {words.get_vocab_size()} words", flush=True)


if __name__ == "__main__":
    main()
