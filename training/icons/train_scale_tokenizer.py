"""Trains the multi-scale tokenizer, from the weights of the trained VQ.

  python train_scale_tokenizer.py --data data --tokenizer runs/tokenizer --run runs/scale-tokenizer [--steps N] [--batch N]

The loss of train_tokenizer.py. After every scale the encoder commits to the canvas, and the convolutions phi pull the canvas to
the features (VAR, arXiv 2404.02905, its code): a small scale then holds what is large. A few pictures of each batch are
decoded from an unfinished canvas, so that those can be looked at, too."""
from pathlib import Path

import torch

from recipe.data import Pictures, batch_at
from recipe.multi_scale import MultiScale, begin_from
from recipe.run import Average, Run, adamw_for_tokenizers, begin, options, schedule
from train_tokenizer import COMMITMENT, evaluate, loss_of, psnr

FREE_STEPS = 40  # without the codebook, until the blocks have settled around the new convolutions
UNFINISHED = 2   # pictures of a batch


def main():
    p = options("scale-tokenizer", steps=1600, rate=4e-4)
    p.add_argument("--tokenizer", default="runs/tokenizer")
    p.add_argument("--batch", type=int, default=16)
    a = p.parse_args()
    device, dtype = begin(a.seed)
    pictures = Pictures(a.data)
    train = pictures.where(lambda r: not r["heldOutConcept"])
    held_out = pictures.where(lambda r: r["heldOutConcept"])
    model = MultiScale()
    begin_from(model, torch.load(Path(a.tokenizer) / "checkpoint.pt", weights_only=True)["average"], pictures.batch(train[:64]))
    model = model.to(device, memory_format=torch.channels_last)
    optimizer = adamw_for_tokenizers(model, a.rate)
    average = Average(model, 0.998)
    run = Run(a.run, model, optimizer, average)
    generator = torch.Generator().manual_seed(a.seed + run.step)
    total = 0.0
    while run.step < a.steps:
        x = pictures.batch(batch_at(train, a.batch, a.seed, run.step))
        if run.step % 2:
            x = x.flip(-1)
        x = x.to(device).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, dtype):
            f = model.features(x)
        if run.step == FREE_STEPS:                                    # start the codes where the features are, all scales alike
            model.quantize.begin(f.detach(), generator)
        if run.step < FREE_STEPS:
            q, commit = f, f.square().mean() * 1e-4
        else:
            ids, canvases, cells = model.quantize(f.detach())
            model.quantize.learn(cells, ids, generator)
            far = torch.stack([(f - c.detach()).square().mean() for c in canvases]).mean()
            commit = COMMITMENT * far + torch.stack([(c - f.detach()).square().mean() for c in canvases]).mean()
            shown = torch.randint(2, len(canvases), (UNFINISHED,), generator=generator).tolist()
            canvas = torch.cat([torch.stack([canvases[s][i] for i, s in enumerate(shown)]), canvases[-1][UNFINISHED:]])
            q = f + (canvas - f).detach()
        with torch.autocast(device.type, dtype):
            out = model.pixels(q)
        loss = loss_of(out, x) + commit
        run.learn(loss, schedule(run.step, a.steps, a.rate))
        total += loss.item()
        if run.step % 50 == 0:
            run.log(loss=total / 50, psnr=psnr(out.detach().clamp(-1, 1), x)[UNFINISHED:].mean().item(), commit=commit.item(), norm=f.norm(dim=1).mean().item())
            total = 0.0
        if run.step % 400 == 0 or run.step == a.steps:
            trained = MultiScale().to(device, memory_format=torch.channels_last)
            trained.load_state_dict(average.shadow)
            trained.quantize.embedding.weight.data.copy_(model.quantize.embedding.weight)
            score, used = evaluate(trained, pictures, held_out[:320], device, dtype)
            run.log(held_out_psnr=score, codes_used=used)
            run.save()


if __name__ == "__main__":
    main()
