"""Scores runs.   python evaluate.py --tokenizer runs/tokenizer --segmenter runs/segmenter --out runs/evaluate

Reconstruction is of masks of held-out icons. Scenes are new ones: of icons that were trained on, in compositions that were not, and of
held-out icons, whose concept or whose colour was never seen. Writes report.json and sheet.png: 32 scenes of the first kind, unpicked, what is
meant in green where it was found, in red where it was not, in blue where something else was found instead."""
import argparse
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image

from recipe.archive import Archive
from recipe.sampling import greedy
from recipe.scenes import SceneMaker
from recipe.segmenter import Segmenter, SegmenterConfig
from recipe.training import device_of, iou
from train_segmenter import trained_tokenizer

AT_ONCE, SHEET = 32, 32


def trained_segmenter(run, tokens, device):
    config = SegmenterConfig(**json.loads((Path(run) / "config.json").read_text()))
    model = Segmenter(config, tokens).to(device).eval().requires_grad_(False)
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
    B, _, side, _ = pictures.shape
    rows = pictures.unflatten(0, (B // columns, columns)).permute(0, 3, 1, 4, 2).reshape(B // columns * side, columns * side, 3)
    Image.fromarray((rows * 255).byte().cpu().numpy()).save(file)


def mean(values):
    return round(sum(values) / len(values), 4)


def counts(n, device):
    return torch.full((AT_ONCE,), n, device=device)


def rebuilt(tokenizer, maker, scenes):
    """IoU by number of tokens."""
    by_length = {n: [] for n in range(1, tokenizer.config.tokens + 1)}
    for first in range(0, scenes, AT_ONCE):
        masks = maker.batch(2, first, AT_ONCE, whole=True).masks
        ids = tokenizer.encode(masks)
        for n, found in by_length.items():
            found += iou(tokenizer.decode(ids, counts(n, masks.device)), masks).tolist()
    return {n: mean(found) for n, found in by_length.items()}


def segmented(tokenizer, segmenter, maker, scenes):
    """IoU of both readings of the segmenter's tokens, the pictures of the sheet, and what was asked of them."""
    found, sheet, texts = {"hard": [], "soft": []}, [], []
    for first in range(0, scenes, AT_ONCE):
        s = maker.batch(2, first, AT_ONCE, whole=True)
        all_tokens = counts(tokenizer.config.tokens, s.masks.device)
        said, logits = greedy(segmenter, s.pictures, s.there, s.captions + segmenter.config.mask_ids)
        masks = {"hard": tokenizer.decode(said, all_tokens), "soft": tokenizer.decode_softly(said, logits, all_tokens)}
        for reading, mask in masks.items():
            found[reading] += iou(mask, s.masks).tolist()
        if first < SHEET:
            sheet.append(overlaid(s.pictures, masks["soft"], s.masks))
            texts += s.texts
    return {reading: mean(values) for reading, values in found.items()}, torch.cat(sheet)[:SHEET], texts[:SHEET]


def write_scenes(maker, scenes, folder):
    """NUMBER.png, NUMBER-mask.png and what is asked for in scenes.json."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = []
    for first in range(0, scenes, AT_ONCE):
        s = maker.batch(2, first, AT_ONCE, whole=True)
        for k in range(AT_ONCE):
            picture = ((s.pictures[k].permute(1, 2, 0) + 1) * 127.5).round().byte().cpu().numpy()
            Image.fromarray(picture).save(folder / f"{first + k}.png")
            Image.fromarray(((s.masks[k] > 0.5) * 255).byte().cpu().numpy()).save(folder / f"{first + k}-mask.png")
        texts += s.texts
    (folder / "scenes.json").write_text(json.dumps(texts))


@torch.no_grad()
def main():
    p = argparse.ArgumentParser()
    p.add_argument("--archive", default="data/archive.npz")
    p.add_argument("--tokenizer", default="runs/tokenizer")
    p.add_argument("--segmenter", help="left out: the tokenizer alone")
    p.add_argument("--out", default="runs/evaluate")
    p.add_argument("--scenes", type=int, default=256)
    p.add_argument("--write", help="a folder for the scenes themselves, for through-sdk.ts")
    a = p.parse_args()
    out, device = Path(a.out), device_of()
    out.mkdir(parents=True, exist_ok=True)
    archive, tokenizer = Archive(a.archive, device), trained_tokenizer(a.tokenizer, device)
    segmenter = trained_segmenter(a.segmenter, tokenizer.config, device) if a.segmenter else None
    makers = {pool: SceneMaker(archive, icons, tokenizer.config.side) for pool, icons in (("trained", archive.trained), ("held_out", archive.tested))}
    report = {"scenes": a.scenes, "reconstruction_iou": rebuilt(tokenizer, makers["held_out"], a.scenes)}
    if segmenter is not None:
        results = {pool: segmented(tokenizer, segmenter, maker, a.scenes) for pool, maker in makers.items()}
        sheet, texts = results["trained"][1:]
        report |= {"iou": {pool: found for pool, (found, *_) in results.items()}, "sheet": texts}
        save_sheet(sheet, out / "sheet.png")
    if a.write:
        for pool, maker in makers.items():
            write_scenes(maker, a.scenes, Path(a.write) / pool)
    (out / "report.json").write_text(json.dumps(report, indent=1))
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
