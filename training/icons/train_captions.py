"""Trains the caption encoder beside a small picture encoder, by contrast over the caption-picture pairs of the archive (InfoNCE).

  python train_captions.py --archive data/archive.npz --run runs/captions [--steps N] [--seconds N] [--batch N]

Apart from the judge: other networks, another seed, and no held-out cell is seen. The pictures are what the shipped decoder makes of the
archive's grids, so that nothing but the archive is needed. Those that are shown in a second colour, too, stand beside the same
picture in its own, so that the colour word decides. Writes OUT/caption-encoder.safetensors with both (`caption.NAME` and `picture.NAME`), as they are shipped,
and puts the caption encoder into the archive. Needs Python with torch and numpy and no more."""
import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from recipe.archive import Archive, put_encoder
from recipe.caption_encoder import SIDE, CaptionEncoder, CaptionEncoderConfig, PictureEncoder
from recipe.data import batch_at
from recipe.orders import ORDERS
from recipe.run import Average, Run, device_and_dtype
from recipe.shipped import packed, write

TABLES = {"caption.words.weight", "caption.places.weight"}  # do not decay
MODEL = Path(__file__).parent / "../../models/tessera-icons"


class Towers(nn.Module):
    def __init__(self, vocab):
        super().__init__()
        self.caption, self.picture = CaptionEncoder(CaptionEncoderConfig(vocab=vocab)), PictureEncoder()
        self.log_scale = nn.Parameter(torch.tensor(2.7))


@torch.no_grad()
def pictures(archive, file, dtype):
    """Every row of the archive at the side of the picture encoder, [N, 4, SIDE, SIDE] bytes; kept in a file, if one is named."""
    if file and file.exists():
        return torch.from_numpy(np.load(file)).to(archive.device)
    scales, out = ORDERS["next-scale"]("next-scale", archive, MODEL), []
    codec = scales.codec.to(archive.device, memory_format=torch.channels_last)
    for canvas in scales.canvases.split(128):
        with torch.autocast(canvas.device.type, dtype):
            x = codec.pixels(canvas.to(dtype).contiguous(memory_format=torch.channels_last))
        x = F.interpolate(x.float().clamp(-1, 1), size=(SIDE, SIDE), mode="area")
        out.append(((x + 1) * 127.5).round().to(torch.uint8))
    out = torch.cat(out)
    if file:
        np.save(file, out.cpu().numpy())
    return out


def disturbed(x, generator):
    """Moved by up to 3 pixels and scaled by up to 8 %, brighter or darker by up to 10 %."""
    u = torch.rand(len(x), 4, generator=generator, device=x.device) * 2 - 1
    theta = torch.zeros(len(x), 2, 3, device=x.device)
    theta[:, 0, 0] = theta[:, 1, 1] = 1 + 0.08 * u[:, 0]
    theta[:, :, 2] = u[:, 1:3] * 6 / SIDE
    x = F.grid_sample(x + 1, F.affine_grid(theta, list(x.shape), align_corners=False), align_corners=False)
    colour = (x[:, :3] * (1 + 0.1 * u[:, 3, None, None, None])).minimum(x[:, 3:])
    return torch.cat([colour, x[:, 3:]], 1) - 1


def floats(x):
    return x.float() / 127.5 - 1


@torch.no_grad()
def retrieval(towers, shown, archive, rows):
    """R@1 of undisturbed pictures among the labels of the same list."""
    rows = torch.from_numpy(rows).to(archive.device)
    read = towers.caption.point(archive.captions[archive.first[rows]])
    seen = towers.picture(floats(shown[rows]))
    return ((seen @ read.T).argmax(1) == torch.arange(len(rows), device=rows.device)).float().mean().item()


def one_each(archive, rows):
    """One row a label."""
    return np.array(list({archive.labels[i]: i for i in rows}.values()))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--archive", default="data/archive.npz")
    p.add_argument("--run", default="runs/captions")
    p.add_argument("--out", help="where the weights go; the run's folder where nothing is said")
    p.add_argument("--steps", type=int, default=2000)
    p.add_argument("--seconds", type=float, default=float("inf"))
    p.add_argument("--batch", type=int, default=256)
    p.add_argument("--rate", type=float, default=2e-3)
    p.add_argument("--every", type=float, default=60, help="seconds between measurements")
    p.add_argument("--seed", type=int, default=17)
    a = p.parse_args()
    began, (device, dtype) = time.time(), device_and_dtype()
    torch.manual_seed(a.seed)
    torch.set_flush_denormal(True)
    archive, out = Archive(a.archive, device), Path(a.out or a.run)
    Path(a.run).mkdir(parents=True, exist_ok=True)
    shown = pictures(archive, Path(a.archive).with_name("pictures-64.npy") if device.type == "cpu" else None, dtype)
    train, cells = archive.trained, one_each(archive, np.flatnonzero(archive.held_out))
    seen = one_each(archive, train)[::4][:400]
    pair = archive.pair
    number = torch.from_numpy(np.unique(archive.labels, return_inverse=True)[1]).to(device)
    towers = Towers(archive.vocabulary).to(device)
    print(f"captions {sum(p.numel() for p in towers.caption.parameters()) / 1e6:.2f} M weights, pictures "
          f"{sum(p.numel() for p in towers.picture.parameters()) / 1e6:.2f} M; pictures ready after {time.time() - began:.0f} s", flush=True)
    decay = [p for n, p in towers.named_parameters() if p.dim() > 1 and n not in TABLES]
    rest = [p for n, p in towers.named_parameters() if p.dim() <= 1 or n in TABLES]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.05}, {"params": rest, "weight_decay": 0.0}], lr=a.rate, betas=(0.9, 0.98))
    average = Average(towers, 0.99)
    run, losses, next_measure = Run(a.run, towers, optimizer, average), [], time.time() + a.every
    trained = Towers(archive.vocabulary).to(device).eval()

    def measure():
        trained.load_state_dict(average.shadow)
        run.log(seen_r1=retrieval(trained, shown, archive, seen), held_out_cells_r1=retrieval(trained, shown, archive, cells), cells=len(cells))
        run.save()

    while run.step < a.steps and time.time() - began < a.seconds:
        progress = max((run.step + 1) / a.steps, (time.time() - began) / a.seconds)
        pick = batch_at(train, a.batch, a.seed, run.step)
        twins = np.unique(np.concatenate([pick, pair[pick][pair[pick] >= 0][:a.batch // 8]]))  # the same picture in its own colour
        rows = torch.from_numpy(np.resize(twins, a.batch + a.batch // 8)).to(device)
        generator = torch.Generator(device).manual_seed(a.seed * 1_000_003 + run.step)
        ids, x = archive.sampled(rows, generator), disturbed(floats(shown[rows]), generator)
        with torch.autocast(device.type, dtype):
            found, read = towers.picture(x.contiguous(memory_format=torch.channels_last)), towers.caption.point(ids)
        logits = found @ read.T * towers.log_scale.exp().clamp(max=60)
        alike = number[rows][:, None] == number[rows]
        logits = logits.masked_fill(alike & ~torch.eye(len(rows), dtype=torch.bool, device=device), -1e4)
        target = torch.arange(len(rows), device=device)
        loss = (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
        run.learn(loss, a.rate * min(1.0, (run.step + 1) / 50, max(0.01, (1 - progress) / 0.5)))
        losses.append(loss.detach())
        if run.step % 50 == 0:
            run.log(loss=torch.stack(losses).mean().item())
            losses = []
        if time.time() > next_measure:
            measure()
            next_measure = time.time() + a.every
    measure()
    parts = {**{f"caption.{n}": w for n, w in trained.caption.state_dict().items()}, **{f"picture.{n}": w for n, w in trained.picture.folded().items()}}
    write(packed(parts), out / "caption-encoder.safetensors", "caption encoder, and the picture encoder it was trained beside, normalisation folded in")
    put_encoder(a.archive, trained.caption.state_dict())
    print(f"captions end after {time.time() - began:.0f} s, {run.step} steps", flush=True)


if __name__ == "__main__":
    main()
