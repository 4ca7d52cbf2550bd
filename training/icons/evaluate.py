"""Measures the shipped folder: what a user gets from the SDK, not what a training run believes.

  npm run build (at the top), then
  python evaluate.py --order next-scale --data data --judge runs/judge

1. The tokenizer of that order: PSNR of premultiplied RGBA on held-out concepts, mean over pictures, with the shipped weights.
2. The transformer: the SDK draws 400 seen (concept, style) prompts and up to 200 held-out cells, one concept each, seed 0,
   default settings; the judge ranks the captions of the same list: R@1 and R@5.
3. Speckle, of the drawn and of the real pictures of that list: the share of pixels with an alpha of 1 to 31; the share of the opaque
   area (alpha of 128 and more) in connected parts under 12 pixels; the mean length of the edge of the opaque area, in pixels.
Writes the order's part of report.json, and sheet-ORDER.png (the first 64 prompts, unpicked), into the run folder."""
import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer

from recipe.captions import encode, in_scope, label_of
from recipe.data import Pictures
from recipe.drawn import drawn, in_lot_order, load
from recipe.multi_scale import MultiScale, own_names
from recipe.shipped import read
from recipe.speckle import speckle
from recipe.vq import VQ
from train_judge import Judge
from train_tokenizer import evaluate as reconstruct

HERE = Path(__file__).parent
LAYOUTS = {"llamagen-vq": (VQ, lambda state: state), "var-multi-scale": (MultiScale, own_names)}


@torch.no_grad()
def ranks(judge, text, pictures, chosen, images):
    seen = torch.cat([judge.see(torch.stack(images[i:i + 64])) for i in range(0, len(images), 64)])
    read = judge.read(encode(text, [label_of(pictures.rows[i]) for i in chosen]))
    score = seen @ read.T
    return (score > score.diagonal()[:, None]).sum(1).numpy()


def summary(rank, rows):
    styles = sorted({r["style"] for r in rows})
    at = lambda keep, k: round(float(np.mean([rank[i] < k for i, r in enumerate(rows) if keep(r)])) * 100, 1)
    return {"pictures": len(rows), "R@1": at(lambda r: True, 1), "R@5": at(lambda r: True, 5),
            "R@1 by style": {s: at(lambda r: r["style"] == s, 1) for s in styles}}


def sheet(files, out, columns=8, size=128):
    canvas = Image.new("RGBA", (columns * size, -(-len(files) // columns) * size), "white")
    for n, file in enumerate(files):
        picture = Image.open(file).convert("RGBA").resize((size, size))
        canvas.alpha_composite(picture, (n % columns * size, n // columns * size))
    canvas.convert("RGB").save(out)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", default="data")
    p.add_argument("--order", default="next-scale")
    p.add_argument("--model", default=str(HERE / "../../models/tessera-icons"))
    p.add_argument("--judge", default="runs/judge")
    p.add_argument("--run", default="runs/evaluate")
    p.add_argument("--seen", type=int, default=400)
    p.add_argument("--cells", type=int, default=200)
    p.add_argument("--options", default="{}", help="JSON: settings other than the model's defaults")
    a = p.parse_args()
    pictures, out, model = Pictures(a.data), Path(a.run), Path(a.model)
    options = {**json.loads(a.options), "decoding": a.order}
    out.mkdir(parents=True, exist_ok=True)
    config = json.loads((model / "config.json").read_text())
    row = config["transformers"][a.order]
    tokenizer = config["tokenizers"][row["tokenizer"]]

    kind, names = LAYOUTS[tokenizer["layout"]]
    codec = kind().eval().to(memory_format=torch.channels_last)
    weights = read(model / tokenizer["weights"]).items()
    codec.load_state_dict(names({k: v for k, v in weights if not k.startswith("preview.")}))
    held_out = pictures.where(lambda r: r["heldOutConcept"])
    psnr, used = reconstruct(codec, pictures, held_out, torch.device("cpu"), torch.float32)
    report = {"options": options, "tokenizer": {"held-out pictures": len(held_out), "PSNR dB": round(psnr, 2), "codes used": used}}
    print(report["tokenizer"], flush=True)

    text = Tokenizer.from_file(str(model / "captions.json"))
    judge = Judge(text.get_vocab_size()).eval()
    judge.load_state_dict(torch.load(Path(a.judge) / "checkpoint.pt", weights_only=True)["average"])
    for name, count, keep in (("seen", a.seen, lambda r: in_scope(r) and not r["heldOutCell"]),
                              ("held-out cells", a.cells, lambda r: in_scope(r) and r["heldOutCell"])):
        chosen = in_lot_order(pictures, pictures.where(keep))[:count]
        rows = [pictures.rows[i] for i in chosen]
        real = summary(ranks(judge, text, pictures, chosen, list(pictures.batch(chosen))), rows)
        real_images = list(pictures.batch(chosen))
        files = drawn([(label_of(row), row["style"]) for row in rows], out / name.replace(" ", "-"), model, options)
        report[name] = summary(ranks(judge, text, pictures, chosen, [load(f) for f in files]), rows)
        report[name]["R@1 of the real pictures"] = real["R@1"]
        report[name]["speckle"] = {"drawn": speckle([load(f) for f in files]), "real": speckle(real_images)}
        print(name, report[name], flush=True)
        if name == "seen":
            sheet(files[:64], out / f"sheet-{a.order}.png")
    file = out / "report.json"
    reports = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**reports, a.order: report}, indent=2) + "\n")


if __name__ == "__main__":
    main()
