"""The pictures that prepare.mjs drew, and the splits."""
import json
from pathlib import Path

import numpy as np
import torch


class Pictures:
    def __init__(self, folder):
        folder = Path(folder)
        meta = json.loads((folder / "rows.json").read_text())
        self.rows, self.styles, self.size = meta["rows"], meta["styles"], meta["size"]
        self.bytes = np.memmap(folder / "pictures.u8", np.uint8, "r").reshape(-1, self.size, self.size, 4)
        assert len(self.bytes) == len(self.rows), "pictures.u8 and rows.json disagree: delete the data folder and prepare again"

    def where(self, keep):
        return np.array([i for i, row in enumerate(self.rows) if keep(row)])

    def batch(self, indices):
        """[B, 4, H, W] premultiplied RGBA in [-1, 1]."""
        x = torch.from_numpy(self.bytes[np.asarray(indices)]).permute(0, 3, 1, 2)
        return x.float().div_(127.5).sub_(1)


def batch_at(indices, size, seed, step):
    """The batch of a step: epochs of whole batches, each shuffled anew. A pure function, so a run resumes where it was."""
    epoch, at = divmod(step, len(indices) // size)
    return np.random.default_rng([seed, epoch]).permutation(indices)[at * size:(at + 1) * size]
