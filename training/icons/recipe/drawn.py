"""Pictures as a user gets them: drawn by the built SDK from the shipped folder, and read again."""
import hashlib
import json
import subprocess
from pathlib import Path

import numpy as np
import torch
from PIL import Image

HERE = Path(__file__).parent.parent
MODEL = HERE / "../../models/tessera-icons"


def drawn(prompts, folder, model, options):
    """The files of (prompt, style) pairs, seed 0. Those that the same weights and settings have drawn before are taken as they are."""
    config = json.loads((Path(model) / "config.json").read_text())
    row = config["transformers"][options["decoding"]]
    tokenizer = config["tokenizers"][row["tokenizer"]]
    digests = [config["sha256"][part["weights"]] for part in (row, tokenizer, config["captions"]["encoder"])]
    folder = Path(folder) / hashlib.sha256(json.dumps([row, tokenizer, digests, options]).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"prompt": prompt, "style": style, "file": f"{hashlib.sha256(f'{prompt}|{style}'.encode()).hexdigest()[:16]}.png"}
            for prompt, style in prompts]
    (folder / "prompts.json").write_text(json.dumps({"model": str(Path(model).resolve()), "options": options, "prompts": rows}, indent=1))
    subprocess.run(["node", str(HERE / "generate.mjs"), str(folder.resolve())], check=True)
    return [folder / row["file"] for row in rows]


def load(file):
    """Premultiplied RGBA [4, H, W] in [-1, 1]."""
    x = np.asarray(Image.open(file).convert("RGBA"), np.float32) / 255
    x = np.concatenate([x[..., :3] * x[..., 3:], x[..., 3:]], -1)
    return torch.from_numpy(x).permute(2, 0, 1) * 2 - 1


def in_lot_order(pictures, indices):
    """One row a concept, in an order that depends on the names alone."""
    lot = lambda i: hashlib.sha256(f"evaluate|{pictures.rows[i]['concept']}|{pictures.rows[i]['style']}".encode()).hexdigest()
    one = {}
    for i in sorted(indices, key=lot):
        one.setdefault(pictures.rows[i]["concept"], i)
    return list(one.values())
