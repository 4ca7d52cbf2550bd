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
import hashlib
import json
import subprocess
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer

from recipe.captions import encode, in_scope, label_of
from recipe.data import Pictures
from recipe.multi_scale import MultiScale, own_names
from recipe.shipped import read
from recipe.vq import VQ
from train_judge import Judge
from train_tokenizer import evaluate as reconstruct

HERE = Path(__file__).parent
LAYOUTS = {"llamagen-vq": (VQ, lambda state: state), "var-multi-scale": (MultiScale, own_names)}


def in_lot_order(pictures, indices):
    """One row a concept, in an order that depends on the names alone."""
    lot = lambda i: hashlib.sha256(f"evaluate|{pictures.rows[i]['concept']}|{pictures.rows[i]['style']}".encode()).hexdigest()
    one = {}
    for i in sorted(indices, key=lot):
        one.setdefault(pictures.rows[i]["concept"], i)
    return list(one.values())


def draw(pictures, chosen, folder, model, network, options):
    """Files of the pictures; those that the same weights and settings have drawn before are taken as they are."""
    folder = folder / hashlib.sha256(json.dumps([network, options]).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    prompts = [{"prompt": label_of(pictures.rows[i]), "style": pictures.rows[i]["style"], "file": f"{n:03d}.png"} for n, i in enumerate(chosen)]
    (folder / "prompts.json").write_text(json.dumps({"model": str(Path(model).resolve()), "options": options, "prompts": prompts}, indent=1))
    subprocess.run(["node", str(HERE / "generate.mjs"), str(folder)], check=True)
    return [folder / p["file"] for p in prompts]


def load(file):
    x = np.asarray(Image.open(file).convert("RGBA"), np.float32) / 255
    x = np.concatenate([x[..., :3] * x[..., 3:], x[..., 3:]], -1)
    return torch.from_numpy(x).permute(2, 0, 1) * 2 - 1


@torch.no_grad()
def ranks(judge, text, pictures, chosen, images):
    seen = torch.cat([judge.see(torch.stack(images[i:i + 64])) for i in range(0, len(images), 64)])
    read = judge.read(encode(text, [label_of(pictures.rows[i]) for i in chosen]))
    score = seen @ read.T
    return (score > score.diagonal()[:, None]).sum(1).numpy()


def parts_of(opaque):
    """Sizes of the 4-connected parts of a map of booleans, by spreading the least number of each part."""
    number = np.where(opaque, np.arange(1, opaque.size + 1).reshape(opaque.shape), opaque.size + 1)
    while True:
        padded = np.pad(number, 1, constant_values=opaque.size + 1)
        least = np.minimum.reduce([padded[1:-1, 1:-1], padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]])
        least = np.where(opaque, least, opaque.size + 1)
        if (least == number).all():
            return np.unique(number[opaque], return_counts=True)[1]
        number = least


def speckle(images):
    """Of pictures [4, H, W] in [-1, 1]."""
    faint, small, area, edge = 0, 0, 0, 0
    for image in images:
        alpha = ((image[3].numpy() + 1) * 127.5).round()
        opaque = alpha >= 128
        sizes = parts_of(opaque)
        faint += ((alpha > 0) & (alpha < 32)).mean()
        small, area = small + sizes[sizes < 12].sum(), area + sizes.sum()
        edge += (opaque[1:] != opaque[:-1]).sum() + (opaque[:, 1:] != opaque[:, :-1]).sum()
    return {"faint %": round(100 * faint / len(images), 2), "in small parts %": round(100 * small / max(area, 1), 3),
            "edge": round(edge / len(images), 1)}


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
    network = [row, tokenizer, config["sha256"][row["weights"]], config["sha256"][tokenizer["weights"]], config["captions"],
               config["sha256"].get("caption-encoder.safetensors")]

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
        files = draw(pictures, chosen, out / name.replace(" ", "-"), model, network, options)
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
