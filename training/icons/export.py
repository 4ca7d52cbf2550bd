"""Writes the folder that the SDK ships: config.json, tokenizers, the caption encoder, and one transformer for each order.

  python export.py --weights runs/gpu --out ../../models/tessera-icons
  python export.py --upscaler runs/upscaler
  python export.py --tokenizer runs/tokenizer --scale-tokenizer runs/scale-tokenizer --preview runs/preview --scale-preview runs/scale-preview

--weights names what on-gpu.sh left, or a folder with the files of train_captions.py and train_transformers.py; they are packed anew, those of
the two raster orders in six bits, for room (nats.py says what that costs). What it lacks stays as it is in the folder. Tokenizers are written from their runs where those are named, each with its decoder of
previews (`preview.NAME`); else those in the folder stay, as does the upscaler without its run. The first of TRANSFORMERS is the model's default."""
import argparse
import hashlib
import json
import os
import re
from pathlib import Path

import torch
from tokenizers import Tokenizer

from recipe.caption_encoder import SIDE, WIDTHS, CaptionEncoderConfig
from recipe.captions import PAD, SLOTS, in_scope, label_of
from recipe.colours import COLOURS
from recipe.data import Pictures
from recipe.multi_scale import RATIO, MultiScaleConfig, published
from recipe.preview import BLOCKS, WIDTH
from recipe.scale_transformer import ScaleTransformerConfig
from recipe.shipped import packed, packed_codec, read, write
from recipe.transformer import TransformerConfig
from recipe.upscaler import UpscalerConfig
from recipe.vq import VQConfig
from recipe.wordnet import meanings

REVISION = "9"
ENCODER, PICTURES, UPSCALER = "caption-encoder.safetensors", "picture-encoder.safetensors", "upscaler.safetensors"
BITS = {"next-scale": 8, "next-token": 6, "next-neighbor": 6}


def averaged(run):
    saved = torch.load(Path(run) / "checkpoint.pt", weights_only=True)
    return {k: v.float() for k, v in saved["average"].items()}, saved["model"]


def tokenizer_state(run):
    state, last = averaged(run)
    return {**state, "quantize.embedding.weight": last["quantize.embedding.weight"]}  # follows the features, is not averaged


def write_tokenizer(state, preview, file, note):
    previews = {f"preview.{name}": w for name, w in averaged(preview)[0].items()}
    write(packed_codec({**state, **previews}), file, note)


def codec(v):
    return {"channels": v.channels, "patch": v.patch, "ch": v.ch, "multipliers": list(v.multipliers), "resBlocks": v.res_blocks,
            "groups": v.groups, "codeDim": v.code_dim, "vocab": v.vocab, "preview": {"width": WIDTH, "blocks": BLOCKS}}


def vq(a, out):
    v, file = VQConfig(), "tokenizer.safetensors"
    if a.tokenizer:
        write_tokenizer(tokenizer_state(a.tokenizer), a.preview, out / file, "RGBA tokenizer in the LlamaGen layout, with a decoder of previews")
    return {"layout": "llamagen-vq", "weights": file, "config": {**codec(v), "zChannels": v.z_channels}}


def multi_scale(a, out):
    m, file = MultiScaleConfig(), "scale-tokenizer.safetensors"
    if a.scale_tokenizer:
        state = published(tokenizer_state(a.scale_tokenizer))
        write_tokenizer(state, a.scale_preview, out / file, "multi-scale RGBA tokenizer in the VAR layout, with a decoder of previews")
    return {"layout": "var-multi-scale", "weights": file,
            "config": {**codec(m.codec), "phi": {"share": 0, "ratio": RATIO}, "scales": list(m.sides)}}


def write_words(rows, file):
    """The words of all captions that the transformers learn, and the colours: what the SDK does not warn about; and what it says of others."""
    texts = [text for row in rows if in_scope(row) for text in (label_of(row), *row["phrases"])]
    words = {word for text in texts for word in re.findall(r"[^\W\d_](?:[^\W\d_]|['’])*", text.lower())}
    words |= set(COLOURS)
    names = {label_of(row) for row in rows if in_scope(row)}
    lists = {"words": sorted(words), "meanings": meanings(words, names)}
    file.write_text(json.dumps(lists, separators=(",", ":"), ensure_ascii=False) + "\n")


def caption_condition(styles, vocabulary):
    return {"kind": "caption", "slots": SLOTS, "vocabulary": vocabulary, "styles": styles, "pad": PAD, "vectors": CaptionEncoderConfig.dim}


def caption_encoder(vocabulary):
    c = CaptionEncoderConfig()
    return {"weights": ENCODER, "config": {"layers": c.layers, "heads": c.heads, "width": c.dim, "hidden": c.hidden,
                                           "vocabulary": vocabulary, "tokens": c.slots, "normEpsilon": c.norm_eps}}


def write_encoders(state, out):
    """The two towers: captions to vectors, for drawing; and pictures and vectors to their places on the sphere, for choosing."""
    joint = "caption.joint.weight"
    write(packed({name: w for name, w in state.items() if name.startswith("caption.") and name != joint}), out / ENCODER, "caption encoder")
    seen = {name: w.unflatten(1, (-1, 3, 3)) if ".convs." in name and w.dim() == 2 else w for name, w in state.items() if name.startswith("picture.")}
    write(packed_codec({joint: state[joint], **seen}), out / PICTURES, "picture encoder, beside which the caption encoder was trained")


def picture_encoder():
    c = CaptionEncoderConfig()
    return {"weights": PICTURES, "config": {"channels": 4, "side": SIDE, "convolutions": [list(pair) for pair in WIDTHS],
                                            "joint": c.joint, "captionWidth": c.dim}}


def upscaler():
    u = UpscalerConfig()
    return {"weights": UPSCALER, "config": {"channels": u.channels, "width": u.width, "blocks": u.blocks, "factor": u.factor}}


def raster(order):
    def row(condition):
        t = TransformerConfig(styles=condition["styles"])
        prediction = {} if order == "next-token" else {"prediction": {"kind": order}}
        return {"layout": "llamagen", "tokenizer": "vq", "weights": f"{order}.safetensors", "precision": "q8", "config": {
            "layers": t.layers, "heads": t.heads, "width": t.dim, "hidden": t.hidden, "vocabulary": t.vocab, "grid": t.grid,
            "condition": condition, "conditionRotation": "identity", "ropeBase": t.rope_base, "normEpsilon": t.norm_eps,
            **prediction}, "defaults": {"guidance": 3.0, "guidanceUntil": 1.0, "temperature": 0.9, "topK": 256, "topP": 0.95, "minP": 0.0}}
    return row


def scales(condition):
    t = ScaleTransformerConfig(styles=condition["styles"])
    return {"layout": "var", "tokenizer": "multi-scale", "weights": "next-scale.safetensors", "precision": "q8", "config": {
        "layers": t.layers, "heads": t.heads, "width": t.dim, "hidden": t.hidden, "vocabulary": t.vocab, "codeDim": t.code_dim,
        "sides": list(t.sides), "condition": condition, "modulation": "own", "normEpsilon": t.norm_eps},
        "defaults": {"guidance": 5.0, "guidanceUntil": 0.3, "temperature": 0.5, "topK": 0, "topP": 0.9, "minP": 0.0}}


TOKENIZERS = {"multi-scale": multi_scale, "vq": vq}
TRANSFORMERS = {"next-scale": scales, "next-token": raster("next-token"), "next-neighbor": raster("next-neighbor")}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", default="data")
    p.add_argument("--weights", help="a folder with the caption encoder, transformers, or some of them")
    for run in "tokenizer", "scale-tokenizer", "preview", "scale-preview", "upscaler":
        p.add_argument(f"--{run}", help="its run")
    p.add_argument("--out", default="../../models/tessera-icons")
    a = p.parse_args()
    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    pictures = Pictures(a.data)
    write_words(pictures.rows, out / "words.json")
    styles, vocabulary = pictures.styles, Tokenizer.from_file(str(out / "captions.json")).get_vocab_size()
    if a.weights:
        trained = {file.name: file for file in Path(a.weights).glob("*.safetensors")}
        for order, bits in BITS.items():
            if file := trained.get(f"{order}.safetensors"):
                write(packed(read(file), bits), out / file.name, f"{order} transformer")
        if ENCODER in trained:
            write_encoders(read(trained[ENCODER]), out)
    found = [order for order in TRANSFORMERS if (out / f"{order}.safetensors").exists()]
    condition = caption_condition(len(styles), vocabulary)
    transformers = {order: TRANSFORMERS[order](condition) for order in found}
    if not transformers:
        p.error("no transformer is there: name a folder by --weights")
    tokenizers = {name: row(a, out) for name, row in TOKENIZERS.items()
                  if any(t["tokenizer"] == name for t in transformers.values())}
    if a.upscaler:
        write(packed_codec(averaged(a.upscaler)[0]), out / UPSCALER, "upscaler, x4")
    large = {"upscaler": upscaler()} if (out / UPSCALER).exists() else {}
    files = ["captions.json", "words.json", ENCODER, PICTURES, *([UPSCALER] if large else []), *(row["weights"] for row in (*tokenizers.values(), *transformers.values()))]
    config = {
        "name": "tessera-icons", "revision": REVISION, "kind": "image", "licence": "Apache-2.0",
        "tokenizers": tokenizers, "transformers": transformers,
        "captions": {"file": "captions.json", "words": "words.json", "encoder": caption_encoder(vocabulary), "pictures": picture_encoder()},
        **large,
        "styles": styles, "defaults": {"style": "fluent-3d", "decoding": next(iter(transformers))},
        "sha256": {f: hashlib.sha256((out / f).read_bytes()).hexdigest() for f in files},
    }
    (out / "config.json.part").write_text(json.dumps(config, indent=2) + "\n")
    os.replace(out / "config.json.part", out / "config.json")
    print(f"{out}: {sum((out / f).stat().st_size for f in files) / 1e6:.1f} MB of weights")


if __name__ == "__main__":
    main()
