"""Writes runs as the folder that the SDK loads.   python export.py --tokenizer runs/tokenizer --segmenter runs/segmenter --out ../../models/tessera-masks"""
import argparse
import hashlib
import json
import shutil
from pathlib import Path

import torch

from recipe.neighbours import module
from recipe import framed, segmenter as looking
from recipe.framed import FramedConfig
from recipe.segmenter import SegmenterConfig

shipped = module("icons", "shipped")
REVISION = "2"
AS_THEY_ARE = ("places", "out.weight")


def average_of(run, sizes):
    saved = torch.load(Path(run) / "checkpoint.pt", map_location="cpu", weights_only=True)["average"]
    return sizes(**json.loads((Path(run) / "config.json").read_text())), saved


def packed(state, exact):
    """Matrices and kernels as int8 blocks, tables and the rest float16; `exact`: all as float32, for fixtures."""
    if exact:
        return {name: w.float() for name, w in state.items()}
    tensors = {}
    for name, w in state.items():
        if w.dim() > 1 and name not in AS_THEY_ARE and not name.startswith("quantiser.") and w[0].numel() % shipped.BLOCK == 0:
            codes, tensors[f"{name}.scales"] = shipped.int8_blocks(w.flatten(1))
            tensors[name] = codes.view(w.shape)
        elif name.startswith(("quantiser.spread.", "quantiser.gather.")):
            tensors[name] = w.float()
        else:
            tensors[name] = w.half()
    return tensors


def write_folder(out, tokenizer, segmenter, words, name="tessera-masks", temperature=0.0, exact=False):
    """`tokenizer` and `segmenter` are (config, weights); `words` a tokenizer.json."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    files = {"tokenizer": "tokenizer.safetensors", "segmenter": "segmenter.safetensors"}
    (tokens, coded), (sizes, said) = tokenizer, segmenter
    for part, state in (("tokenizer", framed.shipped(coded, tokens)), ("segmenter", looking.shipped(said))):
        shipped.write(packed(state, exact), out / files[part], f"{part} of {name}")
    if Path(words).resolve() != (out / "words.json").resolve():
        shutil.copy(words, out / "words.json")
    config = {
        "name": name, "revision": REVISION, "kind": "mask", "licence": "Apache-2.0",
        "tokenizer": {"weights": files["tokenizer"], "config": tokens.for_sdk()},
        "segmenter": {"weights": files["segmenter"], "config": sizes.for_sdk()},
        "precision": "f32" if exact else "q8",
        "sampling": {"guidance": 1.0, "guidanceUntil": 1.0, "temperature": temperature, "topK": 0, "topP": 1.0, "minP": 0.0},
        "words": "words.json",
        "sha256": {f: hashlib.sha256((out / f).read_bytes()).hexdigest() for f in (*files.values(), "words.json")},
    }
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--tokenizer", default="runs/tokenizer")
    p.add_argument("--segmenter", default="runs/segmenter")
    p.add_argument("--words", default="data/words.json")
    p.add_argument("--out", default="../../models/tessera-masks")
    a = p.parse_args()
    write_folder(a.out, average_of(a.tokenizer, FramedConfig), average_of(a.segmenter, SegmenterConfig), a.words)


if __name__ == "__main__":
    main()
