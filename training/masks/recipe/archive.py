"""What training needs, in one file: icons of 64 x 64, their captions as ids, and the splits.

The icons are one WebP, which keeps their edges exactly enough and their colours nearly; so it travels to machines that are lent for minutes."""
import io
import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image

SLOTS, SIDE, ACROSS, QUALITY = 16, 64, 128, 80


def mosaic(icons):
    """[N, 64, 64, 4] premultiplied bytes -> a WebP of rows of ACROSS icons."""
    alpha = np.maximum(icons[..., 3:], 1).astype(np.float32)
    straight = np.concatenate([(icons[..., :3] * (255 / alpha)).round().clip(0, 255).astype(np.uint8), icons[..., 3:]], -1)
    whole = np.zeros((-(-len(icons) // ACROSS) * ACROSS, SIDE, SIDE, 4), np.uint8)
    whole[:len(icons)] = straight
    sheet = whole.reshape(-1, ACROSS, SIDE, SIDE, 4).transpose(0, 2, 1, 3, 4).reshape(-1, ACROSS * SIDE, 4)
    held = io.BytesIO()
    Image.fromarray(sheet).save(held, "WEBP", quality=QUALITY, alpha_quality=90)
    return np.frombuffer(held.getvalue(), np.uint8)


def icons_of(data, count):
    """The way back: [count, 4, 64, 64] premultiplied bytes."""
    sheet = np.asarray(Image.open(io.BytesIO(data.tobytes())).convert("RGBA"))
    straight = sheet.reshape(-1, SIDE, ACROSS, SIDE, 4).transpose(0, 2, 4, 1, 3).reshape(-1, 4, SIDE, SIDE)[:count]
    colours = (straight[:, :3].astype(np.uint16) * straight[:, 3:] + 127) // 255
    return np.concatenate([colours.astype(np.uint8), straight[:, 3:]], 1)


def save(file, arrays):
    """Whole or not at all."""
    part, held = Path(f"{file}.part"), io.BytesIO()
    np.savez_compressed(held, **{**arrays, "icons": mosaic(arrays["icons"])})
    part.write_bytes(held.getvalue())
    os.replace(part, file)


class Archive:
    def __init__(self, file, device="cpu"):
        with np.load(file) as held:
            stored = {name: held[name] for name in held.files}
        self.icons = torch.from_numpy(icons_of(stored["icons"], len(stored["concept"]))).to(device)  # [N, 4, 64, 64]
        self.concept, self.colour = stored["concept"], stored["colour"]  # by icon; colour -1: none that has a word
        self.held_out = stored["held_out"]
        self.captions = stored["captions"].astype(np.int64)       # [M, SLOTS] ids of words
        self.first, self.count = stored["first"], stored["count"]  # [N, 2]: captions without and with the colour
        self.texts = stored["texts"].tolist()
        self.device = device
        self.trained, self.tested = np.flatnonzero(~self.held_out), np.flatnonzero(self.held_out)

    def names(self, icon):
        """All captions that are true of an icon."""
        return {self.texts[k] for first, count in zip(self.first[icon], self.count[icon]) for k in range(first, first + count)}
