"""Trains tessera-shapes on the archive.   python train.py --data data --run runs/shapes [--steps N] [--minutes M]

Resumable: continues from runs/shapes/checkpoint.pt, which is written whole or not at all. Stops at --steps, or after --minutes of this
session, whichever comes first; with --minutes the rate goes down by the clock. Held-out combinations of attributes are never seen.
Logged as caption_gain: the nats a shape that its own caption saves against a neighbour's."""
import argparse
import json
import shutil
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from recipe import octree
from recipe.captions import Words, caption
from recipe.data import Archive, Batches, collate
from recipe.model import Config, ShapeModel
from recipe.run import Run, schedule


def loss_of(model, batch, device, dtype):
    """Mean nats an id, and their sum a shape. The two first ids, depth and profile, are always given."""
    captions, ids, kinds, rows, context = (x.to(device, non_blocking=True) for x in batch)
    with torch.autocast(device.type, dtype):
        logits = model(captions, ids[:, :-1], kinds, rows, context.to(dtype))
    nats = F.cross_entropy(logits.float().flatten(0, 1), ids.flatten(), reduction="none").view(ids.shape)
    counted = (kinds != octree.END_KIND) & (kinds >= 2)
    return (nats * counted).sum() / counted.sum(), (nats * counted).sum(1)


@torch.no_grad()
def evaluate(model, archive, words, chosen, depth, device, dtype):
    own, swapped, ids = 0.0, 0.0, 0
    rng = np.random.default_rng(0)
    for i in range(0, len(chosen), 16):
        some = chosen[i:i + 16]
        said = [words.encode(caption(archive.rows[j], rng, every=True)) for j in some]
        shapes = [archive.shape(j, depth) for j in some]
        for captions, sign in ((said, 0), (said[1:] + said[:1], 1)):
            _, each = loss_of(model, collate(shapes, captions, 3000), device, dtype)
            own, swapped = (own + each.sum().item(), swapped) if sign == 0 else (own, swapped + each.sum().item())
        ids += sum(len(s[0]) - 2 for s in shapes)
    return {"loss": own / ids, "nats": own / len(chosen), "caption_gain": (swapped - own) / len(chosen)}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", default="data")
    p.add_argument("--run", default="runs/shapes")
    p.add_argument("--steps", type=int, default=20000)
    p.add_argument("--minutes", type=float, help="the most minutes of this session")
    p.add_argument("--tokens", type=int, default=4096, help="of a batch")
    p.add_argument("--rate", type=float, default=1.5e-3)
    p.add_argument("--deep", type=float, default=0.25, help="share of batches at depth 6")
    p.add_argument("--workers", type=int, default=0)
    p.add_argument("--chunks", type=int, help="the most chunks of the archive")
    p.add_argument("--every", type=int, default=250, help="steps between evaluations")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--dim", type=int, default=256)
    p.add_argument("--layers", type=int, default=6)
    a = p.parse_args()
    torch.manual_seed(a.seed)
    torch.set_flush_denormal(True)
    device, dtype = torch.device("cuda" if torch.cuda.is_available() else "cpu"), torch.bfloat16
    began, folder = time.time(), Path(a.run)
    folder.mkdir(parents=True, exist_ok=True)
    archive = Archive(a.data, a.chunks)
    if not (folder / "words.json").exists():
        shutil.copy(Path(a.data) / "words.json", folder)
    words = Words.load(folder)
    assert len(words.words) <= Config.words
    config = Config(dim=a.dim, layers=a.layers, heads=a.dim // 64, hidden=a.dim * 11 // 4)
    (folder / "config.json").write_text(json.dumps(config.asdict()))
    model = ShapeModel(config).to(device)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M weights, {len(archive.train)} shapes, {len(archive.held_out)} held out, {len(words.words)} words", flush=True)
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}], lr=a.rate, betas=(0.9, 0.95), fused=True)
    run = Run(folder, model, optimizer)
    torch._dynamo.config.suppress_errors = True  # what cannot be compiled runs as it is
    compiled = torch.compile(model, dynamic=True) if device.type == "cuda" else model
    batches = torch.utils.data.DataLoader(Batches(archive, words, a.seed, run.step, a.tokens, a.deep), batch_size=None, num_workers=a.workers,
                                          pin_memory=device.type == "cuda", prefetch_factor=8 if a.workers else None)
    total, logged = 0.0, time.time()

    def finish(step):
        elapsed = (time.time() - began) / 60
        return step >= a.steps or (a.minutes is not None and elapsed >= a.minutes)

    for batch in batches:
        if finish(run.step):
            break
        rate = schedule(run.step, a.steps, a.rate)
        if a.minutes is not None:
            rate = min(rate, a.rate * max(0.02, (1 - (time.time() - began) / 60 / a.minutes) / 0.3))
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss, _ = loss_of(compiled, batch, device, dtype)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        run.follow()
        total = total + loss.detach()
        if run.step % 25 == 0:
            run.log(loss=float(total) / 25, rate=rate, pace=(time.time() - logged) / 25)
            total, logged = 0.0, time.time()
        if run.step % a.every == 0 or finish(run.step):
            trained = ShapeModel(config).to(device).eval()
            trained.load_state_dict(run.average)
            few = 96 if device.type == "cuda" else 32
            run.log(of="held_out", **evaluate(trained, archive, words, archive.held_out[:few], 5, device, dtype))
            run.save()
    run.save()


if __name__ == "__main__":
    main()
