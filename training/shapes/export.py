"""Writes a run as the folder that the SDK ships.   python export.py --run runs/shapes --out ../../models/tessera-shapes"""
import argparse
import hashlib
import json
import shutil
from pathlib import Path

import torch

from recipe import octree
from recipe.captions import FIRST_WORD, SLOTS
from recipe.model import Config
from recipe.safetensors_file import packed, write

REVISION = "1"
MOST = 6144  # ids of a stream


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--run", default="runs/shapes")
    p.add_argument("--data", default="data")
    p.add_argument("--out", default="../../models/tessera-shapes")
    a = p.parse_args()
    run, out = Path(a.run), Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    c = Config(**json.loads((run / "config.json").read_text()))
    average = torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)["average"]
    write(packed(average), out / "next-token.safetensors", "octree transformer of tessera-shapes")
    shutil.copy(run / "words.json", out)
    nouns = json.loads((Path(a.data) / "nouns.json").read_text())
    files = ["next-token.safetensors", "words.json"]
    config = {
        "name": "tessera-shapes", "revision": REVISION, "kind": "mesh", "licence": "Apache-2.0",
        "transformer": {"weights": files[0], "config": {
            "layers": c.layers, "heads": c.heads, "width": c.dim, "hidden": c.hidden, "vocabulary": octree.VOCABULARY, "rows": c.vocabulary,
            "captionSlots": SLOTS, "pad": octree.PAD, "begin": octree.BEGIN, "kinds": octree.KINDS, "axisRows": octree.ROWS,
            "contextSize": octree.CONTEXT, "most": MOST, "ropeBase": c.rope_base, "normEpsilon": c.norm_eps}},
        "precision": "f32",
        "sampling": {"guidance": 2.0, "guidanceUntil": 1.0, "temperature": 0.8, "topK": 0, "topP": 0.95, "minP": 0.0},
        "words": {"file": files[1], "firstWord": FIRST_WORD},
        "categories": nouns,
        "depths": {"usual": 5, "most": 6},
        "sha256": {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in files},
    }
    notice = Path(a.data) / "NOTICE.md"  # of make-furniture.ts: authors to be named
    if notice.exists():
        shutil.copy(notice, out)
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
