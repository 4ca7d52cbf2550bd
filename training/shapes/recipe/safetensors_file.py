"""A safetensors file with nothing but torch, for machines that have no more; matrices as int8 in blocks, as the SDK reads them."""
import json
import os
from pathlib import Path

import torch

BLOCK = 32
NAMES = {torch.float32: "F32", torch.float16: "F16", torch.int8: "I8"}


def int8_blocks(w):
    """[out, in] -> int8 [out, in] and float16 scales [out, in / 32]; the scale is rounded before it divides."""
    blocks = w.float().unflatten(1, (-1, BLOCK))
    scales = (blocks.abs().amax(-1) / 127).half().clamp_min(6e-8)
    return (blocks / scales.float()[..., None]).round().clamp(-127, 127).to(torch.int8).flatten(1), scales


def packed(state):
    """Matrices of products as int8 blocks; tables that are looked up, and what is small, as float16."""
    out = {}
    for name, w in state.items():
        table = "embed_tokens" in name or "_place." in name
        if w.dim() == 2 and not table and w.shape[1] % BLOCK == 0:
            out[name], out[f"{name}.scales"] = int8_blocks(w)
        else:
            out[name] = w.half()
    return out


def write(tensors, file, note):
    header, at = {"__metadata__": {"format": "pt", "note": note}}, 0
    for name, w in tensors.items():
        size = w.numel() * w.element_size()
        header[name] = {"dtype": NAMES[w.dtype], "shape": list(w.shape), "data_offsets": [at, at + size]}
        at += size
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    file = Path(file)
    part = file.with_suffix(".part")
    with open(part, "wb") as f:
        f.write(len(head).to_bytes(8, "little"))
        f.write(head)
        for w in tensors.values():
            f.write(w.contiguous().cpu().numpy().tobytes())
    os.replace(part, file)
    print(f"{file.name}: {file.stat().st_size / 1e6:.2f} MB", flush=True)
