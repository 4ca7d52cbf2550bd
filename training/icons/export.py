"""Writes the trained networks as the folder that the SDK ships.

  python export.py --tokenizer runs/tokenizer --transformer runs/transformer --out ../../models/tessera-icons

tokenizer.safetensors: float16. transformer.safetensors: matrices as int8 in blocks of 32 along the input, symmetric, with
float16 scales beside them (`NAME` int8 [out, in], `NAME.scales` [out, in / 32]); everything else float16."""
import argparse
import hashlib
import json
import os
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

from recipe.captions import PAD, SLOTS
from recipe.data import Pictures
from recipe.transformer import TransformerConfig
from recipe.vq import VQConfig

BLOCK = 32
SAMPLING = {"guidance": 3.0, "temperature": 0.9, "topK": 256, "topP": 0.95, "minP": 0.0}


def int8_blocks(w):
    """[out, in] -> int8 [out, in] and scales [out, in / 32]; the scale is rounded to float16 before it divides."""
    blocks = w.float().unflatten(1, (-1, BLOCK))
    scales = (blocks.abs().amax(-1) / 127).half().clamp_min(6e-8)
    return (blocks / scales.float()[..., None]).round().clamp(-127, 127).to(torch.int8).flatten(1), scales


def write(tensors, file, note):
    part = file.with_suffix(".part")
    save_file({k: v.contiguous() for k, v in tensors.items()}, part, metadata={"format": "pt", "note": note})
    os.replace(part, file)
    print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")


def averaged(run):
    saved = torch.load(Path(run) / "checkpoint.pt", weights_only=True)
    return {k: v.float() for k, v in saved["average"].items()}, saved


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", default="data")
    p.add_argument("--tokenizer", default="runs/tokenizer")
    p.add_argument("--transformer", default="runs/transformer")
    p.add_argument("--out", default="../../models/tessera-icons")
    a = p.parse_args()
    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)

    vq, saved = averaged(a.tokenizer)
    vq["quantize.embedding.weight"] = saved["model"]["quantize.embedding.weight"]  # follows the features, is not averaged
    write({k: v.half() for k, v in vq.items()}, out / "tokenizer.safetensors", "RGBA tokenizer in the LlamaGen layout")

    net, saved = averaged(a.transformer)
    tensors = {}
    for name, w in net.items():
        if name.startswith(("layers.", "output.")) and w.dim() == 2:
            tensors[name], tensors[f"{name}.scales"] = int8_blocks(w)
        else:
            tensors[name] = w.half()
    write(tensors, out / "transformer.safetensors", "raster transformer in the LlamaGen layout, caption prefix")
    shutil.copyfile(Path(a.transformer) / "captions.json", out / "captions.json")

    v, styles = VQConfig(), Pictures(a.data).styles
    text = Tokenizer.from_file(str(out / "captions.json"))
    t = TransformerConfig(styles=len(styles), caption_vocab=text.get_vocab_size())
    files = ["captions.json", "tokenizer.safetensors", "transformer.safetensors"]
    config = {
        "name": "tessera-icons", "revision": "2", "kind": "image", "licence": "Apache-2.0",
        "tokenizers": {"vq": {"layout": "llamagen-vq", "weights": "tokenizer.safetensors", "config": {
            "channels": v.channels, "patch": v.patch, "ch": v.ch, "multipliers": list(v.multipliers), "resBlocks": v.res_blocks,
            "groups": v.groups, "zChannels": v.z_channels, "codeDim": v.code_dim, "vocab": v.vocab}}},
        "transformers": {"next-token": {
            "layout": "llamagen", "tokenizer": "vq", "weights": "transformer.safetensors", "precision": "q8", "config": {
                "layers": t.layers, "heads": t.heads, "width": t.dim, "hidden": t.hidden, "vocabulary": t.vocab, "grid": t.grid,
                "condition": {"kind": "caption", "slots": SLOTS, "vocabulary": t.caption_vocab, "styles": t.styles, "pad": PAD},
                "conditionRotation": "identity", "ropeBase": t.rope_base, "normEpsilon": t.norm_eps},
            "defaults": SAMPLING}},
        "captions": {"file": "captions.json"},
        "styles": styles, "defaults": {"style": "fluent-3d", "decoding": "next-token"},
        "sha256": {f: hashlib.sha256((out / f).read_bytes()).hexdigest() for f in files},
    }
    (out / "config.json.part").write_text(json.dumps(config, indent=2) + "\n")
    os.replace(out / "config.json.part", out / "config.json")


if __name__ == "__main__":
    main()
