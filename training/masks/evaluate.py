"""Scores runs on held-out icons.   python evaluate.py --tokenizer runs/tokenizer --segmenter runs/segmenter --out runs/evaluate

Writes report.json and sheet.png: 32 scenes, unpicked, what is meant in green where it was found, in red where it was not, in blue where
something else was found instead."""
import argparse
import json
from pathlib import Path

import torch
import torch.nn.functional as F

from recipe.archive import Archive
from recipe.sampling import greedy
from recipe.scenes import SceneMaker
from recipe.segmenter import Segmenter, SegmenterConfig
from recipe.training import device_of, iou
from train_segmenter import trained_tokenizer

AT_ONCE, SHEET = 32, 32


def trained_segmenter(run, device):
    config = SegmenterConfig(**json.loads((Path(run) / "config.json").read_text()))
    model = Segmenter(config).to(device).eval().requires_grad_(False)
    model.load_state_dict(torch.load(Path(run) / "checkpoint.pt", map_location=device, weights_only=True)["average"])
    return model


def overlaid(pictures, found, meant):
    """[B, 3, side, side] in 0 … 1."""
    large = lambda masks: (F.interpolate(masks[:, None], size=pictures.shape[-1], mode="bilinear") > 0.5).float()
    found, meant = large(found), large(meant)
    colours = torch.cat([meant * (1 - found), meant * found, found * (1 - meant)], 1)
    share = 0.55 * torch.maximum(found, meant)
    return (pictures + 1) / 2 * (1 - share) + colours * share


def save_sheet(pictures, file, columns=8):
    from PIL import Image
    B, _, side, _ = pictures.shape
    rows = pictures.unflatten(0, (B // columns, columns)).permute(0, 3, 1, 4, 2).reshape(B // columns * side, columns * side, 3)
    Image.fromarray((rows * 255).byte().cpu().numpy()).save(file)


@torch.no_grad()
def main():
    p = argparse.ArgumentParser()
    p.add_argument("--archive", default="data/archive.xz")
    p.add_argument("--tokenizer", default="runs/tokenizer")
    p.add_argument("--segmenter", help="left out: the tokenizer alone")
    p.add_argument("--out", default="runs/evaluate")
    p.add_argument("--scenes", type=int, default=256)
    a = p.parse_args()
    out, device = Path(a.out), device_of()
    out.mkdir(parents=True, exist_ok=True)
    archive, tokenizer = Archive(a.archive, device), trained_tokenizer(a.tokenizer, device)
    segmenter = trained_segmenter(a.segmenter, device) if a.segmenter else None
    maker, tokens = SceneMaker(archive, archive.tested, tokenizer.config.side), tokenizer.config.tokens
    by_length, found, sheet, texts = [[] for _ in range(tokens)], {"hard": [], "soft": []}, [], []
    for first in range(0, a.scenes, AT_ONCE):
        scenes = maker.batch(2, first, AT_ONCE, whole=True)
        full = lambda n: torch.full((AT_ONCE,), n, device=device)
        ids = tokenizer.encode(scenes.masks)[1]
        for n in range(1, tokens + 1):
            by_length[n - 1] += iou(tokenizer.decode(ids, full(n)), scenes.masks).tolist()
        if segmenter is None:
            continue
        said, logits = greedy(segmenter, scenes.pictures, scenes.there, scenes.captions + segmenter.config.mask_ids)
        masks = {"hard": tokenizer.decode(said, full(tokens)), "soft": torch.sigmoid(tokenizer.logits(tokenizer.mixtures(logits), full(tokens)))}
        for reading, mask in masks.items():
            found[reading] += iou(mask, scenes.masks).tolist()
        if first < SHEET:
            sheet.append(overlaid(scenes.pictures, masks["soft"], scenes.masks))
            texts += scenes.texts
    mean = lambda values: round(sum(values) / len(values), 4)
    report = {"scenes": a.scenes, "reconstruction_iou": {n + 1: mean(v) for n, v in enumerate(by_length)}}
    if segmenter is not None:
        report |= {"iou": {reading: mean(v) for reading, v in found.items()}, "sheet": texts[:SHEET]}
        try:
            save_sheet(torch.cat(sheet)[:SHEET], out / "sheet.png")
        except ImportError:
            print("no sheet: pillow is not installed", flush=True)
    (out / "report.json").write_text(json.dumps(report, indent=1))
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
