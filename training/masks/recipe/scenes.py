"""Scenes: icons laid over each other on a background, the mask of one of them as far as it is seen, and words that are true of it alone.

A scene is a pure function of (seed, its number) but for its grain, which is one of (seed, number of the first of its batch); so a run resumes
where it was. Plans are made number by number, all that is drawn at once, on the device of the archive."""
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

SIDE, MOST, CELLS = 128, 4, 8
EMPTY, ALONE = 0.1, 0.1  # parts of the scenes whose words are missing, so that all things are meant; whose picture is missing


@dataclass
class Scenes:
    pictures: torch.Tensor  # [B, 3, SIDE, SIDE] in -1 … 1
    there: torch.Tensor     # [B] 1 where there is a picture
    masks: torch.Tensor     # [B, side, side] in 0 … 1: the part of each pixel that belongs to what is meant
    captions: torch.Tensor  # [B, slots] ids of words
    texts: list
    things: "Things"


@dataclass
class Things:
    """All things of the scenes, M in all, whether meant or not."""
    scene: torch.Tensor     # [M]
    cover: torch.Tensor     # [M, CELLS, CELLS] which part of each cell it covers, as far as it is seen
    captions: torch.Tensor  # [M, slots] words that are true of it
    concept: torch.Tensor   # [M]
    colour: torch.Tensor    # [M] -1 where the words name none


def placed(icons, size, top, left):
    """Icons [M, C, 64, 64] on canvases [M, C, SIDE, SIDE], `size` pixels wide, at `top` and `left`; all float."""
    scale, where = SIDE / size, lambda start: (SIDE - 2 * start - size) / size
    channels = icons.shape[1]
    theta = torch.zeros(len(icons), 2, 3, device=icons.device)
    theta[:, 0, 0], theta[:, 0, 2], theta[:, 1, 1], theta[:, 1, 2] = scale, where(left), scale, where(top)
    grid = F.affine_grid(theta, [len(icons), channels, SIDE, SIDE], align_corners=False)
    return F.grid_sample(icons, grid, align_corners=False)


def visible(alphas):
    """The part of each pixel in which each layer is seen; alphas [B, MOST, SIDE, SIDE], the lowest first."""
    through = torch.ones_like(alphas[:, 0])
    parts = []
    for alpha in reversed(alphas.unbind(1)):
        parts.append(alpha * through)
        through = through * (1 - alpha)
    return torch.stack(parts[::-1], 1)


BLOTS = 8


def background(rng):
    """What a background is made of: two colours, a direction, how they mix by kind, the strength of the grain, and blots."""
    return np.concatenate([rng.random(6), [rng.random() * 2 * np.pi, rng.random(), rng.uniform(8, 60), rng.uniform(0.1, 0.6), rng.random() * 0.03],
                           rng.random(BLOTS * BLOTS)])


def backgrounds(made, grain):
    """[B, 3, SIDE, SIDE] in 0 … 1: plain, a slope between two colours, stripes or blots."""
    a, b, (angle, kind, waves, strength, rough) = made[:, :3], made[:, 3:6], made[:, 6:11, None, None].unbind(1)
    y, x = torch.meshgrid(*[torch.arange(SIDE, device=made.device) / SIDE] * 2, indexing="ij")
    along = angle.cos() * x + angle.sin() * y
    least, most = along.amin((1, 2), keepdim=True), along.amax((1, 2), keepdim=True)
    blots = F.interpolate(made[:, 11:].unflatten(1, (1, BLOTS, BLOTS)), size=SIDE, mode="bicubic").clamp(0, 1)[:, 0]
    stripes = ((along * waves).sin() > 0) * strength
    share = torch.where(kind < 0.35, torch.zeros_like(along), torch.where(kind < 0.7, (along - least) / (most - least), torch.where(kind < 0.85, stripes, blots)))
    mixed = a[..., None, None] * (1 - share)[:, None] + b[..., None, None] * share[:, None]
    return (mixed + grain * rough[:, None]).clamp(0, 1)


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


def asked(archive, chosen, rng):
    """(number of a caption of the first thing, with the colour where another has the same concept; the things without others of which it is true)."""
    meant, *others = chosen
    twin = any(archive.concept[i] == archive.concept[meant] for i in others)
    said = caption(archive, meant, rng, twin)[0]
    return said, [meant, *(i for i in others if archive.texts[said] not in archive.names(i))]


def caption(archive, icon, rng, coloured=False):
    """(number of a caption that is true of an icon, its colour or -1 where the caption does not say)."""
    kind = 1 if archive.count[icon, 1] and (coloured or rng.random() < 0.5) else 0
    return archive.first[icon, kind] + int(rng.integers(archive.count[icon, kind])), archive.colour[icon] if kind else -1


@dataclass
class Plan:
    """What a batch will be, before anything is drawn. Arrays of layers: icon, size, top, left, scene, level (0: the lowest), and words that
    are true of it with the colour that they name."""
    layers: tuple
    grounds: np.ndarray     # [B, numbers of `background`]
    meant: np.ndarray       # [B] level of the meant thing
    empty: np.ndarray       # [B] no words: all things are meant
    alone: np.ndarray       # [B] no picture
    captions: np.ndarray    # [B] numbers of captions
    grain: int              # seed


class Planner:
    """Plans scenes of the icons of a pool. It touches no tensor, so processes of their own can do it."""

    def __init__(self, archive, pool):
        self.archive, self.pool, self.same = archive, pool, {}
        for i in pool:
            self.same.setdefault(archive.concept[i], []).append(i)

    def plan(self, seed, first, count, whole=False):
        scenes, flat = [], []
        for number in range(first, first + count):
            rng = np.random.default_rng([seed, number])
            said, chosen = asked(self.archive, things(self.archive, self.pool, rng, self.same), rng)
            lot = 1.0 if whole else rng.random()
            alone, empty = lot < ALONE, ALONE <= lot < ALONE + EMPTY
            chosen = chosen[:1] if alone else chosen
            size = rng.uniform(36, 88, len(chosen)) if not alone else np.array([SIDE * 0.9])
            spots = rng.uniform(-0.05, 1.05, (len(chosen), 2)) * (SIDE - size)[:, None] if not alone else np.full((1, 2), SIDE * 0.05)
            levels = rng.permutation(len(chosen))  # the meant thing may lie below
            flat += [(i, s, *p, number - first, k, *caption(self.archive, i, rng)) for i, s, p, k in zip(chosen, size, spots, levels)]
            scenes.append((background(rng), levels[0], empty, alone, said))
        return Plan(tuple(np.array(column) for column in zip(*flat)), *(np.stack(column) for column in zip(*scenes)), seed << 40 | first)


class SceneMaker:
    def __init__(self, archive, pool, side):
        self.archive, self.planner, self.side = archive, Planner(archive, pool), side

    def draw(self, plan):
        device, count = self.archive.device, len(plan.grounds)
        index, size, top, left, scene, level, said, colour = (torch.from_numpy(column).to(device) for column in plan.layers)
        layers = torch.zeros(count, MOST, 4, SIDE, SIDE, device=device)  # the lowest first; where there is none, it is clear
        layers[scene, level] = placed(self.archive.icons[index].float() / 255, size.float(), top.float(), left.float())
        grain = torch.randn(count, 3, SIDE, SIDE, device=device, generator=torch.Generator(device).manual_seed(plan.grain))
        pictures = backgrounds(torch.from_numpy(plan.grounds).float().to(device), grain)
        for layer in layers.unbind(1):
            pictures = layer[:, :3] + pictures * (1 - layer[:, 3:])
        seen = visible(layers[:, :, 3])
        cover = F.adaptive_avg_pool2d(seen, CELLS)[scene, level]
        concept = torch.from_numpy(self.archive.concept).to(device)[index]
        things = Things(scene, cover, torch.from_numpy(self.archive.captions[said.cpu()]).to(device), concept, colour)
        captions = np.where(plan.empty[:, None], 0, self.archive.captions[plan.captions])
        return Scenes(pictures.clamp(0, 1) * 2 - 1, torch.from_numpy(~plan.alone).float().to(device), self.meant(seen, plan), torch.from_numpy(captions).to(device),
                      ["" if empty else self.archive.texts[i] for i, empty in zip(plan.captions, plan.empty)], things)

    def masks(self, plan):
        """The masks alone of what draw() draws, in a fraction of its time."""
        device = self.archive.device
        index, size, top, left, scene, level = (torch.from_numpy(column).to(device) for column in plan.layers[:6])
        alphas = torch.zeros(len(plan.grounds), MOST, SIDE, SIDE, device=device)
        alphas[scene, level] = placed(self.archive.icons[index, 3:].float() / 255, size.float(), top.float(), left.float())[:, 0]
        return self.meant(visible(alphas), plan)

    def meant(self, seen, plan):
        """The mask of the meant thing, or of all where the words are missing."""
        level, empty = (torch.from_numpy(column).to(seen.device) for column in (plan.meant, plan.empty))
        masks = torch.where(empty[:, None, None], seen.sum(1), seen[torch.arange(len(seen), device=seen.device), level])
        return masks if self.side == SIDE else F.interpolate(masks[:, None], size=self.side, mode="area")[:, 0]

    def batch(self, seed, first, count, whole=False):
        """Scenes `first` to first + count - 1 of a seed. `whole`: all have a picture and words."""
        return self.draw(self.planner.plan(seed, first, count, whole))

    def batches(self, seed, step, count, workers=0):
        """Endless batches from that step on, planned by so many processes."""
        return map(self.draw, self.plans(seed, step, count, workers))

    def plans(self, seed, step, count, workers=0):
        return DataLoader(Plans(self.planner, seed, step, count), batch_size=None, num_workers=workers, prefetch_factor=4 if workers else None)


class Plans(IterableDataset):
    def __init__(self, planner, seed, step, count):
        self.planner, self.seed, self.step, self.count = planner, seed, step, count

    def __iter__(self):
        worker = get_worker_info()
        stride, offset = (worker.num_workers, worker.id) if worker else (1, 0)
        for step in range(self.step + offset, 1 << 40, stride):
            yield self.planner.plan(self.seed, step * self.count, self.count)
