"""Makes a folder of pocket-tts in small, with random weights, and what the authors' own code says with it.

    python make-pocket-tts.py TOKENIZER_MODEL OUTPUT_FOLDER        (needs `pocket-tts` 2.1.0 and what it needs)

OUTPUT_FOLDER is as the authors publish a language: model.safetensors, tokenizer.model and embeddings/, with the configuration beside them.
expected.safetensors holds a recording and, at a temperature of 0, where no noise is drawn, the sound of each text of TEXTS with the voice of
the folder and with that recording; `text.N` are the bytes of the texts.
"""
import copy
import shutil
import sys
from pathlib import Path

import torch
import yaml
from pocket_tts.models import tts_model
from pocket_tts.models.tts_model import TTSModel, export_model_state
from safetensors.torch import save_file

TEXTS = ["hello,  world", "Three red apples lie on the table: take one.", "Is the sea deep?"]

CONFIG = {
    "remove_semicolons": True,
    "flow_lm": {
        "insert_bos_before_voice": True, "dtype": "float32", "flow": {"depth": 2, "dim": 24},
        "transformer": {"d_model": 32, "hidden_scale": 2, "max_period": 10000, "num_heads": 4, "num_layers": 2},
        "lookup_table": {"dim": 32, "n_bins": 0, "tokenizer": "sentencepiece", "tokenizer_path": ""},
    },
    "mimi": {
        "dtype": "float32", "sample_rate": 24000, "inner_dim": 12, "outer_dim": 16, "channels": 1, "frame_rate": 12.5,
        "seanet": {
            "dimension": 16, "channels": 1, "n_filters": 2, "n_residual_layers": 1, "ratios": [6, 5, 4], "kernel_size": 7,
            "residual_kernel_size": 3, "last_kernel_size": 3, "dilation_base": 2, "pad_mode": "constant", "compress": 2,
        },
        "transformer": {
            "d_model": 16, "num_heads": 2, "num_layers": 1, "layer_scale": 0.01, "context": 40, "dim_feedforward": 24,
            "input_dimension": 16, "output_dimensions": [16],
        },
        "quantizer": {"dimension": 8, "output_dimension": 16},
    },
}


def build(path):
    model = TTSModel.load_model(config=path, temp=0.0)
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, weight in model.state_dict().items():
            if name.endswith("freqs"):
                continue
            fan = weight[0].numel() if weight.dim() > 1 else 16
            weight.copy_(torch.randn(weight.shape, generator=generator) * fan**-0.5)
            if ("norm" in name or "in_ln" in name or "alpha" in name) and "bias" not in name or name.endswith("emb_std"):
                weight.add_(1.0)
            if "decoder.model" in name:
                weight.mul_(1.5 if weight.shape[0] != 1 else 0.03)  # the last layer keeps the sound within [-1, 1]
            if name.endswith("out_eos.weight"):
                weight.mul_(-4)
    return model.eval()


def spoken(model, state, text):
    return model.generate_audio(state, text, copy_state=True)


def main(tokenizer, folder):
    (folder / "embeddings").mkdir(parents=True, exist_ok=True)
    shutil.copy(tokenizer, folder / "tokenizer.model")
    config = copy.deepcopy(CONFIG)
    import sentencepiece
    config["flow_lm"]["lookup_table"]["n_bins"] = sentencepiece.SentencePieceProcessor(str(tokenizer)).vocab_size()
    (folder / "tiny.yaml").write_text(yaml.safe_dump(config))
    local = folder / "with-path.yaml"
    config["flow_lm"]["lookup_table"]["tokenizer_path"] = str(folder / "tokenizer.model")
    local.write_text(yaml.safe_dump(config))
    model = build(local)
    local.unlink()
    time = torch.arange(int(0.62 * 24000)) / 24000
    known = (0.3 * torch.sin(2 * torch.pi * (150 + 40 * time) * time) + 0.05 * torch.sin(3000 * time))[None]
    recording = (0.25 * torch.sin(2 * torch.pi * (210 - 30 * time) * time) + 0.1 * torch.sin(1900 * time))[None]
    voice = model.get_state_for_audio_prompt(known)
    export_model_state(voice, folder / "embeddings" / "anna.safetensors")
    heard = model.get_state_for_audio_prompt(recording)

    logits = []
    out_eos = model.flow_lm.out_eos
    handle = out_eos.register_forward_hook(lambda module, given, out: logits.append(out.item()))
    bound = 1e9  # nothing is an end: all frames are made
    model.eos_threshold = bound
    runs = []
    for state in (voice, heard):
        for text in TEXTS:
            logits.clear()
            spoken(model, state, text)
            runs.append(logits[1:12])  # the first one belongs to the text, and nobody looks at it
    handle.remove()
    # A bias at which every run ends within its first frames, as many as can not at once, and none is close to another end.
    def judged(bias):
        ends = [next((i for i, value in enumerate(run) if value + bias > 0), None) for run in runs]
        distance = min(abs(value + bias) for run in runs for value in run)
        return None not in ends and distance > 0.01, len(set(ends)), distance, bias
    good, _, distance, bias = max(judged(bias) for bias in torch.linspace(-20, 20, 4001).tolist())
    assert good
    best = distance, bias
    print("distance to the threshold", best[0])
    with torch.no_grad():
        out_eos.bias.add_(best[1] + tts_model.DEFAULT_EOS_THRESHOLD)
    model.eos_threshold = tts_model.DEFAULT_EOS_THRESHOLD
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / "model.safetensors")
    expected = {"recording": recording[0].contiguous()}
    for number, text in enumerate(TEXTS):
        expected[f"text.{number}"] = torch.tensor(list(text.encode()), dtype=torch.uint8)
        expected[f"voice.{number}"] = spoken(model, voice, text)
        expected[f"recording.{number}"] = spoken(model, heard, text)
        print(text, expected[f"voice.{number}"].shape[0] / 1920, expected[f"recording.{number}"].shape[0] / 1920, expected[f"voice.{number}"].abs().max())
    save_file(expected, folder / "expected.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
