"""Scenes: icons laid over each other on a background, the mask of one of them as far as it is seen, and words that are true of it alone.

A scene is a pure function of (seed, its number), so that a run resumes where it was."""
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

SIDE, MOST = 128, 4
EMPTY, ALONE = 0.1, 0.1  # parts of the scenes whose words are missing, so that all things are meant; whose picture is missing


@dataclass
class Scenes:
    pictures: torch.Tensor  # [B, 3, SIDE, SIDE] in -1 … 1
    there: torch.Tensor     # [B] 1 where there is a picture
    masks: torch.Tensor     # [B, side, side] in 0 … 1: the part of each pixel that belongs to what is meant
    captions: torch.Tensor  # [B, slots] ids of words
    texts: list


def placed(icons, size, top, left):
    """Icons [M, 4, 64, 64] on canvases [M, 4, SIDE, SIDE], `size` pixels wide, at `top` and `left`; all float."""
    scale, where = SIDE / size, lambda start: (SIDE - 2 * start - size) / size
    theta = torch.zeros(len(icons), 2, 3, device=icons.device)
    theta[:, 0, 0], theta[:, 0, 2], theta[:, 1, 1], theta[:, 1, 2] = scale, where(left), scale, where(top)
    grid = F.affine_grid(theta, [len(icons), 4, SIDE, SIDE], align_corners=False)
    return F.grid_sample(icons, grid, align_corners=False)


def background(rng):
    """[3, SIDE, SIDE] in 0 … 1: plain, a slope between two colours, stripes or blots."""
    a, b = rng.random((2, 3))
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    angle, kind = rng.random() * 2 * np.pi, rng.random()
    along = np.cos(angle) * x + np.sin(angle) * y
    if kind < 0.35:
        share = np.zeros_like(x)
    elif kind < 0.7:
        share = (along - along.min()) / np.ptp(along)
    elif kind < 0.85:
        share = (np.sin(along * rng.uniform(8, 60)) > 0).astype(float) * rng.uniform(0.1, 0.6)
    else:
        coarse = torch.from_numpy(rng.random((1, 1, 8, 8)))
        share = F.interpolate(coarse, size=SIDE, mode="bicubic").clamp(0, 1)[0, 0].numpy()
    return (a[:, None, None] * (1 - share) + b[:, None, None] * share + rng.normal(0, rng.random() * 0.03, (3, SIDE, SIDE))).clip(0, 1)


def things(archive, pool, rng, same):
    """Icons of a scene: the meant one first; others differ in concept, or in colour alone where there are such and `same` has it so."""
    meant = int(rng.choice(pool))
    chosen = [meant]
    twins = [i for i in same.get(archive.concept[meant], ()) if archive.colour[i] >= 0 and archive.colour[i] != archive.colour[meant]]
    if twins and archive.colour[meant] >= 0 and rng.random() < 0.5:
        chosen.append(int(rng.choice(twins)))
    for other in rng.choice(pool, int(rng.integers(0, MOST))):
        if len(chosen) < MOST and archive.concept[other] not in {archive.concept[i] for i in chosen}:
            chosen.append(int(other))
    return chosen


def words(archive, chosen, rng):
    """A caption that is true of the first thing alone, as its number: with the colour where another has the same concept."""
    meant = chosen[0]
    twin = any(archive.concept[i] == archive.concept[meant] for i in chosen[1:])
    kind = 1 if archive.count[meant, 1] and (twin or rng.random() < 0.5) else 0
    return archive.first[meant, kind] + int(rng.integers(archive.count[meant, kind]))


class SceneMaker:
    def __init__(self, archive, pool, side):
        self.archive, self.pool, self.side, self.same = archive, pool, side, {}
        for i in pool:
            self.same.setdefault(archive.concept[i], []).append(i)

    def batch(self, seed, first, count, whole=False):
        """Scenes `first` to first + count - 1 of a seed. `whole`: all have a picture and words."""
        plans, icons, canvases = [], [], []
        for number in range(first, first + count):
            rng = np.random.default_rng([seed, number])
            chosen = things(self.archive, self.pool, rng, self.same)
            lot = 1.0 if whole else rng.random()
            alone, empty = lot < ALONE, ALONE <= lot < ALONE + EMPTY
            chosen = chosen[:1] if alone else chosen
            size = rng.uniform(36, 88, len(chosen)) if not alone else np.array([SIDE * 0.9])
            spots = rng.uniform(-0.05, 1.05, (len(chosen), 2)) * (SIDE - size)[:, None] if not alone else np.full((1, 2), SIDE * 0.05)
            depth = rng.permutation(len(chosen))  # the meant thing may lie below
            caption = words(self.archive, chosen, rng)
            plans.append((chosen, size, spots, depth, alone, empty, caption))
            canvases.append(background(rng))
        flat = [(i, s, *p) for chosen, size, spots, *_ in plans for i, s, p in zip(chosen, size, spots)]
        index, size, top, left = (torch.tensor(np.array(column), device=self.archive.device) for column in zip(*flat))
        layers = placed(self.archive.icons[index].float() / 255, size.float(), top.float(), left.float())
        pictures = torch.from_numpy(np.stack(canvases)).float().to(layers.device)
        masks, at = [], 0
        for n, (chosen, _, _, depth, alone, empty, _) in enumerate(plans):
            own, visible = layers[at:at + len(chosen)], {}
            for k in np.argsort(depth):
                alpha = own[k, 3]
                pictures[n] = own[k, :3] + pictures[n] * (1 - alpha)
                visible = {j: seen * (1 - alpha) for j, seen in visible.items()} | {int(k): alpha}
            masks.append(sum(visible.values()) if empty else visible[0])
            at += len(chosen)
        captions = np.stack([np.zeros_like(self.archive.captions[0]) if empty else self.archive.captions[c] for *_, empty, c in plans])
        there = torch.tensor([0.0 if plan[4] else 1.0 for plan in plans], device=layers.device)
        return Scenes(pictures.clamp(0, 1) * 2 - 1, there, F.interpolate(torch.stack(masks)[:, None], size=self.side, mode="area")[:, 0],
                      torch.from_numpy(captions).to(layers.device), ["" if plan[5] else self.archive.texts[plan[6]] for plan in plans])
