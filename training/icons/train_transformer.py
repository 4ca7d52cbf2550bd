"""Trains a transformer on the tokenizer's ids: token by token, or by diagonals; either may begin with the weights of the other.

  python train_transformer.py --data data --tokenizer runs/tokenizer --run runs/transformer [--steps N] [--batch N]
  python train_transformer.py --order next-neighbor --start runs/transformer --run runs/next-neighbor ...

Held-out (concept, style) cells are never seen. A tenth of the conditions is dropped whole, for guidance; a twentieth
loses its style only. Three quarters of the pictures are fed with a part of their ids replaced by random ones, a part that differs
from picture to picture: else the caption, which says 7 of a picture's 600 nats, is learnt last. Logged as `caption_gain`:
the nats a picture that its own caption saves against a neighbour's. The ids of all pictures are computed once and kept
beside the checkpoint."""
import shutil
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from recipe.captions import PAD, encode, in_scope, label_of, sample_caption, train_tokenizer
from recipe.data import Pictures, batch_at
from recipe.run import Average, Run, adamw_for_transformers, begin, options, schedule
from recipe.transformer import NeighborTransformer, Transformer, TransformerConfig
from recipe.vq import VQ, VQConfig

DROP_ALL, DROP_STYLE, CORRUPT = 0.10, 0.05, 0.75
ORDERS = {"next-token": Transformer, "next-neighbor": NeighborTransformer}


def trained_vq(run):
    saved = torch.load(Path(run) / "checkpoint.pt", weights_only=True)
    model = VQ(VQConfig()).eval()
    model.load_state_dict({**saved["average"], "quantize.embedding.weight": saved["model"]["quantize.embedding.weight"]})
    return model.requires_grad_(False)


@torch.no_grad()
def picture_ids(pictures, tokenizer_run, file, device, dtype):
    """[N, h*w] ids of every picture by the averaged tokenizer."""
    if file.exists():
        return torch.from_numpy(np.load(file).astype(np.int64))
    vq, out = trained_vq(tokenizer_run).to(device, memory_format=torch.channels_last), []
    for i in range(0, len(pictures.rows), 64):
        x = pictures.batch(range(i, min(i + 64, len(pictures.rows)))).to(device).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, dtype):
            out.append(vq.encode(x).cpu())
    ids = torch.cat(out)
    np.save(file, ids.numpy().astype(np.uint16))
    return ids


def condition(model, pictures, text, rows, rng):
    style = torch.tensor([pictures.styles.index(r["style"]) for r in rows])
    caption = encode(text, [sample_caption(r, rng) for r in rows])
    lot = torch.from_numpy(rng.random(len(rows)))
    style[lot < DROP_ALL + DROP_STYLE] = model.config.styles
    caption[lot < DROP_ALL] = PAD
    return style, caption


def corrupt(ids, vocab, rng):
    """CORRUPT of the rows get a share of random ids, uniform in 0 … 1."""
    share = rng.random((len(ids), 1)) * (rng.random((len(ids), 1)) < CORRUPT)
    wrong = torch.from_numpy(rng.integers(0, vocab, ids.shape))
    return torch.where(torch.from_numpy(rng.random(ids.shape) < share), wrong, ids)


@torch.no_grad()
def begin_from(model, weights):
    """Begins with the weights of either order. A second head and its block, if the other has none, begin as copies of the first
    and of the last block, which do nearly what they are to do."""
    last = model.config.layers - 1
    copies = {name.replace(f"layers.{last}.", f"layers.{last + 1}."): w for name, w in weights.items() if f"layers.{last}." in name}
    heads = {"medusa_norm.weight": weights["norm.weight"], "medusa_output.weight": weights["output.weight"]}
    known = {**copies, **heads, **weights}
    model.load_state_dict({name: known[name] for name in model.state_dict()})


@torch.no_grad()
def losses(model, pictures, text, ids, indices, device, dtype):
    """Nats a token over these pictures, with their own labels and with those of their neighbours in the list."""
    rows, own, swapped = [pictures.rows[i] for i in indices], 0.0, 0.0
    captions = encode(text, [label_of(r) for r in rows])
    styles = torch.tensor([pictures.styles.index(r["style"]) for r in rows])

    def of(captions, i):
        y = ids[indices[i:i + 64]].to(device)
        with torch.autocast(device.type, dtype):
            logits = model(styles[i:i + 64].to(device), captions[i:i + 64].to(device), y)
        return F.cross_entropy(logits.float().flatten(0, 1), y.flatten()).item() * len(y) / len(indices)

    for i in range(0, len(indices), 64):
        own, swapped = own + of(captions, i), swapped + of(captions.roll(1, 0), i)
    return own, swapped


def main():
    p = options("transformer", steps=8000, rate=1.5e-3)
    p.add_argument("--tokenizer", default="runs/tokenizer")
    p.add_argument("--order", choices=ORDERS, default="next-token")
    p.add_argument("--start", help="a run of either order whose weights and captions this one begins with")
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--dropout", type=float, default=0.0)
    a = p.parse_args()
    device, dtype = begin(a.seed)
    pictures, folder = Pictures(a.data), Path(a.run)
    folder.mkdir(parents=True, exist_ok=True)
    ids = picture_ids(pictures, a.tokenizer, folder / "ids.npy", device, dtype)
    if a.start:
        shutil.copy(Path(a.start) / "captions.json", folder)
    if not (folder / "captions.json").exists():
        train_tokenizer(pictures.rows, folder / "captions.json")
    text = Tokenizer.from_file(str(folder / "captions.json"))
    train = pictures.where(lambda r: in_scope(r) and not r["heldOutCell"])
    cells = pictures.where(lambda r: in_scope(r) and r["heldOutCell"])
    config = TransformerConfig(styles=len(pictures.styles), caption_vocab=text.get_vocab_size())
    model = ORDERS[a.order](config, a.dropout).to(device)
    if a.start:
        begin_from(model, torch.load(Path(a.start) / "checkpoint.pt", weights_only=True)["average"])
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M weights, {len(train)} pictures, {len(cells)} held-out cells", flush=True)
    optimizer = adamw_for_transformers(model, a.rate)
    average = Average(model, 0.998)
    run = Run(folder, model, optimizer, average)
    total = 0.0

    @torch.compile
    def loss_of(style, caption, fed, y):
        with torch.autocast(device.type, dtype):
            logits = model(style, caption, fed)
        return F.cross_entropy(logits.float().flatten(0, 1), y.flatten())

    while run.step < a.steps:
        pick, rng = batch_at(train, a.batch, a.seed, run.step), np.random.default_rng([a.seed, run.step])
        style, caption = condition(model, pictures, text, [pictures.rows[i] for i in pick], rng)
        fed = corrupt(ids[pick], model.config.vocab, rng)
        loss = loss_of(style.to(device), caption.to(device), fed.to(device), ids[pick].to(device))
        run.learn(loss, schedule(run.step, a.steps, a.rate))
        total += loss.item()
        if run.step % 50 == 0:
            run.log(loss=total / 50)
            total = 0.0
        if run.step % 250 == 0 or run.step == a.steps:
            trained = ORDERS[a.order](config).to(device)
            trained.load_state_dict(average.shadow)
            for name, some in ("seen", train[::len(train) // 128]), ("held_out", cells[:128]):
                own, swapped = losses(trained, pictures, text, ids, some, device, dtype)
                run.log(pictures=name, loss=own, caption_gain=(swapped - own) * ids.shape[1])
            run.save()


if __name__ == "__main__":
    main()
