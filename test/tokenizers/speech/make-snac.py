"""Makes the golden case of a SNAC with local attention, as the 32 and 44 kHz files have it, with the authors' own code.

    python make-snac.py OUTPUT_FOLDER        (needs `snac` 1.2.1, `einops`, `torch` and `safetensors`)
"""
import json
import sys
from pathlib import Path

import snac.layers
import torch
from safetensors.torch import save_file
from snac import SNAC

CONFIG = {"ed": 16, "rates": [2, 3], "dd": 64, "cb": 24, "cd": 4, "strides": [4, 2, 1], "window": 8}


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    model = SNAC(
        sampling_rate=32000, encoder_dim=CONFIG["ed"], encoder_rates=CONFIG["rates"], decoder_dim=CONFIG["dd"],
        decoder_rates=CONFIG["rates"][::-1], attn_window_size=CONFIG["window"], codebook_size=CONFIG["cb"], codebook_dim=CONFIG["cd"],
        vq_strides=CONFIG["strides"]).eval()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, weight in model.state_dict().items():
            if name.endswith("inv_freq"):
                continue
            fan = weight[0].numel() if weight.dim() > 1 else 16
            weight.copy_(torch.randn(weight.shape, generator=generator) * (fan**-0.5 if "original0" not in name else 0.3))
            if name.endswith(("alpha", "norm.weight", "original0")):
                weight.add_(1.0)
            if tuple(weight.shape) == (1, 1, 1):
                weight.fill_(0.03)  # of the last layer, whose tanh is not to be at its ends
    # The noise branch is fed zeros.
    snac.layers.torch.randn = lambda shape, **options: torch.zeros(shape, **options)
    audio = 0.5 * torch.sin(torch.arange(170) * 0.21) + 0.2 * torch.sin(torch.arange(170) ** 2 * 0.003)
    seen = {}
    first = 3  # behind two layers of the beginning and the attention
    model.decoder.model[first].register_forward_hook(lambda module, given, out: seen.update(block=out))
    with torch.no_grad():
        padded = model.preprocess(audio[None, None])
        latents = model.encoder(padded)
        zq, codes = model.quantizer(latents)
        sound = model.decoder(model.quantizer.from_codes(codes))
    io = {
        "in.audio": audio, "out.encoder_out": latents[0], "out.zq": zq[0], "out.decoder_block0": seen["block"][0], "out.audio_out": sound[0, 0],
        **{f"out.codes_{i}": ids[0].int() for i, ids in enumerate(codes)},
    }
    save_file({name: value.contiguous() for name, value in io.items()}, folder / "io.safetensors")
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / "weights.safetensors")
    case = {
        "system": "codecs", "case": "snac-window", "what": "multi-scale residual codec with local attention; the noise branch is fed zeros",
        "config": {**CONFIG, "units": 3, "hop": 6, "latent": CONFIG["ed"] * 4},
        "reference": {"repo": "hubertsiuzdak/snac", "commit": "f49016a4d881ba0e85469535f5b534d3c0ae3bf5"}, "seed": 5,
        "files": {"weights": "weights.safetensors", "io": "io.safetensors"},
        "tensors": {name: f"[{', '.join(map(str, value.shape))}]" for name, value in io.items()},
        "tolerance": {"abs": 0.0001, "rel": 0.0001, "exact": [f"out.codes_{i}" for i in range(len(codes))]},
        "notes": ["audio is filled up to the least common multiple of the first stride and the window, in latent frames"],
    }
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")
    print([ids[0].tolist() for ids in codes], sound.abs().max())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
