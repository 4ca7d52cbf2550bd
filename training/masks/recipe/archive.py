"""What training needs, in one file: icons of 64 x 64, their captions as ids, and the splits.

Rows of pixels are kept as differences to the left neighbour, which lzma shortens to a third of what it makes of the pixels."""
import io
import lzma
import os
from pathlib import Path

import numpy as np
import torch

SLOTS = 16


def save(file, arrays):
    """Whole or not at all."""
    held = io.BytesIO()
    pixels = arrays.pop("icons")  # [N, 64, 64, 4] premultiplied bytes
    np.savez(held, icons=np.diff(pixels, axis=2, prepend=np.zeros_like(pixels[:, :, :1])).transpose(3, 0, 1, 2), **arrays)
    part = Path(f"{file}.part")
    part.write_bytes(lzma.compress(held.getvalue(), preset=4))
    os.replace(part, file)


class Archive:
    def __init__(self, file, device="cpu"):
        with np.load(io.BytesIO(lzma.decompress(Path(file).read_bytes()))) as held:
            stored = {name: held[name] for name in held.files}
        icons = np.cumsum(stored["icons"], axis=3, dtype=np.uint8)
        self.icons = torch.from_numpy(icons).transpose(0, 1).contiguous().to(device)  # [N, 4, 64, 64]
        self.concept, self.colour = stored["concept"], stored["colour"]  # by icon; colour -1: none that has a word
        self.held_out = stored["held_out"]
        self.captions = stored["captions"].astype(np.int64)       # [M, SLOTS] ids of words
        self.first, self.count = stored["first"], stored["count"]  # [N, 2]: captions without and with the colour
        self.texts = stored["texts"].tolist()
        self.device = device
        self.trained, self.tested = np.flatnonzero(~self.held_out), np.flatnonzero(self.held_out)
