"""Trains the judge: a caption-picture retrieval encoder that scores the generated pictures and has no other use.

  python train_judge.py --data data --run runs/judge

Two towers on one sphere, trained to tell which caption of the batch belongs to which picture (InfoNCE). It sees every
picture of the sets, a quarter of the time as the tokenizer reconstructs it, always moved, scaled and recoloured a little, so
that it judges what is shown and not how. All pictures are made small, and rebuilt, once, and kept in the run's folder: about four
minutes, then a third of a second per step, of one core."""
import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import nn

from make_archive import MODEL, shipped_tokenizers
from recipe.captions import PAD, encode, label_of, sample_caption
from recipe.data import Pictures, batch_at
from recipe.run import Average, Run, device_and_dtype, schedule

SIDE, WIDTH = 64, 192


class Judge(nn.Module):
    def __init__(self, caption_vocab):
        super().__init__()
        def conv(i, o, stride):
            return nn.Sequential(nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o), nn.SiLU())
        self.picture = nn.Sequential(
            conv(4, 32, 2), conv(32, 64, 2), conv(64, 96, 1), conv(96, 128, 2), conv(128, 192, 1), conv(192, 256, 2), conv(256, 256, 1),
            nn.Flatten(), nn.Linear(256 * 16, 512), nn.SiLU(), nn.Linear(512, WIDTH))
        self.words = nn.Embedding(caption_vocab, 256, padding_idx=PAD)
        self.places = nn.Embedding(32, 256)
        self.caption = nn.Sequential(nn.Linear(512, 512), nn.SiLU(), nn.Linear(512, WIDTH))
        self.log_scale = nn.Parameter(torch.tensor(2.7))

    def see(self, x):       # [B, 4, H, W] premultiplied in [-1, 1] -> unit [B, WIDTH]
        return F.normalize(self.picture(F.interpolate(x, size=(SIDE, SIDE), mode="area")).float(), dim=-1)

    def read(self, ids):    # [B, T] -> unit [B, WIDTH]
        known = (ids != PAD).float()[..., None]
        x = self.words(ids) * (1 + self.places.weight[:ids.shape[1]]) * known
        mean, most = x.sum(1) / known.sum(1).clamp_min(1), x.masked_fill(known == 0, -9).amax(1)
        return F.normalize(self.caption(torch.cat([mean, most], -1)).float(), dim=-1)


@torch.no_grad()
def prepared(pictures, tokenizer, file, dtype, size=64):
    """All pictures at SIDE pixels, as they are and as the tokenizer rebuilds them: two of bytes [N, 4, SIDE, SIDE]."""
    if not file.exists():
        made = []
        small = lambda x: ((F.interpolate(x.float().clamp(-1, 1), size=(SIDE, SIDE), mode="area") + 1) * 127.5).round().to(torch.uint8)
        for at in range(0, len(pictures.rows), size):
            x = pictures.batch(np.arange(at, min(at + size, len(pictures.rows))))
            with torch.autocast("cpu", dtype):
                rebuilt = tokenizer.decode(tokenizer.encode(x.contiguous(memory_format=torch.channels_last)))
            made.append(torch.stack([small(x), small(rebuilt)]))
            if at % 1024 == 0:
                print(f"{at} of {len(pictures.rows)} made small", flush=True)
        save(file, torch.cat(made, 1).numpy())
    return torch.from_numpy(np.load(file))


def save(file, array):
    part = file.with_suffix(".part")
    with open(part, "wb") as f:
        np.save(f, array)
    part.replace(file)


def disturb(x, generator):
    """Moves up to 6 of 128 pixels, scales by up to 8 %, changes brightness and contrast of the colours a little."""
    b = len(x)
    u = torch.rand(b, 5, generator=generator) * 2 - 1
    theta = torch.zeros(b, 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = 1 + 0.08 * u[:, 0]
    theta[:, :, 2] = u[:, 1:3] * 6 / 64
    x = F.grid_sample(x + 1, F.affine_grid(theta, list(x.shape), align_corners=False), align_corners=False) - 1
    colour, alpha = (x[:, :3] + 1) * (1 + 0.15 * u[:, 3, None, None, None]), x[:, 3:]
    return torch.cat([colour.minimum(alpha + 1) - 1, alpha], 1)


@torch.no_grad()
def retrieval(judge, pictures, text, indices):
    """R@1 of real, undisturbed pictures among the captions of `indices` (one picture a concept)."""
    judge.eval()
    seen = torch.cat([judge.see(pictures.batch(indices[i:i + 128])) for i in range(0, len(indices), 128)])
    read = judge.read(encode(text, [label_of(pictures.rows[i]) for i in indices]))
    judge.train()
    return ((seen @ read.T).argmax(1) == torch.arange(len(indices))).float().mean().item()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", default="data")
    p.add_argument("--run", default="runs/judge")
    p.add_argument("--steps", type=int, default=2500)
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    torch.manual_seed(a.seed)
    torch.set_flush_denormal(True)
    device, dtype = device_and_dtype()
    pictures, text = Pictures(a.data), Tokenizer.from_file(str(MODEL / "captions.json"))
    Path(a.run).mkdir(parents=True, exist_ok=True)
    real, rebuilt = prepared(pictures, shipped_tokenizers()["raster"], Path(a.run) / "pictures.npy", dtype)
    judge = Judge(text.get_vocab_size())
    optimizer = torch.optim.AdamW(judge.parameters(), lr=1e-3, weight_decay=0.05, fused=True)
    average = Average(judge, 0.995)
    run = Run(a.run, judge, optimizer, average)
    rows = np.arange(len(pictures.rows))
    total = 0.0
    one_each = list({r["concept"]: i for i, r in enumerate(pictures.rows)}.values())[:400]
    while run.step < a.steps:
        pick = batch_at(rows, a.batch, a.seed, run.step)
        generator = torch.Generator().manual_seed(a.seed * 1_000_003 + run.step)
        quarter = a.batch // 4
        x = disturb(torch.cat([rebuilt[pick[:quarter]], real[pick[quarter:]]]) / 127.5 - 1, generator)
        concepts = [pictures.rows[i]["concept"] for i in pick]
        ids = encode(text, [sample_caption(pictures.rows[i], np.random.default_rng([a.seed, run.step, i])) for i in pick])
        with torch.autocast(device.type, dtype):
            seen, read = judge.see(x.contiguous(memory_format=torch.channels_last)), judge.read(ids)
        logits = seen @ read.T * judge.log_scale.exp().clamp(max=100)
        same = torch.tensor([[m == n and i != j for j, n in enumerate(concepts)] for i, m in enumerate(concepts)])
        logits = logits.masked_fill(same, -1e4)  # another style of the same concept is no wrong answer
        target = torch.arange(len(pick))
        loss = (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
        run.learn(loss, schedule(run.step, a.steps, 1e-3), most=None)
        total += loss.item()
        if run.step % 100 == 0:
            run.log(loss=total / 100)
            total = 0.0
        if run.step % 500 == 0 or run.step == a.steps:
            trained = Judge(text.get_vocab_size())
            trained.load_state_dict(average.shadow)
            run.log(real_pictures_r1=retrieval(trained, pictures, text, one_each))
            run.save()


if __name__ == "__main__":
    main()
