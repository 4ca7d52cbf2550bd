"""Writes what the recipe says of some streams and of a tiny transformer, which the SDK must say, too.

  python make_fixtures.py data ../../test/fixtures     # shape-places/case.json, octree-transformer/"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from recipe import octree
from recipe.captions import SLOTS
from recipe.data import Archive
from recipe.model import Config, ShapeModel

archive, out = Archive(sys.argv[1], 1), Path(sys.argv[2])


def shape(i, depth):
    mirror, levels = octree.parse(archive.streams[i])
    return octree.places(mirror, octree.cut(levels, depth))


def write_places(folder):
    cases = []
    for i in (3, 17, 40):
        for depth in (3, 4):
            ids, kinds, rows, context = shape(i, depth)
            bits = [row.tobytes().hex() for row in np.packbits(context, axis=1)]
            cases.append({"ids": ids.tolist(), "kinds": kinds.tolist(), "rows": rows.tolist(), "context": bits})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "case.json").write_text(json.dumps(cases, separators=(",", ":")))


def write_transformer(folder):
    torch.manual_seed(7)
    config = Config(layers=2, heads=2, dim=12, hidden=29, words=11)
    model = ShapeModel(config).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p) * (0.3 if p.dim() > 1 else 0.1))
    ids, kinds, rows, context = (torch.from_numpy(np.ascontiguousarray(x))[None] for x in shape(3, 3))
    words = [385, 390, 388]
    caption = torch.tensor([words + [0] * (SLOTS - len(words))])
    with torch.no_grad():
        logits = model(caption, ids[:, :-1], kinds, rows, context.float())
    folder.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "weights.safetensors")
    save_file({"logits": logits[0].contiguous()}, folder / "io.safetensors")
    case = {"words": words, "ids": ids[0].tolist(), "config": {
        "layers": config.layers, "heads": config.heads, "width": config.dim, "hidden": config.hidden, "vocabulary": octree.VOCABULARY,
        "rows": config.vocabulary, "captionSlots": SLOTS, "pad": octree.PAD, "begin": octree.BEGIN, "kinds": octree.KINDS,
        "axisRows": octree.ROWS, "contextSize": octree.CONTEXT, "most": 300, "ropeBase": config.rope_base, "normEpsilon": config.norm_eps}}
    (folder / "case.json").write_text(json.dumps(case, separators=(",", ":")))


write_places(out / "shape-places")
write_transformer(out / "octree-transformer")
