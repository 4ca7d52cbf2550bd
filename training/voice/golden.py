"""Writes test/fixtures/voice/paced: a tiny voice of random weights and what each of its steps gives, to check another implementation by.

  python golden.py [--out ../../test/fixtures/voice/paced]

Noise of the source is zero, so nothing depends on how random numbers are drawn."""
import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

import voice.run  # noqa: F401  for package
from package import described, folded
from voice.audio import model_mel
from voice.flow import Flow, FlowConfig
from voice.hift import Hift, HiftConfig
from voice.lexicon import HERE
from voice.lm import Lm, LmConfig, text_rows
from voice.phones import ID
from voice.s3 import S3, S3Config

PHONES = "^ HH AH0 L OW1 , Y UW1 ?".split()
STEPS, MOST = 4, 4


def varied(model):
    """Weights that matter: what begins at zero or one is moved."""
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.1 * torch.randn_like(p)) if p.dim() < 2 else p.copy_(torch.randn_like(p) * (1.0 / p[0].numel()) ** 0.5)
    return model.eval()


def rounded(*models):
    """Weights that float16 holds, so that the file is small and exact. Of a kernel with weight norm, the product is."""
    for model in models:
        for p in model.parameters():
            p.copy_(p.half())
        for module in model.modules():
            if "parametrizations" in module._modules:
                w = module.weight.half().float()
                module.parametrizations.weight.original0.copy_(w.flatten(1).norm(dim=1).view(-1, 1, 1))
                module.parametrizations.weight.original1.copy_(w)


def forced(lm, rows, tokens):
    """The logits of every position when these tokens are said, two per phone, from sos on."""
    none = torch.full((1, rows.shape[1]), -1)
    text, speech = [none], [-1]
    for i, row in enumerate(rows):
        text += [row[None], none, none]
        speech += [-1, *tokens[2 * i:2 * i + 2]]
    return lm(lm.embed(torch.cat(text)[None], torch.tensor(speech)[None]))[0]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--out", default=HERE / "../../test/fixtures/voice/paced")
    a = p.parse_args()
    torch.manual_seed(11)
    lm = varied(Lm(LmConfig(speech=27, voices=4, width=32, heads=2, kv_heads=1, layers=2, hidden=48)))
    flow = varied(Flow(FlowConfig(27, 80, 8, 16, 2, 32, 1, 1, 16, 1, 16, 1, 1, 2)))
    hift = varied(Hift(HiftConfig(channels=16, f0_channels=8)))
    with torch.no_grad():
        hift.conv_post.parametrizations.weight.original0.mul_(0.15)
        hift.conv_post.bias.sub_(1.5)
        rounded(lm, flow, hift)
        lm.llm_decoder.bias[lm.config.fill] += 1.0
        hift.f0_predictor.classifier.bias.fill_(140.0)
        phones, voice = [ID[p] for p in PHONES], 1
        rows = torch.tensor(text_rows(voice, phones, lm.config))
        said = torch.randint(27, (2 * len(phones),))
        logits = forced(lm, rows, said.tolist())
        tokens, owners = lm.speak(voice, phones, lambda logits: int(logits.argmax()), most=MOST)
        ids, z = said[:7], torch.randn(80, 14)
        speaker = torch.eye(8)[voice]
        there = torch.ones(1, 7, dtype=torch.bool)
        mu, spk = flow.condition(ids[None], there, speaker[None], flow.config.chunk)
        mel = flow.mel(ids, speaker, z, STEPS, flow.config.chunk)
        f0 = hift.fundamental(mel[None])
        source = hift.source(f0, torch.zeros(1, f0.shape[1] * hift.config.hop, 9))
        wav = hift.synthesise(mel[None], source)
        samples = 0.3 * torch.sin(torch.arange(3200) ** 1.3 * 0.02)
        tensors = {
            "in.phones": torch.tensor(phones), "in.voice": torch.tensor([voice]), "out.text_rows": rows, "in.forced": said, "out.logits": logits,
            "out.greedy": torch.tensor(tokens), "out.greedy_owners": torch.tensor(owners), "in.token": ids, "in.z": z, "in.embedding": speaker,
            "out.mu": mu[0].T, "out.mel": mel, "out.f0": f0[0], "out.source": source[0], "out.wav": wav[0], "in.samples": samples,
            "out.mel_of_samples": model_mel(samples)}
    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    weights = {f"{part}/{name}": w for part, model in (("lm", lm), ("flow", flow), ("vocoder", hift)) for name, w in folded(model).items()}
    save_file({k: v.half().contiguous() for k, v in weights.items()}, out / "weights.safetensors")
    save_file({k: (v.int() if v.dtype == torch.long else v).contiguous() for k, v in tensors.items()}, out / "io.safetensors")
    case = {
        "system": "tessera-voice", "case": "paced", "what": "phone-paced language model, flow with chunk masks and no guidance, causal vocoder",
        "config": {**described(lm, flow, hift, S3(S3Config(width=16, layers=1))), "flowSteps": STEPS, "mostTokensOfPhone": MOST},
        "seed": 11, "torch": torch.__version__, "files": {"weights": "weights.safetensors", "io": "io.safetensors"},
        "tensors": {
            "in.phones": "[n] phone ids", "in.voice": "[1] number of the voice", "out.text_rows": "[n, 8] rows of embed_tokens whose sum is text(i)",
            "in.forced": "[2n] tokens, two for each phone", "out.logits": "[1 + 3n, speech + 3] after sos, and after text(i) and its two tokens",
            "out.greedy": "tokens of the likeliest choices, at most mostTokensOfPhone a phone", "out.greedy_owners": "the phone of each",
            "in.token": "[m] tokens", "in.z": "[80, 2m] start noise, temperature 1", "in.embedding": "[speaker] vector of the voice",
            "out.mu": "[2m, 80]", "out.mel": "[80, 2m] after flowSteps Euler steps with chunk masks", "out.f0": "[2m] Hz", "out.source": "[640 m] noise zero",
            "out.wav": "[640 m]", "in.samples": "[3200] at 16 kHz", "out.mel_of_samples": "[80, 10] normalised"},
        "tolerance": {"abs": 5e-4, "rel": 5e-4, "exact": ["out.text_rows", "out.greedy", "out.greedy_owners"],
                      "note": "wav given the stored source 2e-4"}}
    for file in out.glob("*.safetensors"):
        file.chmod(0o644)
    (out / "case.json").write_text(json.dumps(case, indent=1) + "\n")
    print(len(tokens), "greedy tokens of", len(phones), "phones", owners, "f0", f0[0, :4].tolist(), "wav", wav.abs().max().item())


if __name__ == "__main__":
    main()
