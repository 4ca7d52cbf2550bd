"""Runs that go on from shipped weights, where those that they came from are lost.   python start.py ../../models/tessera-masks --runs runs

Writes runs/tokenizer and runs/segmenter. What is only trained beside begins anew; normalisation is within the convolutions by now, so
train the segmenter with --settled, and with a --seed of its own for scenes of its own."""
import argparse
import json
from pathlib import Path

import torch

from recipe.conv import unfolded
from recipe.framed import FramedConfig, FramedTokenizer
from recipe.neighbours import module
from recipe.segmenter import Segmenter, SegmenterConfig
from recipe.training import kept_config, optimizer_of

shipped = module("icons", "shipped")


def begin(run, config, model, state):
    if (Path(run) / "checkpoint.pt").exists():
        raise SystemExit(f"{run} has a checkpoint of its own already, which would be lost; name another folder by --runs")
    kept_config(run, config)
    model.load_state_dict(unfolded(state, model))
    weights = model.state_dict()
    torch.save({"model": weights, "average": {name: w.float() for name, w in weights.items()}, "optimizer": optimizer_of(model, 0.0).state_dict(),
                "step": 0, "seconds": 0.0}, Path(run) / "checkpoint.pt")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    p.add_argument("--runs", default="runs")
    a = p.parse_args()
    folder, runs = Path(a.folder), Path(a.runs)
    stored = json.loads((folder / "config.json").read_text())
    parts = {part: shipped.read(folder / stored[part]["weights"]) for part in ("tokenizer", "segmenter")}
    tokens, sizes = FramedConfig(), SegmenterConfig()
    for part, config in (("tokenizer", tokens), ("segmenter", sizes)):
        if json.loads(json.dumps(config.for_sdk())) != stored[part]["config"]:
            raise SystemExit(f"the {part} of {folder} has other sizes than the recipe")
    codes = {f"quantiser.codes_{k}": parts["tokenizer"][f"quantiser.codes.{k}"] for k in range(len(tokens.scales))}
    begin(runs / "tokenizer", tokens, FramedTokenizer(tokens), parts["tokenizer"] | codes)
    begin(runs / "segmenter", sizes, Segmenter(sizes, tokens), parts["segmenter"])


if __name__ == "__main__":
    main()
