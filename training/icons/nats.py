"""What a transformer pays for pictures, as train_transformers.py logs it, of any file of weights: nats a picture, seen in training and of held-out
pairs, and what its own caption saves against a neighbour's.

  python nats.py --order next-token [--weights ../../models/tessera-icons/next-token.safetensors] [--archive data/archive.npz]"""
import argparse

import numpy as np
import torch

from recipe.archive import Archive
from recipe.caption_encoder import CaptionEncoder
from recipe.orders import ORDERS
from recipe.shipped import read
from train_transformers import MODEL, measured


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--order", choices=ORDERS, required=True)
    p.add_argument("--weights")
    p.add_argument("--archive", default="data/archive.npz")
    a = p.parse_args()
    archive = Archive(a.archive, torch.device("cpu"))
    encoder = CaptionEncoder().eval().requires_grad_(False)
    encoder.load_state_dict(archive.encoder)
    order = ORDERS[a.order](a.order, archive, MODEL)
    model = order.new().eval()
    model.load_state_dict(read(a.weights or MODEL / f"{a.order}.safetensors"), strict=False)
    rows = {"seen": archive.trained[np.linspace(0, len(archive.trained) - 1, 128).astype(int)], "held out": np.flatnonzero(archive.held_out)[:128]}
    for name, some in rows.items():
        own, saved = measured(model, order, archive, encoder, some, torch.bfloat16)
        print(f"{a.order}, {name}: {own:.0f} nats a picture, its caption saves {saved:.0f}", flush=True)


if __name__ == "__main__":
    main()
