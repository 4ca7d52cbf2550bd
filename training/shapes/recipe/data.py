"""The archive in memory, and batches of it."""
import gzip
import json
from pathlib import Path

import numpy as np
import torch

from . import octree
from .captions import PAD, SLOTS, caption, held_out

DROP = 0.1  # of captions, for guidance


class Archive:
    def __init__(self, folder, most=None):
        self.rows, streams = [], []
        for file in sorted(Path(folder).glob("ids-*.u16.gz"))[:most]:
            rows = json.loads(gzip.decompress(file.with_name(file.name.replace("ids-", "rows-").replace(".u16", ".json")).read_bytes()))
            ids = np.frombuffer(gzip.decompress(file.read_bytes()), np.uint16)
            streams.extend(np.split(ids, np.cumsum([r["length"] for r in rows])[:-1]))
            self.rows.extend(rows)
        self.streams = streams
        self.train = [i for i, r in enumerate(self.rows) if not held_out(r)]
        self.held_out = [i for i, r in enumerate(self.rows) if held_out(r)]

    def shape(self, i, depth):
        mirror, levels = octree.parse(self.streams[i])
        return octree.places(mirror, octree.cut(levels, depth))


class Batches(torch.utils.data.IterableDataset):
    """Endless batches from `step` on, each a function of its number. Shapes of like length share a batch; `tokens` bounds its size."""

    def __init__(self, archive, words, seed, step, tokens, deep, most=3000):
        self.archive, self.words, self.seed, self.step, self.tokens, self.deep, self.most = archive, words, seed, step, tokens, deep, most

    def __iter__(self):
        info = torch.utils.data.get_worker_info()
        stride, offset = (info.num_workers, info.id) if info else (1, 0)
        for step in range(self.step + offset, 1 << 40, stride):
            yield self.batch(step)

    def batch(self, step):
        rng = np.random.default_rng([self.seed, step])
        depth = 6 if rng.random() < self.deep else 5
        # shapes near a random length: at depth 5 about a quarter of the ids at depth 6
        lengths = self.lengths
        pick = int(rng.integers(len(lengths)))
        near = lengths[max(0, pick - 128):pick + 128]
        longest = min(self.most, max(1, self.archive.rows[near[-1]]["length"] // (1 if depth == 6 else 3)))
        count = int(np.clip(self.tokens // (longest + SLOTS), 1, 256))
        chosen = rng.choice(near, min(count, len(near)), replace=False)
        return collate([self.archive.shape(i, depth) for i in chosen], [self.condition(i, rng) for i in chosen], self.most)

    def condition(self, i, rng):
        if rng.random() < DROP:
            return [PAD] * SLOTS
        return self.words.encode(caption(self.archive.rows[i], rng))

    @property
    def lengths(self):
        if not hasattr(self, "_lengths"):
            self._lengths = sorted(self.archive.train, key=lambda i: self.archive.rows[i]["length"])
        return self._lengths


def collate(shapes, captions, most):
    T = min(most, max(len(s[0]) for s in shapes))
    B = len(shapes)
    ids, kinds = torch.zeros(B, T, dtype=torch.long), torch.full((B, T), octree.END_KIND)
    rows = torch.full((B, T, 3), octree.NOWHERE)
    context = torch.zeros(B, T, octree.CONTEXT, dtype=torch.uint8)
    for b, shape in enumerate(shapes):
        n = min(T, len(shape[0]))
        for out, values in zip((ids, kinds, rows, context), shape):
            out[b, :n] = torch.from_numpy(np.ascontiguousarray(values[:n]))
    return torch.tensor(captions), ids, kinds, rows, context
