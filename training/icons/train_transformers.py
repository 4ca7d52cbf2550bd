"""Trains one transformer on the archive that make_archive.py wrote; the same code in the background on a CPU and on one GPU.

  python train_transformers.py --order next-scale --steps 20000                            # a CPU: resumable, prolonged by more --steps
  python3 train_transformers.py --order next-scale --seconds 540 --batch 256 --out "$OUT"  # a GPU: ends by itself

It begins with the shipped weights (--start FILE for others, --start nothing for none). The learning rate is held and goes down over the last
30 % of the steps or of the seconds, whichever end first. Held-out (concept, style) cells are never seen. A tenth of the conditions is dropped
whole, for guidance; a twentieth loses its style only. A batch of next-scale goes through the scales up to one of REACH, with as many
pictures as have the tokens of --batch whole ones; within it a scale weighs by the square root of its cells; later scales learn to
mend what the quantiser lets slip (recipe/multi_scale.py). Half of the grids of the raster orders are fed with random ids among theirs.

Whenever the pictures seen in training cost fewer nats than before, the averaged weights are written to OUT/ORDER.safetensors, as they are
shipped; at the end OUT/sheet-ORDER.png shows 64 prompts. Logged: nats a picture, seen and held out, and what its own caption saves
against a neighbour's. Needs Python with torch and numpy and no more."""
import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from recipe.archive import Archive
from recipe.caption_encoder import CaptionEncoder
from recipe.data import batch_at
from recipe.orders import ORDERS, begin_from, loss_of
from recipe.run import Average, Run, device_and_dtype
from recipe.sheet import save as save_sheet
from recipe.shipped import packed, read, write

MODEL = Path(__file__).parent / "../../models/tessera-icons"
DROP_ALL, DROP_STYLE = 0.10, 0.05
NOTES = {"next-scale": "VAR", "next-token": "LlamaGen", "next-neighbor": "NAR"}


class Both:
    """Muon for the matrices inside the blocks, AdamW for everything else, under one learning rate (Liu et al. 2025, arXiv 2502.16982)."""

    def __init__(self, model, layers, rate):
        inner = [p for p in layers.parameters() if p.dim() == 2]
        known = {id(p) for p in inner}
        rest = [p for p in model.parameters() if id(p) not in known]
        fused = next(model.parameters()).device.type == "cuda"
        self.parts = [torch.optim.Muon(inner, lr=rate, weight_decay=0.03, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
                      torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.95), weight_decay=0.0, fused=fused)]

    @property
    def param_groups(self):
        return [group for part in self.parts for group in part.param_groups]

    def zero_grad(self, set_to_none=True):
        for part in self.parts:
            part.zero_grad(set_to_none)

    def step(self):
        for part in self.parts:
            part.step()

    def state_dict(self):
        return {str(i): part.state_dict() for i, part in enumerate(self.parts)}

    def load_state_dict(self, state):
        for i, part in enumerate(self.parts):
            part.load_state_dict(state[str(i)])


def adamw(model, layers, rate):
    decay, rest = [p for p in model.parameters() if p.dim() > 1], [p for p in model.parameters() if p.dim() <= 1]
    return torch.optim.AdamW([{"params": decay, "weight_decay": 0.03}, {"params": rest, "weight_decay": 0.0}], lr=rate, betas=(0.9, 0.95))


OPTIMIZERS = {"muon": Both, "adamw": adamw}


def conditions(order, archive, encoder, rows, generator):
    """Styles [B] and caption vectors [B, slots - 1, dim] of these rows, some dropped."""
    style, device = archive.style[rows], archive.device
    lot = torch.rand(len(rows), generator=generator, device=device)
    style = torch.where(lot < DROP_ALL + DROP_STYLE, order.config.styles, style)
    ids = archive.sampled(rows, generator) * (lot >= DROP_ALL)[:, None]
    with torch.no_grad():
        return style, encoder(ids)


@torch.no_grad()
def measured(model, order, archive, encoder, rows, dtype, size=64):
    """Nats a picture of these rows with their labels, and what they lose more with their neighbours'."""
    own = swapped = 0.0
    for at in range(0, len(rows), size):
        some = torch.from_numpy(rows[at:at + size]).to(archive.device)
        fed, ids = order.exact(some)
        style, caption = archive.style[some], encoder(archive.captions[archive.first[some]])
        with torch.autocast(archive.device.type, dtype):
            for other in (False, True):
                logits = model(style, caption.roll(1, 0) if other else caption, fed)
                nats = loss_of(logits, ids, None).item() * ids.shape[1] * len(some) / len(rows)
                own, swapped = (own, swapped + nats) if other else (own + nats, swapped)
    return own, swapped - own


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--order", choices=ORDERS, required=True)
    p.add_argument("--archive", default="data/archive.npz")
    p.add_argument("--run", help="its checkpoint and log; runs/ORDER where nothing is said")
    p.add_argument("--out", help="where weights and the sheet go; the run's folder where nothing is said")
    p.add_argument("--start", help="shipped weights to begin with, or nothing")
    p.add_argument("--steps", type=int, default=10 ** 9)
    p.add_argument("--seconds", type=float, default=float("inf"), help="of this process, the sheet not counted")
    p.add_argument("--batch", type=int, default=12)
    p.add_argument("--rate", type=float, default=1.5e-3)
    p.add_argument("--optimizer", choices=OPTIMIZERS, default="muon")
    p.add_argument("--average", type=float, default=0.998)
    p.add_argument("--every", type=float, default=600, help="seconds between measurements")
    p.add_argument("--samples", type=int, default=64, help="pictures on the sheet")
    p.add_argument("--checkpoint", action=argparse.BooleanOptionalAction, default=True)
    p.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    began = time.time()
    torch.set_flush_denormal(True)
    torch.set_float32_matmul_precision("high")
    (device, dtype), folder = device_and_dtype(), Path(a.run or f"runs/{a.order}")
    out = Path(a.out or folder)
    out.mkdir(parents=True, exist_ok=True)
    archive = Archive(a.archive, device)
    assert archive.encoder, f"{a.archive} has no caption encoder yet: run train_captions.py"
    encoder = CaptionEncoder().to(device).eval().requires_grad_(False)
    encoder.load_state_dict(archive.encoder)
    order = ORDERS[a.order](a.order, archive, MODEL)
    torch.manual_seed(a.seed)
    model, shadow = order.new().to(device), order.new().to(device).eval()
    if a.start != "nothing":
        begin_from(model, read(a.start or MODEL / f"{a.order}.safetensors"), order.table, archive, encoder)
    optimizer = OPTIMIZERS[a.optimizer](model, order.layers(model), a.rate)
    average = Average(model, a.average)
    run = Run(folder, model, optimizer, average)
    train, cells = archive.trained, np.flatnonzero(archive.held_out)[:128]
    seen = train[np.linspace(0, len(train) - 1, 128).astype(int)]
    print(f"{a.order}: {sum(p.numel() for p in model.parameters()) / 1e6:.2f} M weights, {len(train)} pictures, on {device}", flush=True)
    if a.compile:
        for layer in order.layers(model):
            layer.compile(dynamic=False)
    loss_fn = torch.compile(loss_of, dynamic=False) if a.compile else loss_of
    losses, views, best = {}, 0, float("inf")
    view_file = folder / "views.json"
    if run.step and view_file.exists():
        views, best = json.loads(view_file.read_text())

    def measure():
        nonlocal best
        shadow.load_state_dict(average.shadow)
        nats, gain = measured(shadow, order, archive, encoder, seen, dtype)
        held, held_gain = measured(shadow, order, archive, encoder, cells, dtype)
        run.log(views=views / len(train), nats=nats, caption_gain=gain, held_out_nats=held, held_out_gain=held_gain)
        if nats < best:
            best = nats
            write(packed(average.shadow), out / f"{a.order}.safetensors", f"{a.order} transformer in the {NOTES[a.order]} layout, vectors of the caption encoder")
        if a.checkpoint:
            run.save()
            view_file.write_text(json.dumps([views, best]))

    measure()
    next_measure = time.time() + a.every
    while run.step < a.steps and time.time() - began < a.seconds:
        progress = max((run.step + 1) / a.steps, (time.time() - began) / a.seconds)
        rate = a.rate * min(1.0, (run.step + 1) / 100, max(0.01, (1 - progress) / 0.3))
        rng = np.random.default_rng([a.seed, run.step])
        generator = torch.Generator(device).manual_seed(a.seed * 1_000_003 + run.step)
        torch.manual_seed(run.step)
        reach = order.reach(rng)
        size = order.pictures(reach, a.batch)
        rows = torch.from_numpy(batch_at(train, size, a.seed, run.step) if reach is None else rng.choice(train, size, replace=False)).to(device)
        style, caption = conditions(order, archive, encoder, rows, generator)
        fed, ids = order.fed(rows, reach, generator)

        def learn():
            with torch.autocast(device.type, dtype):
                logits = model(style, caption, fed)
            loss = loss_fn(logits, ids, order.weights(reach))
            run.learn(loss, rate)
            return loss

        try:
            loss = learn()
        except torch._dynamo.exc.TorchDynamoException as failure:  # a machine without a working compiler trains on, more slowly
            print(f"not compiled from here on: {failure}", flush=True)
            loss_fn = loss_of
            for layer in order.layers(model):
                layer._compiled_call_impl = None
            loss = learn()
        views += len(rows) * ids.shape[1] / order.columns  # a picture whose small scales alone were seen counts by its tokens
        losses.setdefault(f"loss{reach or ''}", []).append(loss.detach())
        if run.step in (1, 2, 5, 10, 20, 50) or run.step % 100 == 0:
            run.log(rate=rate, **{name: torch.stack(some).mean().item() for name, some in losses.items()})
            losses = {}
        if time.time() > next_measure:
            measure()
            next_measure = time.time() + a.every
    measure()
    shadow.load_state_dict(average.shadow)
    torch.manual_seed(0)
    plain = train[~archive.recoloured[train]]
    rows = torch.from_numpy(plain[np.linspace(0, len(plain) - 1, a.samples).astype(int)]).to(device)
    captions = encoder(archive.captions[archive.first[rows]])
    with torch.autocast(device.type, dtype):
        pixels = order.draw(shadow, archive.style[rows], captions, device)
    save_sheet(pixels.float().cpu().numpy(), out / f"sheet-{a.order}.png")
    print(f"sheet-{a.order}.png: " + "; ".join(f"{archive.labels[i]} ({archive.styles[archive.style[i]]})" for i in rows.tolist()), flush=True)
    print(f"{a.order} ends after {time.time() - began:.0f} s, {run.step} steps, {views / len(train):.1f} views", flush=True)


if __name__ == "__main__":
    main()
