"""Weight files as the SDK ships them: safetensors, read and written with numpy alone, so that a bare machine needs no more.

A matrix or kernel is held in whole numbers, in blocks of 32 along what an output sums over, symmetric: `NAME` int8 [out, ...], or in six bits
uint8 [out, in * 3 / 4], beside `NAME.scales` float16 [out, numbers / 32]. What is looked up or small is float16."""
import json
import os
from pathlib import Path

import numpy as np
import torch

BLOCK = 32
TYPES = {"F32": np.float32, "F16": np.float16, "I8": np.int8, "U8": np.uint8}
NAMES = {np.dtype(t): name for name, t in TYPES.items()}


def coded(w, most):
    """[out, in] -> codes from -most to most, int8 [out, in], and scales [out, in / 32]; the scale is rounded to float16 before it divides."""
    blocks = w.float().unflatten(1, (-1, BLOCK))
    scales = (blocks.abs().amax(-1) / most).half().clamp_min(6e-8)
    return (blocks / scales.float()[..., None]).round().clamp(-most, most).to(torch.int8).flatten(1), scales


def int8_blocks(w):
    return coded(w, 127)


def in_six_bits(codes):
    """Codes from -31 to 31 [out, in] -> uint8 [out, in * 3 / 4]: four in three bytes, the first one lowest, each 32 more than it is."""
    four = (codes.to(torch.int32) + 32).unflatten(1, (-1, 4)) << torch.tensor([0, 6, 12, 18])
    return (four.sum(-1)[..., None] >> torch.tensor([0, 8, 16]) & 255).to(torch.uint8).flatten(1)


def from_six_bits(stored):  # any numbers [out, in * 3 / 4] -> float32 codes [out, in]
    four = (stored.to(torch.int32).unflatten(1, (-1, 3)) << torch.tensor([0, 8, 16])).sum(-1)
    return ((four[..., None] >> torch.tensor([0, 6, 12, 18]) & 63) - 32).float().flatten(1)


def packed(state, bits=8):
    """The weights of a transformer or an encoder as they are shipped: matrices in that many bits, 8 or 6, the table of tokens in 8."""
    tensors = {}
    for name, w in state.items():
        matrix = w.dim() == 2 and name.endswith(".weight") and w.shape[1] % BLOCK == 0
        if matrix and "tok_embeddings." in name:
            tensors[name], tensors[f"{name}.scales"] = int8_blocks(w)
        elif matrix and "_table." not in name and "_emb" not in name:
            codes, tensors[f"{name}.scales"] = coded(w, 2 ** (bits - 1) - 1)
            tensors[name] = codes if bits == 8 else in_six_bits(codes)
        else:
            tensors[name] = w.half()
    return tensors


def packed_codec(state):
    """The weights of a codec as they are shipped: kernels in int8, all else float16. rebuild.py says what that costs."""
    tensors = {}
    for name, w in state.items():
        if w.dim() > 1 and "embedding" not in name and w.flatten(1).shape[1] % BLOCK == 0:
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
    """The weights as float32; codes and their scales become the one matrix that they stand for."""
    raw = Path(file).read_bytes()
    end = 8 + int.from_bytes(raw[:8], "little")
    header, stored = json.loads(raw[8:end]), {}
    for name, entry in header.items():
        if name != "__metadata__":
            a, b = entry["data_offsets"]
            numbers = np.frombuffer(raw[end + a:end + b], TYPES[entry["dtype"]]).astype(np.float32)
            stored[name] = torch.from_numpy(numbers.reshape(entry["shape"]))
            if entry["dtype"] == "U8" and f"{name}.scales" in header:
                stored[name] = from_six_bits(stored[name])
    pairs = {name for name in stored if f"{name}.scales" in stored}
    unpack = lambda w, scales: (w.flatten(1).unflatten(1, (-1, BLOCK)) * scales[..., None]).view(w.shape)
    return {name: unpack(w, stored[f"{name}.scales"]) if name in pairs else w
            for name, w in stored.items() if not name.endswith(".scales")}


def towers(folder):
    """Both encoders of a shipped folder, `caption.NAME` and `picture.NAME`."""
    return read(Path(folder) / "caption-encoder.safetensors") | read(Path(folder) / "picture-encoder.safetensors")


def caption_part(weights):
    return {name.removeprefix("caption."): w for name, w in weights.items() if name.startswith("caption.")}
