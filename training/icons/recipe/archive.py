"""Everything that training the transformers needs, in one small file: token grids, styles, captions, the caption encoder.

A row is one picture: of the sets, or one of those with its main colour turned into another. Grids are packed at eleven bits an id.
A caption is a row of `captions`; those of a picture are `captions[first : first + count]`, its label first."""
import io
import os
from pathlib import Path

import numpy as np
import torch

BITS = 11


def pack(ids):
    """[N, T] ids below 2,048 -> [N, ceil(11 T / 8)] bytes."""
    return np.packbits((ids[..., None] >> np.arange(BITS) & 1).astype(np.uint8).reshape(len(ids), -1), axis=1)


def unpack(data, count):
    bits = np.unpackbits(data, axis=1, count=count * BITS).reshape(len(data), count, BITS)
    return (bits.astype(np.int16) << np.arange(BITS, dtype=np.int16)).sum(-1, dtype=np.int16)


def save(file, arrays):
    """Whole or not at all."""
    part, held = Path(f"{file}.part"), io.BytesIO()
    np.savez_compressed(held, **arrays)
    part.write_bytes(held.getvalue())
    os.replace(part, file)


def put_encoder(file, state):
    """Puts the weights of the caption encoder into the archive."""
    with np.load(file) as stored:
        held = {name: stored[name] for name in stored.files if not name.startswith("encoder/")}
    save(file, {**held, **{f"encoder/{name}": w.half().cpu().numpy() for name, w in state.items()}})


class Archive:
    def __init__(self, file, device="cpu"):
        with np.load(file) as stored:
            held = {name: stored[name] for name in stored.files}
        self.grids = {name: torch.from_numpy(unpack(held[name], int(held[f"{name}_tokens"]))).to(device) for name in ("scale", "raster")}
        tensor = lambda name: torch.from_numpy(held[name].astype(np.int64)).to(device)
        self.style, self.first, self.count, self.captions = (tensor(n) for n in ("style", "first", "count", "captions"))
        self.colour_caption = tensor("colour_caption")  # a caption that names the colour, -1: none
        self.held_out, self.recoloured = held["held_out"], held["recoloured"]
        self.pair = held["pair"].astype(np.int64)  # of a recoloured picture: the row of the same in its own colour; else -1
        self.labels, self.styles = held["labels"].tolist(), held["styles"].tolist()
        self.encoder = {name.removeprefix("encoder/"): torch.from_numpy(w).float() for name, w in held.items() if name.startswith("encoder/")}
        self.vocabulary = int(held["vocabulary"])
        self.device = device

    @property
    def trained(self):
        return np.flatnonzero(~self.held_out)

    def sampled(self, rows, generator):
        """A caption for each row: mostly the label, sometimes with a colour, else any of its captions. [B, slots - 1]"""
        lot = torch.rand(2, len(rows), generator=generator, device=self.device)
        any_of = self.first[rows] + (lot[1] * self.count[rows]).long()
        colour = self.colour_caption[rows]
        chosen = torch.where(lot[0] < 0.5, self.first[rows], any_of)
        return self.captions[torch.where((lot[0] > 0.85) & (colour >= 0), colour, chosen)]
