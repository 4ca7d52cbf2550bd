"""Computes the token grids of all pictures that the transformers learn, by the shipped tokenizers, and keeps them with the captions.

  python make_archive.py --data data --out data/archive.npz

Grids are kept beside the archive (grids.npz) and are not computed again where only captions changed. The caption encoder in it is the shipped
one, until train_captions.py puts another in its place."""
import argparse
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from recipe.archive import Archive, pack, put_encoder, save
from recipe.captions import encode, in_scope, label_of, sample_caption, train_tokenizer
from recipe.colours import NAMES, main_hue, name_of, other_colour, recoloured
from recipe.data import Pictures
from recipe.multi_scale import MultiScale, own_names
from recipe.shipped import caption_part, read, towers
from recipe.vq import VQ

MODEL = Path(__file__).parent / "../../models/tessera-icons"
VARIANTS = 24          # captions of a concept besides its label
RECOLOURED = 2400      # pictures that are shown in another colour, too
GROUPS = {3, 4, 5, 6, 7}  # emojibase's animals, food, travel, activities, objects: people and faces keep their colour


def shipped_tokenizers(folder=MODEL):
    """The tokenizers of a shipped folder, by the grids that they make."""
    found = {}
    for name, kind, file, names in (("scale", MultiScale, "scale-tokenizer", own_names), ("raster", VQ, "tokenizer", dict)):
        model = kind().eval().requires_grad_(False)
        weights = {n: w for n, w in read(folder / f"{file}.safetensors").items() if not n.startswith("preview.")}
        model.load_state_dict(names(weights))
        found[name] = model.to(memory_format=torch.channels_last)
    return found


def chosen(pictures):
    """[(row, None or its main hue and the other colour)] of all that is learnt or held out."""
    rows = [i for i, r in enumerate(pictures.rows) if in_scope(r)]
    plain = [(i, None) for i in rows]
    fit = [i for i in rows if pictures.rows[i]["group"] in GROUPS and not pictures.rows[i]["heldOutCell"]
           and not NAMES & set(label_of(pictures.rows[i]).split())]
    turned = []
    for i in np.random.default_rng(0).permutation(fit):
        hue = main_hue(pictures.bytes[i])
        colour = None if hue is None else other_colour(pictures.rows[i], hue)
        if colour:
            turned.append((int(i), (float(hue), colour)))
        if len(turned) == RECOLOURED:
            break
    return plain + turned


def shown(pictures, choice):
    i, turn = choice
    return pictures.bytes[i] if turn is None else recoloured(pictures.bytes[i], *turn)


@torch.no_grad()
def grids(pictures, choices):
    found, began = {}, time.time()
    for name, tokenizer in shipped_tokenizers().items():
        parts = []
        for at in range(0, len(choices), 64):
            x = torch.from_numpy(np.stack([shown(pictures, c) for c in choices[at:at + 64]])).permute(0, 3, 1, 2).float() / 127.5 - 1
            with torch.autocast("cpu", torch.bfloat16):
                parts.append(tokenizer.encode(x.contiguous(memory_format=torch.channels_last)).short().numpy())
            if at % 1024 == 0:
                print(f"{name} {at} of {len(choices)}, {time.time() - began:.0f} s", flush=True)
        found[name] = np.concatenate(parts)
    return found


def small(pictures, choices, side=64):
    """The pictures as the picture encoder sees them, [N, 4, side, side] bytes: for train_captions.py on a CPU, where decoding takes long."""
    step = pictures.size // side
    means = (shown(pictures, c).reshape(side, step, side, step, 4).mean((1, 3)).round() for c in choices)
    return np.stack([mean.astype(np.uint8).transpose(2, 0, 1) for mean in means])


def colour_words(row, colour):
    """"blue automobile", and with shorter words for the thing."""
    things = [label_of(row), *(p for p in row["phrases"] if len(p) <= 12 and not NAMES & set(p.split()))]
    return [f"{colour} {thing}" for thing in things[:4]]


def captions_of(pictures, choices, text):
    """The captions of all choices, [rows, slots - 1], and where those of each lie."""
    table, of_concept, first, count, colour_caption = [], {}, [], [], []
    for i, turn in choices:
        row = pictures.rows[i]
        if turn is None:
            if row["concept"] not in of_concept:
                rng = np.random.default_rng([7, int(row["concept"].split("-")[0], 16), len(row["concept"])])
                of_concept[row["concept"]] = (len(table), 1 + VARIANTS)
                table += [label_of(row), *(sample_caption(row, rng) for _ in range(VARIANTS))]
            at, n = of_concept[row["concept"]]
            hue = main_hue(pictures.bytes[i]) if row["group"] in GROUPS and not NAMES & set(label_of(row).split()) else None
            colour = None if hue is None else name_of(hue)
            colour_caption.append(-1 if colour is None else len(table))
            table += [] if colour is None else colour_words(row, colour)[:1]
        else:
            words = colour_words(row, turn[1])
            at, n = len(table), len(words)
            table += words
            colour_caption.append(-1)
        first.append(at)
        count.append(n)
    ids = np.concatenate([encode(text, table[k:k + 1024]).numpy() for k in range(0, len(table), 1024)])
    return {"captions": ids.astype(np.uint16), "first": np.array(first, np.uint32), "count": np.array(count, np.uint8),
            "colour_caption": np.array(colour_caption, np.int32)}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", default="data")
    p.add_argument("--out", default="data/archive.npz")
    a = p.parse_args()
    pictures, captions = Pictures(a.data), MODEL / "captions.json"
    text = Tokenizer.from_file(str(captions)) if captions.exists() else train_tokenizer(pictures.rows, captions)
    choices = chosen(pictures)
    kept = Path(a.out).with_name("grids.npz")
    if not kept.exists():
        save(kept, grids(pictures, choices))
    rows = [pictures.rows[i] for i, _ in choices]
    own = {i: at for at, (i, turn) in enumerate(choices) if turn is None}
    with np.load(kept) as stored:
        found = {name: stored[name].astype(np.int64) for name in stored.files}
    assert all(len(ids) == len(choices) for ids in found.values()), f"{kept} is of other pictures: delete it"
    save(a.out, {
        **{name: pack(ids) for name, ids in found.items()},
        **{f"{name}_tokens": np.array(ids.shape[1]) for name, ids in found.items()},
        **captions_of(pictures, choices, text),
        "style": np.array([pictures.styles.index(r["style"]) for r in rows], np.uint8),
        "held_out": np.array([r["heldOutCell"] for r in rows]),
        "recoloured": np.array([turn is not None for _, turn in choices]),
        "pair": np.array([-1 if turn is None else own[i] for i, turn in choices], np.int32),
        "labels": np.array([label_of(r) if turn is None else colour_words(r, turn[1])[0] for r, (_, turn) in zip(rows, choices)]),
        "styles": np.array(pictures.styles),
        "vocabulary": np.array(text.get_vocab_size()),
    })
    if (MODEL / "caption-encoder.safetensors").exists():
        put_encoder(a.out, caption_part(towers(MODEL)))
    np.save(Path(a.out).with_name("pictures-64.npy"), small(pictures, choices))
    held = Archive(a.out)
    for name, ids in found.items():
        assert (held.grids[name].numpy() == ids).all()
    print(f"{a.out}: {Path(a.out).stat().st_size / 1e6:.1f} MB, {len(rows)} pictures, of them {int(held.recoloured.sum())} recoloured "
          f"and {int(held.held_out.sum())} held out; {len(held.captions)} captions", flush=True)


if __name__ == "__main__":
    main()
