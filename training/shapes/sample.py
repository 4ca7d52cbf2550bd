"""Draws shapes from a run, and a sheet of them.   python sample.py --run runs/shapes --out samples [--depth 5] [--n 64]

Writes samples.json (prompts and ids, which the SDK decodes) and sheet.png. Prompts are the full captions of held-out shapes, or --prompts FILE,
a line each. Guided as in the SDK: logits = without + guidance * (with - without)."""
import argparse
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import torch

from recipe import octree
from recipe.captions import PAD, SLOTS, Words, caption
from recipe.data import Archive
from recipe.model import Cache, Config, ShapeModel
from recipe.reader import Reader

RGB = np.array([(0x22, 0x22, 0x26), (0x4a, 0x4c, 0x52), (0x86, 0x88, 0x8c), (0xbf, 0xc1, 0xc5), (0xf2, 0xf1, 0xec), (0xc8, 0x28, 0x2c),
                (0x7d, 0x1c, 0x22), (0xec, 0x8f, 0xb0), (0xc4, 0x2f, 0x90), (0xe8, 0x7b, 0x1e), (0xf0, 0xc8, 0x2d), (0xb8, 0x8c, 0x32),
                (0xec, 0xdf, 0xbe), (0xcf, 0xb8, 0x91), (0xb0, 0x83, 0x54), (0x7a, 0x50, 0x2e), (0x4b, 0x31, 0x20), (0x7c, 0x7f, 0x2f),
                (0x93, 0xc9, 0x5b), (0x3c, 0x94, 0x3f), (0x20, 0x55, 0x2f), (0x1f, 0x8a, 0x86), (0x55, 0xc8, 0xc0), (0x8c, 0xc0, 0xe8),
                (0x2c, 0x62, 0xc2), (0x1c, 0x32, 0x74), (0xb6, 0xa5, 0xdc), (0x74, 0x3c, 0xa6), (0x41, 0x22, 0x5e), (0xe4, 0xb0, 0x8c),
                (0x9c, 0xaa, 0xb8), (0xb4, 0x67, 0x45), (0x99, 0x99, 0x99)])


@torch.no_grad()
def draw(model, captions, depth, seed, guidance, temperature, top_p, most, device):
    """Ids of each caption, drawn together."""
    generator = torch.Generator().manual_seed(seed)
    readers = [Reader(depth) for _ in captions]
    n, cache = len(captions), Cache()
    prompts = torch.tensor(captions + [[PAD] * SLOTS] * n, device=device)

    def stacked(places):
        kinds, rows, context = (np.array(x) for x in zip(*places))
        return (torch.from_numpy(np.concatenate([x, x])).to(device) for x in (kinds, rows, context))

    last = None
    for step in range(most):
        here = [r.place() for r in readers]
        kinds, rows, context = stacked(here)
        if step == 0:
            empty = torch.zeros(2 * n, 0, dtype=torch.long, device=device)
            logits = model(prompts, empty, kinds[:, None], rows[:, None], context[:, None].float(), cache)
        else:
            before_kinds, before_rows, _ = stacked(last)
            fed = torch.tensor([r.ids[-1] if r.kind != "done" else PAD for r in readers] * 2, device=device)[:, None]
            logits = model(None, fed, torch.stack([before_kinds, kinds], 1), torch.stack([before_rows, rows], 1), context[:, None].float(), cache)
        given, without = logits[:, -1].float().cpu().chunk(2)
        mixed = without + guidance * (given - without)
        mixed[~torch.from_numpy(np.stack([r.allowed() for r in readers]))] = -torch.inf
        p = (mixed / temperature).softmax(-1)
        ordered, index = p.sort(-1, descending=True)
        ordered[ordered.cumsum(-1) - ordered > top_p] = 0
        picks = index.gather(1, torch.multinomial(ordered, 1, generator=generator))[:, 0]
        last = here
        for r, id in zip(readers, picks.tolist()):
            r.accept(id)
        if all(r.kind == "done" for r in readers):
            break
    return readers


def picture(reader, size=128):
    """[size, size, 3]: the voxels of what is known, seen from the front right and above."""
    image = np.full((size, size, 3), 255, np.uint8)
    levels = reader.levels if reader.kind in ("end", "done") else reader.levels[:-1]
    if not levels:
        return image
    grid = octree.voxels(reader.mirror, levels)
    R, cells = len(grid), np.argwhere(grid >= 0)
    p = (cells + 0.5) / R - 0.5
    ca, sa, ce, se = np.cos(0.55), np.sin(0.55), np.cos(0.45), np.sin(0.45)
    u, w = ca * p[:, 0] - sa * p[:, 2], sa * p[:, 0] + ca * p[:, 2]
    v, near = ce * p[:, 1] - se * w, se * p[:, 1] + ce * w
    full = np.pad(grid, 1, constant_values=-1) >= 0
    x, y, z = (cells + 1).T
    light = 0.62 + 0.3 * ~full[x, y + 1, z] + 0.08 * ~full[x + 1, y, z]
    colour = np.clip(RGB[np.minimum(grid[tuple(cells.T)], 32)] * light[:, None], 0, 255).astype(np.uint8)
    side = max(1, int(np.ceil(0.85 * size / R)))
    for i in np.argsort(near):
        a, b = int(size * (0.5 - v[i] * 0.62)), int(size * (0.5 + u[i] * 0.62))
        image[max(0, a - side // 2):a + side // 2 + 1, max(0, b - side // 2):b + side // 2 + 1] = colour[i]
    return image


def write_png(image, file):
    h, w, _ = image.shape
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    Path(file).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", default="data")
    p.add_argument("--run", default="runs/shapes")
    p.add_argument("--out", default="samples")
    p.add_argument("--prompts")
    p.add_argument("--n", type=int, default=64)
    p.add_argument("--depth", type=int, default=5)
    p.add_argument("--most", type=int, default=1200)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--guidance", type=float, default=2.0)
    p.add_argument("--temperature", type=float, default=0.8)
    p.add_argument("--top-p", type=float, default=0.95)
    a = p.parse_args()
    device, out = torch.device("cuda" if torch.cuda.is_available() else "cpu"), Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    saved = torch.load(Path(a.run) / "checkpoint.pt", map_location="cpu", weights_only=True)
    model = ShapeModel(Config(**json.loads((Path(a.run) / "config.json").read_text())))
    model.load_state_dict(saved["average"])
    model.to(device).eval()
    words = Words.load(a.run)
    if a.prompts:
        prompts = Path(a.prompts).read_text().splitlines()[:a.n]
    else:
        archive = Archive(a.data)
        prompts = [caption(archive.rows[i], np.random.default_rng(0), every=True) for i in archive.held_out[:a.n]]
    readers = draw(model, [words.encode(text) for text in prompts], a.depth, a.seed, a.guidance, a.temperature, a.top_p, a.most, device)
    (out / "samples.json").write_text(json.dumps([{"prompt": t, "ids": r.ids} for t, r in zip(prompts, readers)]))
    tiles = [picture(r) for r in readers] + [picture(Reader(1))] * (-len(readers) % 8)
    write_png(np.concatenate([np.concatenate(tiles[i:i + 8], 1) for i in range(0, len(tiles), 8)]), out / "sheet.png")
    print("\n".join(f"{i:3d} {text}" for i, text in enumerate(prompts)))


if __name__ == "__main__":
    main()
