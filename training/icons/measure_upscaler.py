"""What the shipped upscaler is worth against Lanczos, from 128 to 512 pixels, on pictures of held-out concepts of the SVG sets.

  python measure_upscaler.py [--count 64] [--data data] [--model ../../models/tessera-icons]

Inputs: the pictures themselves, and as the shipped tokenizers rebuild them. PSNR of premultiplied RGBA; and the halo: the root mean square error,
in bytes, of the picture laid on black and on white, over pixels within two of an edge of its alpha."""
import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from recipe.drawn import MODEL
from recipe.shipped import read
from recipe.upscaler import Upscaler
from train_upscaler import Pairs, psnr, shown, tensor


def lanczos(small):
    """Each premultiplied channel alone, as floats; [4, H, W] in [-1, 1]."""
    side = 4 * len(small)
    planes = [Image.fromarray(np.ascontiguousarray(small[..., c], np.float32)).resize((side, side), Image.LANCZOS) for c in range(4)]
    return torch.from_numpy(np.stack(planes)) / 127.5 - 1


def clean(x):
    """As the SDK shows it: bytes without faint alpha, back in [-1, 1]."""
    return torch.from_numpy(shown(x).astype(np.float32)).permute(0, 3, 1, 2) / 127.5 - 1


def halo(out, y):
    """Errors on black and on white at the edges of the alpha of y."""
    alpha = y[:, 3:] > 0
    near = F.max_pool2d(alpha.float(), 5, 1, 2) - (1 - F.max_pool2d((~alpha).float(), 5, 1, 2)) > 0
    errors = {"black": out[:, :3] - y[:, :3], "white": out[:, :3] - out[:, 3:] - y[:, :3] + y[:, 3:]}
    return {name: e.square().mean(1, keepdim=True)[near].mean().item() for name, e in errors.items()}


@torch.no_grad()
def main():
    p = argparse.ArgumentParser()
    p.add_argument("--count", type=int, default=64)
    p.add_argument("--data", default="data")
    p.add_argument("--model", type=Path, default=MODEL)
    a = p.parse_args()
    pairs, model = Pairs(a.data), Upscaler().eval()
    model.load_state_dict(read(a.model / "upscaler.safetensors"))
    some = pairs.held_out[512][np.linspace(0, len(pairs.held_out[512]) - 1, a.count).astype(int)]
    for kind, is_rebuilt in (("clean", False), ("rebuilt", True)):
        scores = {"upscaler": [], "Lanczos": []}
        for at in some:
            small, large = pairs.pair(512, at, is_rebuilt)
            y = tensor([large])
            with torch.autocast("cpu", torch.bfloat16):
                own = model(tensor([small])).float()
            for name, out in (("upscaler", own), ("Lanczos", lanczos(small)[None])):
                out = clean(out)
                edges = halo(out, y)
                scores[name].append((psnr(out, y), edges["black"], edges["white"]))
        for name, rows in scores.items():
            db, black, white = np.mean(rows, 0)
            print(f"{kind}, {name}: {db:.2f} dB, error at edges {127.5 * black ** 0.5:.1f} on black, {127.5 * white ** 0.5:.1f} on white, of {len(rows)} pictures", flush=True)


if __name__ == "__main__":
    main()
