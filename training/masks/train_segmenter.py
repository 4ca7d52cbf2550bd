"""Trains the segmenter on the tokens of a trained mask tokenizer.   python train_segmenter.py --tokenizer runs/tokenizer --run runs/segmenter

Resumable. Next-token cross entropy over mask tokens, early ones weighing more; which parts of the picture are meant, told at the patches
themselves, without which 3,000 steps of 256 found nothing; and the loss of the softly decoded mask (HiMTok, arXiv 2503.13026 §3.3) every
fourth step. Logged: IoU of greedy tokens on scenes of held-out icons."""
import json
from pathlib import Path

import torch
import torch.nn.functional as F

from recipe.archive import Archive
from recipe.sampling import greedy
from recipe.scenes import SceneMaker
from recipe.segmenter import Segmenter, SegmenterConfig
from recipe.tokenizer import MaskTokenizer, TokenizerConfig
from recipe.training import arguments, device_of, iou, kept_config, train

SOFT_EVERY = 4


def trained_tokenizer(run, device):
    saved = json.loads((Path(run) / "config.json").read_text())
    model = MaskTokenizer(TokenizerConfig(**saved)).to(device).eval().requires_grad_(False)
    model.load_state_dict(torch.load(Path(run) / "checkpoint.pt", map_location=device, weights_only=True)["average"])
    return model


def main():
    p = arguments("runs/segmenter", 100_000, 16, 6e-4)
    p.add_argument("--tokenizer", default="runs/tokenizer")
    a = p.parse_args()
    device = device_of()
    torch.manual_seed(a.seed)
    archive, tokenizer = Archive(a.archive, device), trained_tokenizer(a.tokenizer, device)
    config = SegmenterConfig(mask_ids=tokenizer.config.vocab, tokens=tokenizer.config.tokens)
    kept_config(a.run, config)
    model = Segmenter(config).to(device)
    maker, tested = (SceneMaker(archive, pool, tokenizer.config.side) for pool in (archive.trained, archive.tested))
    weights = 1 / (torch.arange(config.tokens, device=device) + 9.0)
    weights = weights / weights.mean()
    shift = config.mask_ids  # ids of words stand behind those of masks

    def loss_of(step, scenes):
        with torch.no_grad():
            ids = tokenizer.encode(scenes.masks)[1]
        hidden = model.hidden(scenes.pictures, scenes.there, scenes.captions + shift, ids)
        logits, found = model.said(hidden).float(), model.found(hidden).float()
        crossed = F.cross_entropy(logits.mT, ids, reduction="none")
        meant = F.interpolate(scenes.masks[:, None], size=found.shape[-1], mode="area")[:, 0]
        at_patches = F.binary_cross_entropy_with_logits(found, meant, weight=scenes.there[:, None, None].expand_as(found))
        loss = (crossed * weights).mean() + 2 * at_patches
        numbers = {"crossed": crossed.mean().detach(), "first": crossed[:, :4].mean().detach(), "at_patches": at_patches.detach()}
        if step % SOFT_EVERY == 0:
            counts = torch.full((len(ids),), config.tokens, device=device)
            p = torch.sigmoid(tokenizer.logits(tokenizer.mixtures(logits), counts).float())
            loss = loss + 1 - ((2 * (p * scenes.masks).flatten(1).sum(1) + 1) / ((p + scenes.masks).flatten(1).sum(1) + 1)).mean()
        return loss, numbers

    @torch.no_grad()
    def look(average):
        trained = Segmenter(config).to(device).eval()
        trained.load_state_dict(average)
        scenes = tested.batch(1, 0, 128 if device.type == "cuda" else 16, whole=True)
        ids, logits = greedy(trained, scenes.pictures, scenes.there, scenes.captions + shift)
        counts = torch.full((len(ids),), config.tokens, device=device)
        soft = torch.sigmoid(tokenizer.logits(tokenizer.mixtures(logits), counts))
        return {"iou": iou(tokenizer.decode(ids, counts), scenes.masks).mean().item(), "iou_soft": iou(soft, scenes.masks).mean().item()}

    train(a, model, maker, loss_of, look)


if __name__ == "__main__":
    main()
