"""Do drawn pictures say their captions? By the picture encoder that was trained beside the caption encoder, and is shipped with it.

  npm run build (at the top), then
  python retrieval.py --order next-scale [--model ../../models/tessera-icons] [--archive data/archive.npz] [--run runs/retrieval]

The SDK draws 100 seen prompts with seed 0 and default settings; each picture is ranked among 400 captions, theirs and others, all evenly spaced through
the list. Quicker than evaluate.py, and kinder: the transformers read captions by the twin of what measures here. Prints R@1 and R@5."""
import argparse
import json
import subprocess
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from recipe.archive import Archive
from recipe.caption_encoder import SIDE, WIDTHS, CaptionEncoder, CaptionEncoderConfig
from recipe.shipped import caption_part, towers

HERE = Path(__file__).parent
CAPTIONS, EVERY = 400, 4


def seen_by(weights, x):
    """PictureEncoder with its normalisation folded in, as it is shipped."""
    for i, (_, stride) in enumerate(WIDTHS):
        kernel = weights[f"picture.convs.{i}.weight"]
        x = F.silu(F.conv2d(x, kernel, weights[f"picture.convs.{i}.bias"], stride, 1))
    return F.normalize(x.flatten(1) @ weights["picture.joint.weight"].T + weights["picture.joint.bias"], dim=-1)


def shrunk(file):
    """Premultiplied RGBA [4, SIDE, SIDE] in [-1, 1]."""
    p = np.asarray(Image.open(file).convert("RGBA")).astype(np.float32)
    p[..., :3] *= p[..., 3:] / 255
    step = len(p) // SIDE
    return p.reshape(SIDE, step, SIDE, step, 4).mean((1, 3)).transpose(2, 0, 1) / 127.5 - 1


@torch.no_grad()
def main():
    p = argparse.ArgumentParser()
    p.add_argument("--order", default="next-scale")
    p.add_argument("--model", default=str(HERE / "../../models/tessera-icons"))
    p.add_argument("--archive", default="data/archive.npz")
    p.add_argument("--run", default="runs/retrieval")
    a = p.parse_args()
    archive, weights = Archive(a.archive), towers(Path(a.model))
    plain = [i for i in archive.trained if not archive.recoloured[i]]
    one_each = list({archive.labels[i]: i for i in plain}.values())
    rows = [one_each[i] for i in np.linspace(0, len(one_each) - 1, CAPTIONS).astype(int)]
    drawn, folder = rows[::EVERY], Path(a.run) / a.order
    folder.mkdir(parents=True, exist_ok=True)
    prompts = [{"prompt": archive.labels[i], "style": archive.styles[int(archive.style[i])], "file": f"{i}.png"} for i in drawn]
    (folder / "prompts.json").write_text(json.dumps({"model": str(Path(a.model).resolve()), "options": {"decoding": a.order}, "prompts": prompts}))
    subprocess.run(["node", HERE / "generate.mjs", folder.resolve()], check=True)
    encoder = CaptionEncoder(CaptionEncoderConfig(vocab=archive.vocabulary)).eval()
    encoder.load_state_dict(caption_part(weights))
    said = encoder.point(archive.captions[archive.first[torch.tensor(rows)]])
    nearness = seen_by(weights, torch.from_numpy(np.stack([shrunk(folder / row["file"]) for row in prompts]))) @ said.T
    own = nearness[torch.arange(len(drawn)), torch.arange(len(drawn)) * EVERY]
    rank = (nearness > own[:, None]).sum(1)
    print(f"{a.order}: R@1 {100 * (rank < 1).float().mean():.0f} %, R@5 {100 * (rank < 5).float().mean():.0f} % of {len(drawn)} among {len(rows)} captions")


if __name__ == "__main__":
    main()
