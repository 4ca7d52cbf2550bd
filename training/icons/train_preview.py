"""Trains a small decoder of previews on what a tokenizer's own decoder shows.

  python train_preview.py --of scale-tokenizer    # runs/scale-preview: canvases after some scales, but not all
  python train_preview.py --of tokenizer          # runs/preview: the codes of whole pictures; an unknown cell borrows its neighbour's
      [--data data] [--tokenizer runs/NAME] [--run runs/NAME] [--steps N] [--batch N]"""
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from recipe.data import Pictures, batch_at
from recipe.preview import Preview
from recipe.run import Average, Run, adamw_for_tokenizers, begin, options, schedule
from train_next_scale import features_of, trained_tokenizer
from train_tokenizer import loss_of, psnr
from train_transformer import picture_ids, trained_vq


class Scales:
    run = "scale-preview"

    def __init__(self, tokenizer, pictures, folder, device, dtype):
        self.codec = trained_tokenizer(tokenizer)
        self.features = features_of(pictures, self.codec, folder / "features.npy", dtype)
        self.codec.to(device, memory_format=torch.channels_last)

    def maps(self, pick, rng):  # -> [B, D, h, w]
        scales = rng.integers(1, len(self.codec.config.sides), len(pick))
        features = torch.from_numpy(self.features[pick]).float().to(next(self.codec.parameters()).device)
        canvases = self.codec.quantize(features, scales=max(scales))[1]
        return torch.stack([canvases[s - 1][i] for i, s in enumerate(scales)])

    def shown(self, maps):
        return self.codec.pixels(maps)


class Cells:
    run = "preview"

    def __init__(self, tokenizer, pictures, folder, device, dtype):
        self.codec = trained_vq(tokenizer).to(device, memory_format=torch.channels_last)
        self.ids = picture_ids(pictures, tokenizer, folder / "ids.npy", device, dtype)

    def maps(self, pick, rng):
        weights = self.codec.quantize.embedding.weight
        codes = F.normalize(F.embedding(self.ids[pick].to(weights.device), weights), dim=-1)
        side = int(codes.shape[1] ** 0.5)
        return codes.unflatten(1, (side, side)).permute(0, 3, 1, 2)

    def shown(self, maps):
        return self.codec.pixels(maps.permute(0, 2, 3, 1))


KINDS = {"scale-tokenizer": Scales, "tokenizer": Cells}


def main():
    p = options("NAME", steps=1500, rate=2e-3)
    p.add_argument("--of", choices=KINDS, required=True)
    p.add_argument("--tokenizer", help="its run, by default runs/NAME")
    p.add_argument("--batch", type=int, default=16)
    p.set_defaults(run=None)
    a = p.parse_args()
    device, dtype = begin(a.seed)
    pictures, folder = Pictures(a.data), Path(a.run or f"runs/{KINDS[a.of].run}")
    folder.mkdir(parents=True, exist_ok=True)
    kind = KINDS[a.of](a.tokenizer or f"runs/{a.of}", pictures, folder, device, dtype)
    codec = getattr(kind.codec.config, "codec", kind.codec.config)
    train = pictures.where(lambda r: not r["heldOutConcept"])
    held_out = pictures.where(lambda r: r["heldOutConcept"])[:256]
    model = Preview(codec).to(device)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M weights", flush=True)
    optimizer = adamw_for_tokenizers(model, a.rate)
    average = Average(model, 0.995)
    run = Run(folder, model, optimizer, average)
    total = 0.0

    @torch.no_grad()
    def pair(pick, rng):
        maps = kind.maps(pick, rng)
        with torch.autocast(device.type, dtype):
            return maps, kind.shown(maps).float().clamp(-1, 1)

    while run.step < a.steps:
        pick, rng = batch_at(train, a.batch, a.seed, run.step), np.random.default_rng([a.seed, run.step])
        maps, shown = pair(pick, rng)
        with torch.autocast(device.type, dtype):
            out = model(maps)
        loss = loss_of(out.float(), shown)
        run.learn(loss, schedule(run.step, a.steps, a.rate))
        total += loss.item()
        if run.step % 50 == 0:
            run.log(loss=total / 50)
            total = 0.0
        if run.step % 250 == 0 or run.step == a.steps:
            trained = Preview(codec).to(device)
            trained.load_state_dict(average.shadow)
            maps, shown = pair(held_out, np.random.default_rng(a.seed))
            with torch.no_grad():
                run.log(held_out_psnr=psnr(trained(maps).clamp(-1, 1), shown).mean().item())
            run.save()


if __name__ == "__main__":
    main()
