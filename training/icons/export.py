"""Writes the trained networks as the folder that the SDK ships: one transformer for each run that is given.

  python export.py --data data --out ../../models/tessera-icons \\
      --next-scale runs/next-scale --scale-tokenizer runs/scale-tokenizer --scale-preview runs/scale-preview \\
      --next-token runs/next-token --tokenizer runs/tokenizer --preview runs/preview

Tokenizers: float16, each with its decoder of previews (`preview.NAME`). Transformers: matrices as int8 in blocks
of 32 along the input, symmetric, with float16 scales beside them (`NAME` int8 [out, in], `NAME.scales` [out, in / 32]);
everything else float16. The order of TRANSFORMERS is that of the folder; the first is the model's default."""
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
from recipe.multi_scale import RATIO, MultiScaleConfig, published
from recipe.preview import BLOCKS, WIDTH
from recipe.scale_transformer import ScaleTransformerConfig
from recipe.transformer import TransformerConfig
from recipe.vq import VQConfig

REVISION = "6"
BLOCK = 32


def int8_blocks(w):
    """[out, in] -> int8 [out, in] and scales [out, in / 32]; the scale is rounded to float16 before it divides."""
    blocks = w.float().unflatten(1, (-1, BLOCK))
    scales = (blocks.abs().amax(-1) / 127).half().clamp_min(6e-8)
    return (blocks / scales.float()[..., None]).round().clamp(-127, 127).to(torch.int8).flatten(1), scales


def write(tensors, file, note):
    part = file.with_suffix(".part")
    save_file({k: v.contiguous() for k, v in tensors.items()}, part, metadata={"format": "pt", "note": note})
    part.chmod(0o644)
    os.replace(part, file)
    print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")


def averaged(run):
    saved = torch.load(Path(run) / "checkpoint.pt", weights_only=True)
    return {k: v.float() for k, v in saved["average"].items()}, saved["model"]


def write_transformer(run, file, note):
    """Embeddings, positions and norms stay float16: they are looked up or small."""
    tensors = {}
    for name, w in averaged(run)[0].items():
        matrix = w.dim() == 2 and name.endswith(".weight") and w.shape[1] % BLOCK == 0
        if matrix and "_table." not in name and "_emb" not in name:
            tensors[name], tensors[f"{name}.scales"] = int8_blocks(w)
        else:
            tensors[name] = w.half()
    write(tensors, file, note)


def tokenizer_state(run):
    state, last = averaged(run)
    return {**state, "quantize.embedding.weight": last["quantize.embedding.weight"]}  # follows the features, is not averaged


def write_tokenizer(state, preview, file, note):
    previews = {f"preview.{name}": w for name, w in averaged(preview)[0].items()}
    write({name: w.half() for name, w in {**state, **previews}.items()}, file, note)


def codec(v):
    return {"channels": v.channels, "patch": v.patch, "ch": v.ch, "multipliers": list(v.multipliers), "resBlocks": v.res_blocks,
            "groups": v.groups, "codeDim": v.code_dim, "vocab": v.vocab, "preview": {"width": WIDTH, "blocks": BLOCKS}}


def caption_condition(styles, vocabulary):
    return {"kind": "caption", "slots": SLOTS, "vocabulary": vocabulary, "styles": styles, "pad": PAD}


def vq(a, out):
    v, file = VQConfig(), "tokenizer.safetensors"
    write_tokenizer(tokenizer_state(a.tokenizer), a.preview, out / file, "RGBA tokenizer in the LlamaGen layout, with a decoder of previews")
    return {"layout": "llamagen-vq", "weights": file, "config": {**codec(v), "zChannels": v.z_channels}}


def multi_scale(a, out):
    m, file = MultiScaleConfig(), "scale-tokenizer.safetensors"
    state = published(tokenizer_state(a.scale_tokenizer))
    write_tokenizer(state, a.scale_preview, out / file, "multi-scale RGBA tokenizer in the VAR layout, with a decoder of previews")
    return {"layout": "var-multi-scale", "weights": file,
            "config": {**codec(m.codec), "phi": {"share": 0, "ratio": RATIO}, "scales": list(m.sides)}}


def raster(order):
    def row(run, out, condition):
        t, file = TransformerConfig(styles=condition["styles"], caption_vocab=condition["vocabulary"]), f"{order}.safetensors"
        write_transformer(run, out / file, f"{order} transformer in the LlamaGen layout, caption prefix")
        prediction = {} if order == "next-token" else {"prediction": {"kind": order}}
        return {"layout": "llamagen", "tokenizer": "vq", "weights": file, "precision": "q8", "config": {
            "layers": t.layers, "heads": t.heads, "width": t.dim, "hidden": t.hidden, "vocabulary": t.vocab, "grid": t.grid,
            "condition": condition, "conditionRotation": "identity", "ropeBase": t.rope_base, "normEpsilon": t.norm_eps,
            **prediction}, "defaults": {"guidance": 3.0, "guidanceUntil": 1.0, "temperature": 0.9, "topK": 256, "topP": 0.95, "minP": 0.0}}
    return row


def scales(run, out, condition):
    t, file = ScaleTransformerConfig(styles=condition["styles"], caption_vocab=condition["vocabulary"]), "next-scale.safetensors"
    write_transformer(run, out / file, "next-scale transformer in the VAR layout, caption prefix")
    return {"layout": "var", "tokenizer": "multi-scale", "weights": file, "precision": "q8", "config": {
        "layers": t.layers, "heads": t.heads, "width": t.dim, "hidden": t.hidden, "vocabulary": t.vocab, "codeDim": t.code_dim,
        "sides": list(t.sides), "condition": condition, "modulation": "own", "normEpsilon": t.norm_eps},
        "defaults": {"guidance": 5.0, "guidanceUntil": 0.3, "temperature": 0.5, "topK": 0, "topP": 0.9, "minP": 0.0}}


TOKENIZERS = {"multi-scale": multi_scale, "vq": vq}
TRANSFORMERS = {"next-scale": scales, "next-token": raster("next-token"), "next-neighbor": raster("next-neighbor")}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", default="data")
    p.add_argument("--captions", default="runs/transformer/captions.json")
    p.add_argument("--tokenizer", default="runs/tokenizer")
    p.add_argument("--scale-tokenizer", default="runs/scale-tokenizer")
    p.add_argument("--preview", default="runs/preview")
    p.add_argument("--scale-preview", default="runs/scale-preview")
    for order in TRANSFORMERS:
        p.add_argument(f"--{order}", help="its run; without it the folder has no such transformer")
    p.add_argument("--out", default="../../models/tessera-icons")
    a = p.parse_args()
    given = {order: run for order in TRANSFORMERS if (run := getattr(a, order.replace("-", "_")))}
    if not given:
        p.error(f"name at least one run: --{', --'.join(TRANSFORMERS)}")
    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(a.captions, out / "captions.json")
    styles, text = Pictures(a.data).styles, Tokenizer.from_file(a.captions)
    condition = caption_condition(len(styles), text.get_vocab_size())
    transformers = {order: TRANSFORMERS[order](run, out, condition) for order, run in given.items()}
    tokenizers = {name: row(a, out) for name, row in TOKENIZERS.items()
                  if any(t["tokenizer"] == name for t in transformers.values())}
    files = ["captions.json", *(row["weights"] for row in (*tokenizers.values(), *transformers.values()))]
    config = {
        "name": "tessera-icons", "revision": REVISION, "kind": "image", "licence": "Apache-2.0",
        "tokenizers": tokenizers, "transformers": transformers, "captions": {"file": "captions.json"},
        "styles": styles, "defaults": {"style": "fluent-3d", "decoding": next(iter(transformers))},
        "sha256": {f: hashlib.sha256((out / f).read_bytes()).hexdigest() for f in files},
    }
    (out / "config.json.part").write_text(json.dumps(config, indent=2) + "\n")
    os.replace(out / "config.json.part", out / "config.json")


if __name__ == "__main__":
    main()
