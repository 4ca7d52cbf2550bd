"""How near pictures come that the shipped tokenizers rebuild: PSNR of premultiplied RGBA, mean over the pictures of held-out concepts.

  python rebuild.py [--model ../../models/tessera-icons] [--data data]"""
import argparse
from pathlib import Path

import torch

from make_archive import MODEL, shipped_tokenizers
from recipe.data import Pictures
from train_tokenizer import evaluate

NAMES = {"scale": "multi-scale", "raster": "vq"}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--model", default=MODEL, type=Path)
    p.add_argument("--data", default="data")
    a = p.parse_args()
    pictures = Pictures(a.data)
    held_out = pictures.where(lambda r: r["heldOutConcept"])
    for grid, tokenizer in shipped_tokenizers(a.model).items():
        psnr, used = evaluate(tokenizer, pictures, held_out, torch.device("cpu"), torch.bfloat16)
        print(f"{NAMES[grid]}: {psnr:.2f} dB over {len(held_out)} pictures, {used} codes used", flush=True)


if __name__ == "__main__":
    main()
