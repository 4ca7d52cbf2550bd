"""Weight files as the SDK ships them: safetensors, read and written with numpy alone, so that a bare machine needs no more.

A matrix or kernel is int8 in blocks of 32 along what an output sums over, symmetric, `NAME` int8 [out, ...] beside `NAME.scales` float16
[out, numbers / 32]; what is looked up or small is float16."""
import json
import os
from pathlib import Path

import numpy as np
import torch

BLOCK = 32
TYPES = {"F32": np.float32, "F16": np.float16, "I8": np.int8}
NAMES = {np.dtype(t): name for name, t in TYPES.items()}


def int8_blocks(w):
    """[out, in] -> int8 [out, in] and scales [out, in / 32]; the scale is rounded to float16 before it divides."""
    blocks = w.float().unflatten(1, (-1, BLOCK))
    scales = (blocks.abs().amax(-1) / 127).half().clamp_min(6e-8)
    return (blocks / scales.float()[..., None]).round().clamp(-127, 127).to(torch.int8).flatten(1), scales


def packed(state):
    """The weights of a transformer or an encoder as they are shipped."""
    tensors = {}
    for name, w in state.items():
        matrix = w.dim() == 2 and name.endswith(".weight") and w.shape[1] % BLOCK == 0
        if matrix and "_table." not in name and "_emb" not in name:
            tensors[name], tensors[f"{name}.scales"] = int8_blocks(w)
        else:
            tensors[name] = w.half()
    return tensors


def packed_codec(state):
    """The weights of a codec as they are shipped: its encoder's kernels in int8, for which its PSNR stays the same, all else float16."""
    tensors = {}
    for name, w in state.items():
        if name.startswith("encoder.") and w.dim() > 1 and w.flatten(1).shape[1] % BLOCK == 0:
            codes, tensors[f"{name}.scales"] = int8_blocks(w.flatten(1))
            tensors[name] = codes.view(w.shape)
        else:
            tensors[name] = w.half()
    return tensors


def write(tensors, file, note):
    """Writes the file whole or not at all."""
    file, header, data, at = Path(file), {"__metadata__": {"format": "pt", "note": note}}, [], 0
    for name, w in sorted(tensors.items(), key=lambda item: -item[1].element_size()):  # the widest first: all lie aligned
        raw = np.ascontiguousarray(w.detach().cpu().numpy())
        header[name] = {"dtype": NAMES[raw.dtype], "shape": list(raw.shape), "data_offsets": [at, at + raw.nbytes]}
        data.append(raw.tobytes())
        at += raw.nbytes
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    part = file.with_suffix(".part")
    part.write_bytes(len(head).to_bytes(8, "little") + head + b"".join(data))
    part.chmod(0o644)
    os.replace(part, file)
    print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB", flush=True)


def read(file):
    """The weights as float32; an int8 pair becomes the one matrix that it stands for."""
    raw = Path(file).read_bytes()
    end = 8 + int.from_bytes(raw[:8], "little")
    header, stored = json.loads(raw[8:end]), {}
    for name, entry in header.items():
        if name != "__metadata__":
            a, b = entry["data_offsets"]
            numbers = np.frombuffer(raw[end + a:end + b], TYPES[entry["dtype"]]).astype(np.float32)
            stored[name] = torch.from_numpy(numbers.reshape(entry["shape"]))
    pairs = {name for name in stored if f"{name}.scales" in stored}
    unpack = lambda w, scales: (w.flatten(1).unflatten(1, (-1, BLOCK)) * scales[..., None]).view(w.shape)
    return {name: unpack(w, stored[f"{name}.scales"]) if name in pairs else w
            for name, w in stored.items() if not name.endswith(".scales")}
