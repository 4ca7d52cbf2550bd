"""What training the tokenizer and the segmenter has in common: a resumable loop that ends by steps or by the clock."""
import argparse
import json
import signal
import time
from pathlib import Path

import torch
from torch import nn

from recipe.neighbours import module

Run, schedule = (getattr(module("shapes", "run"), name) for name in ("Run", "schedule"))


def arguments(run, steps, batch, rate):
    p = argparse.ArgumentParser()
    p.add_argument("--archive", default="data/archive.npz")
    p.add_argument("--run", default=run)
    p.add_argument("--steps", type=int, default=steps)
    p.add_argument("--minutes", type=float, help="stop after so many of this session; the rate goes down by the clock")
    p.add_argument("--batch", type=int, default=batch)
    p.add_argument("--rate", type=float, default=rate)
    p.add_argument("--every", type=int, default=500, help="steps from one look at held-out scenes to the next")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--workers", type=int, default=0, help="processes that plan scenes")
    return p


def device_of():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def kept_config(run, config):
    """Writes the sizes beside the weights."""
    Path(run).mkdir(parents=True, exist_ok=True)
    (Path(run) / "config.json").write_text(json.dumps(config.as_json()))


def optimizer_of(model, rate):
    """Matrices decay, all else does not."""
    held = [w for w in model.parameters() if w.requires_grad]
    groups = [{"params": [w for w in held if w.dim() > 1], "weight_decay": 0.05}, {"params": [w for w in held if w.dim() <= 1], "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.95))


def settle(model):
    """Normalisation by the statistics met so far, not by those of each batch: so a model is trained as it is shipped."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def train(a, model, batches, loss_of, look):
    """`batches(seed, step, count, workers)` -> endless ones from a step on; `loss_of(step, batch)` -> loss and numbers to log; `look(average)` ->
    numbers of held-out scenes, by the averaged weights."""
    device, began = device_of(), time.time()
    optimizer = optimizer_of(model, a.rate)
    run = Run(a.run, model, optimizer)
    sums, logged, given = {}, time.time(), iter(batches(a.seed, run.step, a.batch, a.workers))

    told = []  # to end, by a signal: what was learnt is saved first
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))

    def finished():
        return told or run.step >= a.steps or (a.minutes is not None and time.time() - began >= 60 * a.minutes)

    while not finished():
        rate = schedule(run.step, a.steps, a.rate)
        if a.minutes is not None:
            rate = min(rate, a.rate * max(0.02, (1 - (time.time() - began) / 60 / a.minutes) / 0.3))
        for group in optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast(device.type, torch.bfloat16):  # on processors with matrix units for it, several times as fast there, too
            loss, numbers = loss_of(run.step, next(given))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        run.follow()
        for name, value in {"loss": loss.detach(), **numbers}.items():
            sums[name] = sums.get(name, 0.0) + value
        if run.step % 25 == 0:
            run.log(rate=rate, pace=(time.time() - logged) / 25, **{name: float(value) / 25 for name, value in sums.items()})
            sums, logged = {}, time.time()
        if not told and (run.step % a.every == 0 or finished()):
            run.log(of="held_out", **look(run.average))
            run.save()
    run.save()


def iou(a, b):
    """Of masks [B, side, side], each thresholded at a half."""
    a, b = a > 0.5, b > 0.5
    union = (a | b).flatten(1).sum(1)
    return torch.where(union > 0, (a & b).flatten(1).sum(1) / union.clamp_min(1), torch.ones_like(union, dtype=torch.float))
