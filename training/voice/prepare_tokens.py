"""Makes what the language model learns from: more speech than the archive has room for, as semantic tokens alone.

  python prepare_tokens.py [--hours 7] [--data data] [--tokenizer runs/tokenizer]     # data/tokens.npz, about 2 MB

Needs what prepare.py needs, and a trained tokenizer. The utterances of the archive come first; all go through the archive's codec, so that the
tokens are of the same sound. When the tokenizer was trained again, run it again."""
import argparse
import os
from pathlib import Path

import numpy as np
import torch

from prepare import read_out
from voice.audio import tokenizer_mel
from voice.codec import decode
from voice.data import Said, Supervised
from voice.lexicon import cmudict
from voice.run import trained
from voice.teachers import VOICES


@torch.no_grad()
def tokens_of(s3, data, row):
    x = torch.from_numpy(np.round(decode(data, row) * 32767).clip(-32768, 32767).astype(np.float32) / 32767)
    mel = tokenizer_mel(x)[None]
    _, ids, there = s3(mel, torch.tensor([mel.shape[-1]]))
    return ids[there]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", default="data")
    p.add_argument("--hours", type=float, default=7)
    p.add_argument("--tokenizer", default="runs/tokenizer")
    a = p.parse_args()
    words, s3 = cmudict(), trained(a.tokenizer, Supervised()).s3
    rows, tokens = [], []
    for voice, (_, share) in VOICES.items():
        for read, waves, _ in read_out(voice, a.hours * share, Path(a.data) / "read", words, "mdct", os.cpu_count()):
            data, at = waves.tobytes(), 0
            for row in read:
                tokens.append(tokens_of(s3, data[at:at + row["bytes"]], row))
                at += row["bytes"]
                rows.append(row)
    said = Said(rows, torch.cat(tokens))
    assert len(said.tokens) == int(said.count.sum())
    said.save(Path(a.data) / "tokens.npz")
    print(f"{len(rows)} utterances, {len(said.tokens) / 25 / 3600:.2f} h, {len(said.held_out)} held out")


if __name__ == "__main__":
    main()
