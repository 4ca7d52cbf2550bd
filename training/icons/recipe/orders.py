"""The three orders of generation as training and sampling need them: how grids become what a transformer is fed, what a batch loses,
how a picture is drawn, and how shipped weights are taken over."""
import math

import torch
import torch.nn.functional as F

from recipe.caption_encoder import pooled
from recipe.multi_scale import MultiScale, own_names
from recipe.scale_transformer import ScaleTransformer, ScaleTransformerConfig
from recipe.shipped import read
from recipe.transformer import NeighborTransformer, Transformer, TransformerConfig
from recipe.vq import VQ

CORRUPT = 0.5     # of the pictures are fed with random ids among theirs
REACH = ((4, 0.25), (5, 0.25), (6, 0.5))  # how many scales a batch goes through, how often
SLIP = 0.03       # at most, in units of the mean squared rest that the last scale finds


def shipped_codec(model, file, kind, names):
    codec = kind().eval().requires_grad_(False)
    codec.load_state_dict(names({n: w for n, w in read(model / file).items() if not n.startswith("preview.")}))
    return codec


@torch.no_grad()
def begin_from(model, weights, table, archive, encode):
    """Takes over shipped weights. Where those had a table of caption tokens, the projection of the caption encoder's vectors begins as
    the one that comes nearest to the table's rows over the captions of the archive (least squares)."""
    own = model.state_dict()
    known = {name: w for name, w in weights.items() if name in own and own[name].shape == w.shape}
    if table in weights:
        ids = archive.captions[torch.unique(archive.first)]
        vectors, rows = encode(ids), weights[table].to(ids.device)[ids]
        there = ids > 0
        rows = rows * there[..., None]
        x, y = torch.cat([vectors[there], pooled(vectors) * 4]), torch.cat([rows[there], pooled(rows) * 4])
        solved = torch.linalg.lstsq(x.cpu(), y.cpu()).solution
        print(f"caption projection explains {1 - (y.cpu() - x.cpu() @ solved).square().sum() / (y.cpu() - y.cpu().mean(0)).square().sum():.2f} of the table")
        known[next(n for n in own if n.endswith("caption_proj.weight"))] = solved.T
    missing = set(own) - set(known)
    assert not missing, f"the weights lack {sorted(missing)}"
    model.load_state_dict(known)


def filtered(logits, temperature, top_k, top_p):
    """Draws from [..., V] logits."""
    logits = logits.float() / temperature
    if top_k:
        logits = logits.masked_fill(logits < logits.topk(top_k, -1).values[..., -1:], -math.inf)
    sorted_, order = logits.softmax(-1).sort(-1, descending=True)
    sorted_ = sorted_.masked_fill(sorted_.cumsum(-1) - sorted_ > top_p, 0)
    drawn = torch.multinomial(sorted_.flatten(0, -2), 1).view(*logits.shape[:-1], 1)
    return order.gather(-1, drawn)[..., 0]


class Raster:
    """LlamaGen and NAR: one grid of ids."""
    grid, columns, table = "raster", 256, "cls_embedding.caption_table.weight"

    def __init__(self, order, archive, model_folder):
        self.kind = {"next-token": Transformer, "next-neighbor": NeighborTransformer}[order]
        self.neighbor, self.archive = order == "next-neighbor", archive
        self.config = TransformerConfig(styles=len(archive.styles))
        self.codec = shipped_codec(model_folder, "tokenizer.safetensors", VQ, dict)

    def new(self):
        return self.kind(self.config)

    def layers(self, model):
        return model.layers

    def reach(self, rng):
        return None

    def pictures(self, reach, most):
        return most

    def fed(self, rows, reach, generator):
        ids, device = self.archive.grids["raster"][rows].long(), self.archive.device
        share = torch.rand(len(rows), 1, generator=generator, device=device)
        share = share * (torch.rand(len(rows), 1, generator=generator, device=device) < CORRUPT)
        wrong = torch.randint(0, self.config.vocab, ids.shape, generator=generator, device=device)
        swap = torch.rand(ids.shape, generator=generator, device=device) < share
        return torch.where(swap, wrong, ids), ids

    def exact(self, rows):
        ids = self.archive.grids["raster"][rows].long()
        return ids, ids

    def weights(self, reach):
        return None

    @torch.no_grad()
    def draw(self, model, style, caption, device, guidance=3.0, temperature=0.9, top_k=256, top_p=0.95):
        n, side = len(style), self.config.grid
        style = torch.cat([style, torch.full_like(style, self.config.styles)])
        caption = torch.cat([caption, torch.zeros_like(caption)])
        ids = torch.zeros(n, side * side, dtype=torch.long, device=device)
        diagonal = (torch.arange(side)[:, None] + torch.arange(side)).flatten().to(device)
        for step in range(2 * side - 1 if self.neighbor else side * side):
            now = (diagonal == step).nonzero().flatten() if self.neighbor else torch.tensor([step], device=device)
            seen = ids if self.neighbor else ids[:, :step + 1]
            own, none = model(style, caption, torch.cat([seen, seen]))[:, now].float().chunk(2)
            ids[:, now] = filtered(none + guidance * (own - none), temperature, top_k, top_p)
        return self.codec.to(device).decode(ids)


class Scales:
    """VAR: grids of growing sides. The canvas that a picture's ids paint stands for its features."""
    grid, columns, table = "scale", 376, "caption_emb.weight"

    def __init__(self, order, archive, model_folder):
        self.kind, self.archive = ScaleTransformer, archive
        self.config = ScaleTransformerConfig(styles=len(archive.styles))
        self.codec = shipped_codec(model_folder, "scale-tokenizer.safetensors", MultiScale, own_names)
        self.quantiser = self.codec.quantize.to(archive.device)
        self.sizes = [side * side for side in self.config.sides]
        self.canvases = self.painted()
        self.cell_weights = torch.repeat_interleave(torch.tensor(self.sizes).float() ** -0.5, torch.tensor(self.sizes)).to(archive.device)
        some = self.quantiser(self.canvases[:64].float())[2][-1]
        self.far = some.square().sum(-1).mean().item()

    def new(self):
        return self.kind(self.config)

    def layers(self, model):
        return model.blocks

    @torch.no_grad()
    def painted(self):
        """The canvas of every row, [N, D, h, w] in half precision."""
        out = []
        for ids in self.archive.grids["scale"].split(512):
            parts = ids.long().split(self.sizes, 1)
            codes = (self.quantiser.embedding(part).unflatten(1, (side, side)) for part, side in zip(parts, self.config.sides))
            out.append(sum(self.quantiser.contribution(code, scale) for scale, code in enumerate(codes)).half())
        return torch.cat(out)

    def reach(self, rng):
        return int(rng.choice([s for s, _ in REACH], p=[share for _, share in REACH]))

    def pictures(self, reach, most):
        """As many as have the tokens of `most` whole ones."""
        tokens = lambda scales: self.config.slots - 1 + sum(self.sizes[:scales])
        return int(most * tokens(len(self.sizes)) / tokens(reach))

    @torch.no_grad()
    def taught(self, rows, reach, slip):
        """What the scales after the first are fed [B, n, D], and the ids of all [B, 1 + n]."""
        with torch.autocast(self.canvases.device.type, enabled=False):
            ids, canvases, _ = self.quantiser(self.canvases[rows].float(), slip, reach)
            fed = [self.quantiser.shrunk(canvas, s + 1).flatten(1, 2) for s, canvas in enumerate(canvases[:-1])]
        return torch.cat(fed, 1), torch.cat(ids, 1)

    def fed(self, rows, reach, generator):
        slip = torch.rand(len(rows), generator=generator, device=self.archive.device) * SLIP * self.far
        return self.taught(rows, reach, slip)

    def exact(self, rows):
        return self.taught(rows, len(self.sizes), None)

    def weights(self, reach):
        return self.cell_weights[:sum(self.sizes[:reach])]

    @torch.no_grad()
    def draw(self, model, style, caption, device, guidance=5.0, until=0.3, temperature=0.5, top_p=0.9):
        n, sides = len(style), self.config.sides
        style = torch.cat([style, torch.full_like(style, self.config.styles)])
        caption = torch.cat([caption, torch.zeros_like(caption)])
        canvas, fed, ids = torch.zeros_like(self.canvases[:n], dtype=torch.float), torch.zeros(n, 0, self.config.code_dim, device=device), []
        for scale, side in enumerate(sides):
            drawn = sum(self.sizes[:scale])
            logits = model(style, caption, torch.cat([fed, fed]))[:, drawn:].float()
            own, none = logits.chunk(2)
            more = (guidance - 1) * scale / (len(sides) - 1) if drawn < until * sum(self.sizes) else 0.0
            ids.append(filtered(own + more * (own - none), temperature, 0, top_p))
            canvas = canvas + self.quantiser.contribution(self.quantiser.embedding(ids[-1]).unflatten(1, (side, side)), scale)
            if side != sides[-1]:
                fed = torch.cat([fed, self.quantiser.shrunk(canvas, scale + 1).flatten(1, 2)], 1)
        return self.codec.to(device).pixels(canvas)


ORDERS = {"next-scale": Scales, "next-token": Raster, "next-neighbor": Raster}


def loss_of(logits, ids, weight):
    """Nats a token; with weights, a weighted mean over the tokens of a picture."""
    each = F.cross_entropy(logits.float().flatten(0, 1), ids.flatten(), reduction="none").view(ids.shape)
    return each.mean() if weight is None else (each * weight).sum(1).mean() / weight.sum()
