"""Trains the upscaler, 128 x 128 to 512 x 512 pixels.   node prepare-large.mjs, then python train_upscaler.py [--steps N] [--batch N]

Inputs are the pictures of data/ at 128 pixels, drawn from the same SVG as the 512 that are aimed at, and, as often, what the shipped
tokenizers make of them: rebuilt from their own tokens, of the multi-scale tokenizer also from tokens that are a little wrong, as drawn ones
are. Of fluent-3d there are 256 pixels at most: its pictures are learnt from 64 to 256, and in batches of their own, which are every sixth, rebuilt
ones, by the mean of the answer's 2 x 2 pixels.

Loss: smooth L1 of premultiplied RGBA, of its differences (edges) and of the picture laid on white (on black it is the first), and the squared
error. Held-out concepts are never seen."""
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from make_archive import shipped_tokenizers
from recipe.data import Pictures
from recipe.run import Average, Run, adamw_for_tokenizers, begin, options, schedule
from recipe.upscaler import Upscaler

CROP = 32            # pixels of a side of an input
SLIPS = (0.0, 0.1)   # how wrong tokens of the multi-scale tokenizer are, picture by picture; recipe/multi_scale.py
MIXED = ((512, False), (512, True), (512, False), (512, True), (256, False))  # side aimed at, and whether the input is rebuilt
FAINT = 32           # alpha below this is cleared by the SDK


def shown(x):
    """Pixels as the SDK makes a picture of them: [B, 4, H, W] -> bytes [B, H, W, 4], premultiplied, without faint alpha."""
    p = ((x.clamp(-1, 1) + 1) * 127.5).round().permute(0, 2, 3, 1)
    p = torch.minimum(p, p[..., 3:]) * (p[..., 3:] >= FAINT)
    return p.to(torch.uint8).numpy()


@torch.no_grad()
def rebuilt(pictures, rows, file):
    """[N, 128, 128, 4] bytes: each row's picture as one of the shipped tokenizers rebuilds it; computed once."""
    if file.exists():
        return np.load(file, mmap_mode="r")
    codecs, out = shipped_tokenizers(), np.zeros((len(rows), pictures.size, pictures.size, 4), np.uint8)
    torch.manual_seed(0)
    for which, name in enumerate(("scale", "raster")):
        at = np.arange(which, len(rows), 2)
        for some in np.array_split(at, max(1, len(at) // 32)):
            x = pictures.batch([rows[i] for i in some]).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                if name == "raster":
                    y = codecs[name].decode(codecs[name].encode(x))
                else:
                    slip = torch.tensor([SLIPS[i // 2 % len(SLIPS)] for i in some])
                    y = codecs[name].pixels(codecs[name].quantize(codecs[name].features(x), slip)[1][-1])
            out[some] = shown(y.float())
    np.save(file, out)
    return np.load(file, mmap_mode="r")


class Pairs:
    def __init__(self, folder):
        self.pictures = Pictures(folder)
        root = Path(folder)
        taken = json.loads((root / "large.json").read_text())
        self.rows = {int(size): np.array(rows) for size, rows in taken.items()}
        self.large = {s: np.memmap(root / f"large-{s}.u8", np.uint8, "r").reshape(len(r), s, s, 4) for s, r in self.rows.items()}
        self.rebuilt = {s: rebuilt(self.pictures, r, root / f"rebuilt-{s}.npy") for s, r in self.rows.items()}
        held = lambda r: np.array([self.pictures.rows[i]["heldOutConcept"] for i in r])
        self.held_out = {s: np.flatnonzero(held(r)) for s, r in self.rows.items()}
        self.trained = {s: np.flatnonzero(~held(r)) for s, r in self.rows.items()}

    def pair(self, size, at, is_rebuilt):
        """A whole pair of bytes: input and what is aimed at."""
        large = self.large[size][at]
        if is_rebuilt:
            return self.rebuilt[size][at], large
        if size == 512:
            return self.pictures.bytes[self.rows[size][at]], large
        return large.reshape(64, 4, 64, 4, 4).mean((1, 3)).round().astype(np.uint8), large

    def batch(self, count, seed, step):
        """Crops, a pure function of the step."""
        rng = np.random.default_rng([seed, step])
        xs, ys = [], []
        while len(xs) < count:
            size, is_rebuilt = (256, True) if step % 6 == 5 else MIXED[len(xs) % len(MIXED)]
            small, large = self.pair(size, rng.choice(self.trained[size]), is_rebuilt)
            factor = len(large) // len(small)
            top, left = rng.integers(0, len(small) - CROP + 1, 2)
            x = small[top:top + CROP, left:left + CROP]
            if x.std() < 4 and rng.random() < 0.9:
                continue  # nothing to learn
            y = large[factor * top:factor * (top + CROP), factor * left:factor * (left + CROP)]
            turn, flip = rng.integers(4), rng.random() < 0.5
            x, y = (np.rot90(p, turn) for p in (x, y))
            xs.append(x[:, ::-1] if flip else x)
            ys.append(y[:, ::-1] if flip else y)
        return tensor(xs), tensor(ys)


def tensor(pictures):
    x = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    return x.float().div_(127.5).sub_(1).contiguous(memory_format=torch.channels_last)


def on_white(x):
    return x[:, :3] - x[:, 3:]


def loss_of(out, y):
    if out.shape != y.shape:
        out = F.avg_pool2d(out, 2)
    difference = out - y
    edges = smooth(difference.diff(dim=-1)) + smooth(difference.diff(dim=-2))
    return smooth(difference) + edges + smooth(on_white(difference)) + 4 * difference.square().mean()


def smooth(x, kink=0.05):
    """L1 without its kink: most pixels lie in flat areas, where the repeated pixel is right, and would hold all others there."""
    return (x.square() + kink ** 2).sqrt().mean() - kink


def psnr(a, b):
    return 10 * torch.log10(4 / (a - b).square().mean().clamp_min(1e-8)).item()


@torch.no_grad()
def evaluate(model, pairs, dtype, count=16):
    """PSNR of premultiplied RGBA over held-out pictures of the SVG sets: from clean and from rebuilt ones; and of Lanczos."""
    some = pairs.held_out[512][np.linspace(0, len(pairs.held_out[512]) - 1, count).astype(int)]
    scores = {}
    for is_rebuilt in False, True:
        own, bicubic = [], []
        for at in some:
            small, large = pairs.pair(512, at, is_rebuilt)
            x, y = tensor([small]), tensor([large])
            with torch.autocast("cpu", dtype):
                own.append(psnr(model(x).float().clamp(-1, 1), y))
            bicubic.append(psnr(F.interpolate(x, scale_factor=4.0, mode="bicubic").clamp(-1, 1), y))
        kind = "rebuilt" if is_rebuilt else "clean"
        scores |= {f"{kind}_psnr": float(np.mean(own)), f"{kind}_bicubic": float(np.mean(bicubic))}
    return scores


def main():
    p = options("upscaler", steps=6000, rate=2e-3)
    p.add_argument("--batch", type=int, default=15)
    a = p.parse_args()
    device, dtype = begin(a.seed)
    pairs = Pairs(a.data)
    model = Upscaler().to(device, memory_format=torch.channels_last)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M weights, {({s: len(r) for s, r in pairs.trained.items()})} pictures", flush=True)
    run = Run(a.run, model, adamw_for_tokenizers(model, a.rate), Average(model, 0.99))
    total = 0.0
    while run.step < a.steps:
        x, y = (t.to(device) for t in pairs.batch(a.batch, a.seed, run.step))
        with torch.autocast(device.type, dtype):
            out = model(x)
        loss = loss_of(out.float(), y)
        run.learn(loss, schedule(run.step, a.steps, a.rate, warmup=50))
        total += loss.item()
        if run.step % 50 == 0:
            run.log(loss=total / 50)
            total = 0.0
        if run.step % 250 == 0 or run.step == a.steps:
            trained = Upscaler().to(memory_format=torch.channels_last)
            trained.load_state_dict(run.average.shadow)
            run.log(**evaluate(trained, pairs, dtype))
            run.save()


if __name__ == "__main__":
    main()
