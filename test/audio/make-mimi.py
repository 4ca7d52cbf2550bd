"""Makes a folder of Mimi in small, with random weights, and what the Transformers library says with it.

    python make-mimi.py OUTPUT_FOLDER        (needs `transformers` 5.18.0, `torch` and `safetensors`)

OUTPUT_FOLDER is as the hub has it: config.json and model.safetensors. expected.safetensors holds `audio` [L], its ids `codes` [books, frames],
and the sound of all books and of the first two, `sound` and `sound.2`.
"""
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import MimiConfig, MimiModel


def main(folder):
    config = MimiConfig(
        hidden_size=16, num_filters=2, upsampling_ratios=[4, 3], codebook_size=32, codebook_dim=8, vector_quantization_hidden_dimension=8,
        num_quantizers=4, num_hidden_layers=2, intermediate_size=24, num_attention_heads=2, num_key_value_heads=2, sliding_window=6,
        frame_rate=1000, upsample_groups=16)
    model = MimiModel(config).eval()
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for name, weight in model.state_dict().items():
            if name.endswith("initialized"):
                continue
            fan = weight[0].numel() if weight.dim() > 1 else 16
            weight.copy_(torch.randn(weight.shape, generator=generator) * (1 if "embed_sum" in name else 1.4 * fan**-0.5))
            if name.endswith("cluster_usage"):
                weight.copy_(torch.rand(weight.shape, generator=generator) + 0.5)
            if name.startswith("decoder.layers") and weight.shape[0] == 1:
                weight.mul_(0.02)  # the last layer keeps the sound within [-1, 1]
            if "layernorm.weight" in name:
                weight.add_(1)
    time = torch.arange(24 * 20) / 24000
    audio = 0.4 * torch.sin(2 * torch.pi * 900 * time) + 0.2 * torch.sin(2 * torch.pi * (2500 + 40000 * time) * time)
    with torch.no_grad():
        codes = model.encode(audio[None, None]).audio_codes
        sounds = {f"sound{tail}": model.decode(codes[:, :count]).audio_values[0, 0] for tail, count in (("", 4), (".2", 2))}
    print(codes[0], sounds["sound"].abs().max(), sounds["sound"].shape)
    model.save_pretrained(folder)
    save_file({"audio": audio, "codes": codes[0].int().contiguous(), **{k: v.contiguous() for k, v in sounds.items()}}, folder / "expected.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
