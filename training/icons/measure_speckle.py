"""Speckle and haze of what an order draws, against the originals: 200 seen prompts, one a concept, seed 0, default settings.

  npm run build (at the top), then
  python measure_speckle.py --order next-scale [--count 200] [--model ../../models/tessera-icons]

Haze: the share of pixels with an alpha of 1 to 31. Speckle: the share of the opaque area (alpha of 128 and more) in connected parts under 12
pixels, and the mean length of that area's edge in pixels. The third line is the limit: the originals, rebuilt by the order's tokenizer."""
import argparse

import numpy as np
import torch

from make_archive import shipped_tokenizers
from recipe.captions import in_scope, label_of
from recipe.data import Pictures
from recipe.drawn import MODEL, drawn, in_lot_order, load
from recipe.speckle import speckle
from train_upscaler import shown

TOKENIZER = {"next-scale": "scale", "next-token": "raster", "next-neighbor": "raster"}


@torch.no_grad()
def main():
    p = argparse.ArgumentParser()
    p.add_argument("--order", choices=TOKENIZER, default="next-scale")
    p.add_argument("--count", type=int, default=200)
    p.add_argument("--data", default="data")
    p.add_argument("--model", default=MODEL)
    p.add_argument("--run", default="runs/speckle")
    a = p.parse_args()
    pictures = Pictures(a.data)
    chosen = in_lot_order(pictures, pictures.where(lambda r: in_scope(r) and not r["heldOutCell"]))[:a.count]
    rows = [pictures.rows[i] for i in chosen]
    files = drawn([(label_of(row), row["style"]) for row in rows], a.run, a.model, {"decoding": a.order})
    tokenizer, rebuilt = shipped_tokenizers(a.model)[TOKENIZER[a.order]], []
    for at in range(0, len(chosen), 32):
        x = pictures.batch(chosen[at:at + 32]).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            y = tokenizer.decode(tokenizer.encode(x)).float()
        rebuilt += [torch.from_numpy(b.astype(np.float32)).permute(2, 0, 1) / 127.5 - 1 for b in shown(y)]
    print(a.order, "drawn   ", speckle([load(f) for f in files]), f"of {len(files)}")
    print(a.order, "original", speckle(list(pictures.batch(chosen))))
    print(a.order, "rebuilt ", speckle(rebuilt))


if __name__ == "__main__":
    main()
