"""Runs that go on from shipped weights, where those that they came from are lost.   python start.py [../../models/tessera-voice] [--runs runs]

Writes runs/PART/weights.pt of the four parts, which their training begins with. What is only trained beside begins anew: the tokenizer's
reader, the vocoder's adversaries."""
import argparse
from pathlib import Path

import torch

import voice.run  # noqa: F401  the recipe of tessera-icons, whose weight files these are
from recipe.shipped import read
from voice.data import Supervised
from voice.flow import Flow
from voice.hift import Hift
from voice.lexicon import HERE
from voice.lm import Lm
from voice.run import replaced

GAIN, DIRECTION = ".parametrizations.weight.original0", ".parametrizations.weight.original1"


def unfolded(shipped, model):
    """The weights of a model with weight norm: a kernel is its own direction, and its length the gain."""
    out = {}
    for name, own in model.state_dict().items():
        stem = name.removesuffix(GAIN).removesuffix(DIRECTION)
        w = shipped[name if stem == name else f"{stem}.weight"]
        out[name] = w.flatten(1).norm(dim=1).view(own.shape) if name.endswith(GAIN) else w.view(own.shape)
    return out


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder", nargs="?", default=HERE / "../../models/tessera-voice")
    p.add_argument("--runs", default="runs")
    a = p.parse_args()
    tokenizer = Supervised()
    for part, model in (("lm", Lm()), ("flow", Flow()), ("vocoder", Hift()), ("tokenizer", tokenizer.s3)):
        file = Path(a.runs) / part / "weights.pt"
        if file.exists():
            raise SystemExit(f"{file} is there already, and would be lost; name another folder by --runs")
        model.load_state_dict(unfolded(read(Path(a.folder) / f"{part}.safetensors"), model))
        file.parent.mkdir(parents=True, exist_ok=True)
        replaced(file, {name: w.half() for name, w in (tokenizer if part == "tokenizer" else model).state_dict().items()})


if __name__ == "__main__":
    main()
