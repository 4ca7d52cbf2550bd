"""Trains the RGBA tokenizer.   python train_tokenizer.py --data data --run runs/tokenizer [--steps N] [--batch N]

Loss: L1 + 2 x squared error + L1 of the horizontal and vertical differences (edges), and the commitment of the encoder
to its code. The codebook is no parameter: it follows the features (recipe/vq.py). Held-out concepts are never seen."""

import torch
import torch.nn.functional as F

from recipe.data import Pictures, batch_at
from recipe.run import Average, Run, adamw_for_tokenizers, begin, options, schedule
from recipe.vq import VQ, VQConfig

COMMITMENT, FREE_STEPS = 0.25, 400  # the first steps train the autoencoder without the codebook


def psnr(a, b):  # per picture, range 2
    return 10 * torch.log10(4 / (a - b).square().flatten(1).mean(1).clamp_min(1e-8))


def loss_of(out, x):
    dx = (out.diff(dim=-1) - x.diff(dim=-1)).abs().mean()
    dy = (out.diff(dim=-2) - x.diff(dim=-2)).abs().mean()
    return (out - x).abs().mean() + 2 * (out - x).square().mean() + dx + dy


@torch.no_grad()
def evaluate(model, pictures, indices, device, dtype):
    scores, used = [], set()
    model.eval()
    for i in range(0, len(indices), 64):
        x = pictures.batch(indices[i:i + 64]).to(device).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, dtype):
            ids = model.encode(x)
            out = model.decode(ids).clamp(-1, 1)
        scores.append(psnr(out, x))
        used.update(ids.flatten().tolist())
    model.train()
    return torch.cat(scores).mean().item(), len(used)


def main():
    p = options("tokenizer", steps=8000, rate=5e-4)
    p.add_argument("--batch", type=int, default=16)
    a = p.parse_args()
    device, dtype = begin(a.seed)
    pictures = Pictures(a.data)
    train = pictures.where(lambda r: not r["heldOutConcept"])
    held_out = pictures.where(lambda r: r["heldOutConcept"])
    model = VQ(VQConfig()).to(device, memory_format=torch.channels_last)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M weights, {len(train)} pictures, {len(held_out)} held out")
    optimizer = adamw_for_tokenizers(model, a.rate)
    average = Average(model)
    run = Run(a.run, model, optimizer, average)
    generator = torch.Generator().manual_seed(a.seed + run.step)
    total = 0.0
    while run.step < a.steps:
        x = pictures.batch(batch_at(train, a.batch, a.seed, run.step))
        if run.step % 2:
            x = x.flip(-1)
        x = x.to(device).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, dtype):
            z = model.features(x)                                     # [B, h, w, D] float32 unit vectors
            flat = z.reshape(-1, z.shape[-1])
            if run.step < FREE_STEPS:
                q, commit = z, z.sum() * 0
            else:
                if run.step == FREE_STEPS:                            # start the codes where the features are
                    pick = torch.randperm(len(flat), generator=generator)[:model.config.vocab]
                    model.quantize.embedding.weight.data.copy_(flat.detach()[pick])
                ids = model.quantize.nearest(flat.detach())
                model.quantize.learn(flat.detach(), ids, generator)
                code = model.quantize.embedding(ids).reshape(z.shape)
                commit = (z - code).square().sum(-1).mean()
                q = z + (code - z).detach()
            out = model.pixels(q)
        loss = loss_of(out, x) + COMMITMENT * commit
        run.learn(loss, schedule(run.step, a.steps, a.rate))
        total += loss.item()
        if run.step % 100 == 0:
            run.log(loss=total / 100, psnr=psnr(out.detach().clamp(-1, 1), x).mean().item())
            total = 0.0
        if run.step % 400 == 0 or run.step == a.steps:
            trained = VQ(model.config).to(device, memory_format=torch.channels_last)
            trained.load_state_dict(average.shadow)
            trained.quantize.embedding.weight.data.copy_(model.quantize.embedding.weight)
            score, used = evaluate(trained, pictures, held_out[:320], device, dtype)
            run.log(held_out_psnr=score, codes_used=used)
            run.save()


if __name__ == "__main__":
    main()
