"""Trains the judge on shapes of the archive, but for held-out combinations.   python judge/train.py --data data --run runs/judge

Takes some minutes on a CPU. Prints its own accuracy on the held-out shapes: no generator can be judged better than that."""
import argparse
import time
from pathlib import Path

import numpy as np
import torch

from judge import SIDE, Judge, seen, truths, verdicts
from recipe.data import Archive


def loss_of(logits, targets, columns):
    """Mean nats of the category and of all attributes that a shape has. `columns` [columns, heads] says which column belongs to which head."""
    top = logits.max(1, keepdim=True).values
    whole = ((logits - top).clamp(min=-60).exp() @ columns).clamp(min=1e-26).log() + top
    known = targets >= 0
    nats = (whole - logits.gather(1, targets.clamp(min=0))) * known
    category = CATEGORY_WEIGHT * nats[:, -1]
    return (category + nats.sum(1)).mean() / (CATEGORY_WEIGHT + known.sum(1).float().mean())


CATEGORY_WEIGHT = 2


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", default="data")
    p.add_argument("--run", default="runs/judge")
    p.add_argument("--chunks", type=int, help="the most chunks of the archive")
    p.add_argument("--epochs", type=int, default=8)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--rate", type=float, default=1e-3)
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    torch.manual_seed(a.seed)
    archive = Archive(a.data, a.chunks)
    rows = [archive.rows[i] for i in archive.train]
    values, known = {}, {}
    for row in rows:
        for name, value in truths(row).items():
            values.setdefault(name, set()).add(value)
            known.setdefault(row["category"], {}).setdefault(name, set()).add(value)
    heads = {name: sorted(values[name]) for name in sorted(values, key=lambda name: (name == "category", name))}
    judge = Judge(heads, {category: {name: sorted(of) for name, of in own.items()} for category, own in known.items()})
    print(f"{sum(p.numel() for p in judge.parameters()) / 1e6:.2f} M weights, {len(rows)} shapes, {len(judge.heads)} heads", flush=True)
    voxels = np.empty((len(rows), 4, SIDE, SIDE, SIDE), np.float16)
    for n, i in enumerate(archive.train):
        voxels[n] = seen(archive.streams[i])
    names = list(judge.heads)
    targets = torch.full((len(rows), len(names)), -1)  # columns of the true values
    for n, row in enumerate(rows):
        for name, value in truths(row).items():
            targets[n, names.index(name)] = judge.first[name] + judge.heads[name].index(value)
    columns = torch.zeros(judge.out.out_features, len(names))
    for h, name in enumerate(names):
        columns[judge.first[name]:judge.first[name] + len(judge.heads[name]), h] = 1
    optimizer = torch.optim.AdamW(judge.parameters(), a.rate, weight_decay=0.02)
    steps, step, began = a.epochs * (len(rows) // a.batch), 0, time.time()
    for epoch in range(a.epochs):
        order, total = np.random.default_rng([a.seed, epoch]).permutation(len(rows)), 0.0
        for at in range(0, len(order) - a.batch + 1, a.batch):
            some = order[at:at + a.batch]
            optimizer.param_groups[0]["lr"] = a.rate * min(1, (step + 1) / 100, max(0.02, 2 * (1 - step / steps)))
            turned = torch.from_numpy(voxels[some]).float()
            turned = turned.flip(2) if step % 2 else turned  # left and right mean nothing in captions
            loss = loss_of(judge(turned), targets[some], columns)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step, total = step + 1, total + loss.item()
        print(f"epoch {epoch + 1}: loss {total / (len(order) // a.batch):.3f}, {time.time() - began:.0f} s", flush=True)
    Path(a.run).mkdir(parents=True, exist_ok=True)
    judge.eval().save(Path(a.run) / "judge.pt")
    (right, of), (said, attributes) = verdicts(judge, [archive.streams[i] for i in archive.held_out], [archive.rows[i] for i in archive.held_out])
    print(f"held-out shapes: category {right / of:.3f} of {of}, attributes {said / attributes:.3f} of {attributes}")


if __name__ == "__main__":
    main()
