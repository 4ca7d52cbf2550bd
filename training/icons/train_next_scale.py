"""Trains the next-scale transformer on the multi-scale tokenizer's features.

  python train_next_scale.py --data data --tokenizer runs/scale-tokenizer --captions runs/transformer/captions.json \\
      --run runs/next-scale [--steps N] [--tokens N]

Held-out (concept, style) cells are never seen; conditions are dropped as for the raster transformer. Each batch goes through the
scales up to one of REACH, drawn anew, with as many pictures as `--tokens` allow: what a picture shows is settled in the small
scales, and a pass over those costs a tenth. Within a pass a scale weighs by the square root of its cells. For most pictures
the quantiser slips, and the scales behind learn to mend it (recipe/multi_scale.py). Features are computed once."""
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from recipe.captions import encode, in_scope, label_of
from recipe.data import Pictures
from recipe.multi_scale import MultiScale
from recipe.run import Average, Run, adamw_for_transformers, begin, options, schedule
from recipe.scale_transformer import ScaleTransformer, ScaleTransformerConfig
from train_transformer import condition

REACH = ((4, 0.3), (5, 0.25), (6, 0.45))  # how many scales, how often
SLIP = 0.03  # at most, in units of the mean squared rest that the last scale finds


def trained_tokenizer(run):
    saved = torch.load(Path(run) / "checkpoint.pt", weights_only=True)
    model = MultiScale().eval()
    model.load_state_dict({**saved["average"], "quantize.embedding.weight": saved["model"]["quantize.embedding.weight"]})
    return model.requires_grad_(False)


@torch.no_grad()
def features_of(pictures, tokenizer, file, dtype):
    """[N, D, h, w] of every picture, float16."""
    if not file.exists():
        out = []
        tokenizer = tokenizer.to(memory_format=torch.channels_last)
        for i in range(0, len(pictures.rows), 64):
            x = pictures.batch(range(i, min(i + 64, len(pictures.rows)))).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype):
                out.append(tokenizer.features(x).half().numpy())
        np.save(file, np.concatenate(out))
    return np.load(file, mmap_mode="r")


@torch.no_grad()
def teach(quantiser, f, scales, slip=None):
    """Features -> what the scales after the first are fed [B, n, D], and the ids of all [B, 1 + n]."""
    ids, canvases, _ = quantiser(f, slip, scales)
    fed = [quantiser.shrunk(canvas, s + 1).flatten(1, 2) for s, canvas in enumerate(canvases[:-1])]
    return torch.cat(fed, 1), torch.cat(ids, 1)


@torch.no_grad()
def losses(model, quantiser, pictures, text, features, indices, device, dtype):
    """Nats of a picture, scale by scale, with their own labels, and what all together lose with their neighbours'."""
    rows = [pictures.rows[i] for i in indices]
    captions = encode(text, [label_of(r) for r in rows])
    styles = torch.tensor([pictures.styles.index(r["style"]) for r in rows])
    sizes = [side * side for side in model.config.sides]

    def of(captions, i):
        f = torch.from_numpy(features[indices[i:i + 32]]).float()
        codes, ids = teach(quantiser, f, len(sizes))
        with torch.autocast(device.type, dtype):
            logits = model(styles[i:i + 32].to(device), captions[i:i + 32].to(device), codes.to(device))
        each = F.cross_entropy(logits.float().flatten(0, 1), ids.flatten().to(device), reduction="none").view(ids.shape)
        return torch.stack([part.sum() for part in each.split(sizes, 1)]) / len(indices)

    own = sum(of(captions, i) for i in range(0, len(indices), 32))
    swapped = sum(of(captions.roll(1, 0), i) for i in range(0, len(indices), 32))
    return own.tolist(), (swapped - own).sum().item()


def main():
    p = options("next-scale", steps=10000, rate=1.5e-3)
    p.add_argument("--tokenizer", default="runs/scale-tokenizer")
    p.add_argument("--captions", default="runs/transformer/captions.json")
    p.add_argument("--tokens", type=int, default=4800)
    a = p.parse_args()
    device, dtype = begin(a.seed)
    pictures, folder = Pictures(a.data), Path(a.run)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = trained_tokenizer(a.tokenizer)
    features = features_of(pictures, tokenizer, folder / "features.npy", dtype)
    quantiser, text = tokenizer.quantize, Tokenizer.from_file(a.captions)
    train = pictures.where(lambda r: in_scope(r) and not r["heldOutCell"])
    cells = pictures.where(lambda r: in_scope(r) and r["heldOutCell"])
    config = ScaleTransformerConfig(styles=len(pictures.styles), caption_vocab=text.get_vocab_size())
    assert config.sides == tokenizer.config.sides
    model = ScaleTransformer(config).to(device)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M weights, {len(train)} pictures, {len(cells)} held-out cells", flush=True)
    optimizer = adamw_for_transformers(model, a.rate)
    average = Average(model, 0.998)
    run = Run(folder, model, optimizer, average)
    sizes = torch.tensor([side * side for side in config.sides])
    weights = torch.repeat_interleave(sizes.float() ** -0.5, sizes).to(device)  # of a cell
    far = tokenizer.quantize(torch.from_numpy(features[train[:64]]).float())[2][-1].square().sum(-1).mean().item()
    batches = {scales: int(a.tokens / (config.slots - 1 + int(sizes[:scales].sum()))) for scales, _ in REACH}
    totals = {scales: [] for scales, _ in REACH}

    @torch.compile(dynamic=False)
    def loss_of(style, caption, codes, ids):
        with torch.autocast(device.type, dtype):
            logits = model(style, caption, codes)
        each = F.cross_entropy(logits.float().flatten(0, 1), ids.flatten(), reduction="none").view(ids.shape)
        weight = weights[:ids.shape[1]]
        return (each * weight).sum(1).mean() / weight.sum()

    while run.step < a.steps:
        rng = np.random.default_rng([a.seed, run.step])
        scales = int(rng.choice([s for s, _ in REACH], p=[share for _, share in REACH]))
        pick = rng.choice(train, batches[scales], replace=False)
        style, caption = condition(model, pictures, text, [pictures.rows[i] for i in pick], rng)
        slip = torch.from_numpy(rng.random(len(pick))).float() * SLIP * far
        torch.manual_seed(run.step)
        codes, ids = teach(quantiser, torch.from_numpy(features[pick]).float(), scales, slip)
        loss = loss_of(style.to(device), caption.to(device), codes.to(device), ids.to(device))
        run.learn(loss, schedule(run.step, a.steps, a.rate))
        totals[scales].append(loss.item())
        if run.step % 50 == 0:
            run.log(**{f"loss{scales}": sum(t) / len(t) for scales, t in totals.items() if t})
            totals = {scales: [] for scales in totals}
        if run.step % 500 == 0 or run.step == a.steps:
            shadow = ScaleTransformer(model.config).to(device)
            shadow.load_state_dict(average.shadow)
            for name, some in ("seen", train[::len(train) // 128]), ("held_out", cells[:128]):
                own, gain = losses(shadow, quantiser, pictures, text, features, some, device, dtype)
                run.log(pictures=name, nats=" ".join(f"{n:.1f}" for n in own), caption_gain=gain)
            run.save()


if __name__ == "__main__":
    main()
