"""The judge: a small network over coloured voxels that says what a shape is, one head for the category and one for each attribute."""
import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from recipe import octree  # noqa: E402
from sample import RGB  # noqa: E402

DEPTH = 5
SIDE = 1 << DEPTH
TABLE = np.concatenate([RGB[:octree.PALETTE], RGB[-1:], RGB[-1:]]) / 255.0  # colour states: the palette, uncoloured, varied


def seen(stream):
    """[4, 32, 32, 32] of a stream: whether a voxel belongs to the shell, and its colour, 0 to 1."""
    mirror, levels = octree.parse(np.asarray(stream))
    while len(levels) < DEPTH:  # shapes that came out coarser: every voxel becomes eight
        last = levels[-1].children()
        last.bytes, last.colours = np.full(len(last.keys), 255), last.inherited
        levels = [*levels, last]
    states = octree.voxels(mirror, octree.cut(levels, DEPTH))
    full = states >= 0
    return np.concatenate([full[None], np.moveaxis(TABLE[np.where(full, states, 0)], -1, 0) * full]).astype(np.float16)


def truths(row):
    """Head -> value: the category, and each attribute that the shape has. Categories share heads, but not all their values."""
    return {**row["before"], **row["after"], "category": row["category"]}


class Judge(nn.Module):
    def __init__(self, heads, known):
        """`heads`: head -> list of its values; `known`: category -> head -> those that shapes of the category have."""
        super().__init__()
        self.heads, self.known = heads, known
        self.first = {name: sum(len(v) for v in list(heads.values())[:i]) for i, name in enumerate(heads)}
        widths = [4, 24, 48, 96, 160]
        self.layers = nn.ModuleList(nn.Conv3d(a, b, 3, stride=2, padding=1) for a, b in zip(widths, widths[1:]))
        self.norms = nn.ModuleList(nn.GroupNorm(8, b) for b in widths[1:])
        self.hidden = nn.Linear(widths[-1] * (SIDE >> 4) ** 3, 512)
        self.out = nn.Linear(512, sum(len(v) for v in heads.values()))

    def forward(self, x):
        x = x.contiguous(memory_format=torch.channels_last_3d)
        for layer, norm in zip(self.layers, self.norms):
            x = F.gelu(norm(layer(x)))
        return self.out(F.gelu(self.hidden(x.flatten(1))))

    def says(self, logits, name, category):
        """The likeliest value of an attribute of a shape of that category, or of all categories."""
        values = self.heads[name] if name == "category" else self.known[category].get(name, [])
        scores = logits[[self.first[name] + self.heads[name].index(value) for value in values]]
        return values[scores.argmax().item()] if values else None

    def save(self, file):
        torch.save({"heads": json.dumps([self.heads, self.known]), "state": self.state_dict()}, file)

    @staticmethod
    def load(file):
        saved = torch.load(file, map_location="cpu", weights_only=True)
        judge = Judge(*json.loads(saved["heads"]))
        judge.load_state_dict(saved["state"])
        return judge.eval()


@torch.no_grad()
def verdicts(judge, streams, rows):
    """(right categories, their number), (right attributes, their number); attributes are judged as those of the true category."""
    right, attributes = [0, 0], [0, 0]
    for i in range(0, len(rows), 64):
        logits = judge(torch.from_numpy(np.stack([seen(s) for s in streams[i:i + 64]])).float())
        for line, row in zip(logits, rows[i:i + 64]):
            for name, value in truths(row).items():
                counts = right if name == "category" else attributes
                counts[0] += judge.says(line, name, row["category"]) == value
                counts[1] += 1
    return right, attributes
