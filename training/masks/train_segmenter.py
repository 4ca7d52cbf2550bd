"""Trains the segmenter on the tokens of a trained mask tokenizer.   python train_segmenter.py --tokenizer runs/tokenizer --run runs/segmenter

Resumable. Besides the tokens, two things are told at the patches themselves, without which it finds next to nothing: which parts are meant, and
by contrast which words each thing of the scene goes by (as CLIP's towers, arXiv 2103.00020 §2.3, a patch for a picture). The boxes it looks into are
off by a place or two now and then, as its own will be. Logged: IoU of greedy tokens on new scenes of icons that were trained on, and of others."""
import json
from pathlib import Path

import torch
import torch.nn.functional as F

from recipe.archive import Archive
from recipe.framed import FramedConfig, FramedTokenizer, boxes_of, grid_over, ids_of_boxes
from recipe.sampling import greedy
from recipe.scenes import SceneMaker
from recipe.segmenter import GROWN, Segmenter, SegmenterConfig
from recipe.training import arguments, device_of, iou, kept_config, settle, train

SOFT_EVERY = 4
OFF = 0.4        # how many boxes have edges that are off
BLUR = 0.8       # places by which a corner may be missed cheaply
COVERED = 0.6    # of a patch, from which on it shows a thing


def trained_tokenizer(run, device):
    saved = json.loads((Path(run) / "config.json").read_text())
    model = FramedTokenizer(FramedConfig(**saved)).to(device).eval().requires_grad_(False)
    model.load_state_dict(torch.load(Path(run) / "checkpoint.pt", map_location=device, weights_only=True)["average"])
    return model


def off(boxes, places, lots):
    """Boxes, some of whose edges are off by about a place."""
    noise = (torch.randn(boxes.shape, generator=lots) * (torch.rand(len(boxes), 1, generator=lots) < OFF)).round().long().to(boxes.device)
    top, left, bottom, right = (boxes + noise).unbind(1)
    top, left = top.clamp(0, places - 1), left.clamp(0, places - 1)
    return torch.stack([top, left, torch.maximum(bottom.clamp(max=places), top + 1), torch.maximum(right.clamp(max=places), left + 1)], 1)


def blurred(ids, places):
    """Corners [B] as soft targets [B, places²]."""
    at = torch.arange(places, device=ids.device)
    row, column = (torch.exp(-0.5 * ((at - k[:, None]) / BLUR) ** 2) for k in (ids // places, ids % places))
    soft = (row[:, :, None] * column[:, None]).flatten(1)
    return soft / soft.sum(1, keepdim=True)


def named(model, near, things, shift):
    """The loss of patches that go by other words than those of the thing that they show. Words that are true of another thing do not count."""
    points = model.point(things.captions + shift)
    cells = things.cover.flatten(1)  # [M, patches]
    thing, cell = (cells > COVERED).nonzero(as_tuple=True)
    logits = model.sharpness.exp() * near[things.scene[thing], cell] @ points.T
    same = things.concept[:, None] == things.concept[None]
    either = (things.colour[:, None] < 0) | (things.colour[None] < 0) | (things.colour[:, None] == things.colour[None])
    alike = same & either & ~torch.eye(len(same), dtype=torch.bool, device=same.device)
    losses = F.cross_entropy(logits.masked_fill(alike[thing], -1e4), thing, reduction="none")
    return losses.mean(), (logits.masked_fill(alike[thing], -1e4).argmax(1) == thing).float().mean()


def main():
    p = arguments("runs/segmenter", 100_000, 64, 1e-3)
    p.add_argument("--tokenizer", default="runs/tokenizer")
    p.add_argument("--words-first", type=int, default=1000, help="steps that teach words and patches alone, several times as quick as whole ones")
    p.add_argument("--settled", action="store_true", help="normalise by the statistics met so far: for late training, or from start.py on")
    a = p.parse_args()
    device = device_of()
    torch.manual_seed(a.seed)
    archive, tokenizer = Archive(a.archive, device), trained_tokenizer(a.tokenizer, device)
    tokens = tokenizer.config
    config = SegmenterConfig(mask_ids=tokens.vocab, tokens=tokens.tokens)
    kept_config(a.run, config)
    model = Segmenter(config, tokens).to(device)
    if a.settled:
        settle(model)
    makers = {name: SceneMaker(archive, pool, tokens.side) for name, pool in (("trained", archive.trained), ("held_out", archive.tested))}
    weights = 1 / (torch.arange(tokens.shape_tokens, device=device) + 9.0)
    weights = weights / weights.mean()
    shift = config.mask_ids  # ids of words stand behind those of masks

    def loss_of(step, scenes):
        if step < a.words_first:
            loss, right = named(model, model.near(model.features(scenes.pictures)), scenes.things, shift)
            return loss, {"words": loss.detach(), "right": right}
        lots = torch.Generator().manual_seed(step)
        with torch.no_grad():
            boxes = boxes_of(scenes.masks, tokens.places)
            looked = off(boxes, tokens.places, lots)
            ids = tokenizer.encode(scenes.masks, looked)
            corners = ids_of_boxes(boxes, tokens.places)
            within = F.grid_sample(scenes.masks[:, None], grid_over(looked, tokens.places, config.across * 4, GROWN), align_corners=False)[:, 0]
            whole = F.interpolate(scenes.masks[:, None], size=config.across * 4, mode="area")[:, 0]
        hidden, near = model.hidden(scenes.pictures, scenes.there, scenes.captions + shift, ids)
        logits = model.said(hidden).float()
        box = sum(F.cross_entropy(logits[:, k], blurred(corners[:, k], tokens.places)) for k in range(config.corners))
        shape = (F.cross_entropy(logits[:, config.corners:].mT, ids[:, config.corners:], reduction="none") * weights).mean()
        parts = sum(F.binary_cross_entropy_with_logits(model.found(hidden, look).float(), meant.float(), weight=scenes.there[:, None, None].expand_as(meant))
                    for look, meant in enumerate((whole, within)))
        words, right = named(model, near, scenes.things, shift)
        loss = 0.5 * box + shape + 2 * parts + 0.5 * words
        numbers = {"box": box.detach(), "shape": shape.detach(), "parts": parts.detach(), "words": words.detach(), "right": right}
        if step % SOFT_EVERY == 0:
            with torch.autocast(device.type, enabled=False):
                known = torch.ones(len(ids), tokens.shape_tokens, device=device)
                p = torch.sigmoid(tokenizer.painted(tokenizer.quantiser.mixtures(logits[:, config.corners:], known)))
                frames = tokenizer.frames(scenes.masks, looked)
                loss = loss + 1 - ((2 * (p * frames).flatten(1).sum(1) + 1) / ((p + frames).flatten(1).sum(1) + 1)).mean()
        return loss, numbers

    @torch.no_grad()
    def look(average):
        trained = Segmenter(config, tokens).to(device).eval()
        trained.load_state_dict(average)
        numbers = {}
        for name, maker in makers.items():
            scenes = maker.batch(1, 0, 128 if device.type == "cuda" else 32, whole=True)
            ids, logits = greedy(trained, scenes.pictures, scenes.there, scenes.captions + shift)
            counts = torch.full((len(ids),), tokens.tokens, device=device)
            numbers[f"iou_{name}"] = iou(tokenizer.decode_softly(ids, logits, counts), scenes.masks).mean().item()
            boxed = tokenizer.decode(ids_of_boxes(boxes_of(scenes.masks, tokens.places), tokens.places), counts.clamp(max=2))
            numbers[f"box_{name}"] = iou(tokenizer.decode(ids[:, :2], counts.clamp(max=2)), boxed).mean().item()
        return numbers

    train(a, model, makers["trained"].batches, loss_of, look)


if __name__ == "__main__":
    main()
