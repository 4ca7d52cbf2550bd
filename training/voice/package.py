"""Writes the trained parts as the folder that the SDK ships.

  python package.py [--runs runs] [--out ../../models/tessera-voice]

Matrices and the kernels of convolutions as int8 in blocks of 32 along what an output sums over, symmetric, with float16 scales beside them
(`NAME` int8 [out, ...], `NAME.scales` [out, numbers / 32]) where that divides; everything else, embeddings too, float16. Weight norm is folded."""
import argparse
import hashlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import torch

import voice.run  # noqa: F401  the recipe of tessera-icons, whose int8 this is
from recipe.shipped import BLOCK, int8_blocks, write
from voice import audio, speak
from voice.data import VOICES, Supervised, speakers
from voice.flow import Flow
from voice.hift import Hift
from voice.lexicon import HERE
from voice.lm import AFTER, BEFORE, Lm
from voice.phones import PHONES
from voice.run import trained

REVISION = "3"
NAMES = {"slt-hts": "a woman's voice, American; the default", "rms": "a man's voice, American", "slt": "the first speaker, by another synthesiser",
         "awb": "a man's voice, Scottish"}


def folded(model):
    """The weights of a model without weight norm: a kernel is its gain times its direction."""
    state, gain, direction = model.state_dict(), ".parametrizations.weight.original0", ".parametrizations.weight.original1"
    out = {}
    for name, w in state.items():
        if name.endswith(direction):
            stem = name[:-len(direction)]
            norm = w.flatten(1).norm(dim=1).view(-1, *[1] * (w.dim() - 1))
            out[f"{stem}.weight"] = w * state[stem + gain] / norm
        elif not name.endswith(gain):
            out[name] = w
    return out


def packed(state):
    tensors = {}
    for name, w in state.items():
        rows = w.flatten(1) if w.dim() > 1 else w[None]
        if w.dim() > 1 and name.endswith(".weight") and "embed" not in name and rows.shape[1] % BLOCK == 0:
            codes, tensors[f"{name}.scales"] = int8_blocks(rows)
            tensors[name] = codes.view(w.shape)
        else:
            tensors[name] = w.half()
    return tensors


def camel(config):
    """Fields of a dataclass as the SDK spells them."""
    def name(key):
        head, *rest = key.split("_")
        return head + "".join(w.capitalize() for w in rest)
    return {name(k): v for k, v in asdict(config).items()}


def described(lm, flow, hift, s3):
    """The config of four models: what a program that speaks has to know besides the weights."""
    vocoder = camel(hift.config)
    vocoder.pop("hop")
    return {
        "sampleRate": audio.RATE, "tokenSamples": audio.TOKEN, "fadeIn": speak.FADE_IN, "phones": PHONES,
        "voices": [{"name": name, "description": NAMES[name], "speaker": vector.tolist()}
                   for name, vector in zip(VOICES, speakers(flow.config.speaker))],
        "mel": {"mels": audio.MELS, "fftSize": audio.FFT, "hop": audio.HOP, "centre": audio.CENTRE, "spread": audio.SPREAD},
        "languageModel": {**camel(lm.config), "text": lm.config.text, "eos": lm.config.eos, "fill": lm.config.fill, "phonesBefore": BEFORE,
                          "phonesAfter": AFTER, "mostTokensOfPhone": 30},
        "flow": camel(flow.config), "vocoder": {"layers": "causal", "phase": "each sample", **vocoder}, "tokenizer": camel(s3.config),
        "defaults": {"voice": VOICES[0], "temperature": speak.LM_TEMPERATURE, "topP": speak.TOP_P, "flowSteps": speak.STEPS,
                     "flowTemperature": speak.TEMPERATURE, "guidance": 0}}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--runs", default="runs")
    p.add_argument("--out", default=HERE / "../../models/tessera-voice")
    a = p.parse_args()
    runs, out = Path(a.runs), Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    lm, flow, hift, s3 = (trained(runs / part, make()) for part, make in (("lm", Lm), ("flow", Flow), ("vocoder", Hift), ("tokenizer", Supervised)))
    s3 = s3.s3  # what read its tokens in training stays behind
    for part, model in (("lm", lm), ("flow", flow), ("vocoder", hift), ("tokenizer", s3)):
        write(packed(folded(model)), out / f"{part}.safetensors", f"tessera-voice, {part}, in the layout of CosyVoice")
    shutil.copyfile(runs / "pronounce/pronunciation.txt.gz", out / "pronunciation.txt.gz")
    shutil.copyfile(HERE / "NOTICE", out / "NOTICE")
    files = [*(f"{part}.safetensors" for part in ("lm", "flow", "vocoder", "tokenizer")), "pronunciation.txt.gz"]
    config = {"name": "tessera-voice", "revision": REVISION, "kind": "speech", "licence": "Apache-2.0", **described(lm, flow, hift, s3),
              "files": dict(zip(("languageModel", "flow", "vocoder", "tokenizer", "pronunciation"), files)),
              "sha256": {f: hashlib.sha256((out / f).read_bytes()).hexdigest() for f in files}}
    (out / "config.json.part").write_text(json.dumps(config, indent=2) + "\n")
    os.replace(out / "config.json.part", out / "config.json")
    print(f"{sum((out / f).stat().st_size for f in files) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
