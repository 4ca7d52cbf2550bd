"""The multi-scale residual codec of next-scale generation (VAR, arXiv 2404.02905 §3.2): the blocks of recipe/vq.py around a
quantiser that describes the feature map scale by scale, each scale the rest that those before it left."""
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import nn

from recipe.vq import Decoder, Encoder, VQConfig

RATIO = 0.5  # the part of a scale's map that goes through its convolution phi


@dataclass(frozen=True)
class MultiScaleConfig:
    codec: VQConfig = replace(VQConfig(), z_channels=8)  # z_channels = code_dim: here the convolutions reach the code itself
    sides: tuple = (1, 2, 3, 5, 9, 16)

    @property
    def starts(self):
        return torch.tensor([0, *(s * s for s in self.sides)]).cumsum(0).tolist()


class Quantiser(nn.Module):
    """One codebook for all scales, moved by an exponential average of what its codes are chosen for; idle codes restart at
    cells of the batch, an equal number of each scale. phi follows the gradient."""

    def __init__(self, c):
        super().__init__()
        vocab, dim = c.codec.vocab, c.codec.code_dim
        self.sides = c.sides
        self.embedding = nn.Embedding(vocab, dim)
        self.embedding.weight.requires_grad_(False)
        self.quant_resi = nn.ModuleList(nn.Conv2d(dim, dim, 3, padding=1) for _ in c.sides)
        self.register_buffer("uses", torch.ones(vocab), persistent=False)

    def contribution(self, codes, scale):  # [B, p, p, D] -> [B, D, h, w]
        side = self.sides[-1]
        h = codes.permute(0, 3, 1, 2)
        if h.shape[-1] != side:
            h = F.interpolate(h, size=(side, side), mode="bicubic")
        return (1 - RATIO) * h + RATIO * self.quant_resi[scale](h)

    def shrunk(self, canvas, scale):  # [B, D, h, w] -> [B, p, p, D]
        return F.interpolate(canvas, size=(self.sides[scale],) * 2, mode="area").permute(0, 2, 3, 1)

    def forward(self, f, slip=None, scales=None):
        """Features [B, D, h, w] -> ids of each scale [B, p*p], canvas after each [B, D, h, w], and the cells [B, p, p, D] that
        the ids stand for. `slip` [B]: how far from the nearest a code may fall, so that later scales learn to mend what earlier
        ones spoiled (Infinity, arXiv 2412.04431 §3.4)."""
        w = self.embedding.weight
        canvas, ids, canvases, cells = torch.zeros_like(f), [], [], []
        for scale in range(len(self.sides) if scales is None else scales):
            rest = self.shrunk((f - canvas).detach(), scale)
            nearness = 2 * rest.flatten(1, 2) @ w.T - w.square().sum(-1)  # [B, p*p, V]
            if slip is not None:
                noise = -torch.log(-torch.log(torch.rand(nearness.shape, device=f.device).clamp(1e-9, 1 - 1e-7)))
                nearest = (nearness + slip[:, None, None] * noise).argmax(-1)
                ids.append(nearness.argmax(-1))
            else:
                nearest = nearness.argmax(-1)
                ids.append(nearest)
            cells.append(rest)
            canvas = canvas + self.contribution(self.embedding(nearest).unflatten(1, (self.sides[scale],) * 2), scale)
            canvases.append(canvas)
        return ids, canvases, cells

    @torch.no_grad()
    def begin(self, f, generator):
        """Codes at cells of the batch, scales alike; each scale's rest is taken as if those before it had no error."""
        w, canvas, parts = self.embedding.weight, torch.zeros_like(f), []
        for scale in range(len(self.sides)):
            cells = self.shrunk(f - canvas, scale)
            canvas = canvas + self.contribution(cells, scale)
            flat = cells.reshape(-1, w.shape[1])
            parts.append(flat[torch.randint(len(flat), (-(-len(w) // len(self.sides)),), generator=generator)])
        w.copy_(torch.cat(parts)[:len(w)])

    @torch.no_grad()
    def learn(self, cells, ids, generator, decay=0.99):
        w = self.embedding.weight
        flat, chosen = torch.cat([c.reshape(-1, w.shape[1]) for c in cells]), torch.cat([i.flatten() for i in ids])
        count = torch.bincount(chosen, minlength=len(w)).float()
        total = torch.zeros_like(w).index_add_(0, chosen, flat)
        self.uses.mul_(decay).add_(count, alpha=1 - decay)
        used = count > 0
        share = ((1 - decay) * count / self.uses)[used, None]  # the running mean of all that chose the code
        w[used] = w[used].lerp(total[used] / count[used, None], share.clamp(max=1))
        idle = (self.uses < 0.005).nonzero().flatten()
        for scale, rows in enumerate(idle.split(-(-max(1, len(idle)) // len(cells)))):
            source = cells[scale].reshape(-1, w.shape[1])
            w[rows] = source[torch.randint(len(source), (len(rows),), generator=generator)]
            self.uses[rows] = 1.0


class MultiScale(nn.Module):
    def __init__(self, config=MultiScaleConfig()):
        super().__init__()
        self.config, dim = config, config.codec.code_dim
        self.encoder, self.decoder, self.quantize = Encoder(config.codec), Decoder(config.codec), Quantiser(config)
        self.quant_conv, self.post_quant_conv = (nn.Conv2d(dim, dim, 3, padding=1) for _ in range(2))

    def features(self, x):  # [B, C, H, W] in [-1, 1] -> [B, D, h, w] float32
        patches = F.pixel_unshuffle(x, self.config.codec.patch).contiguous(memory_format=torch.channels_last)
        return self.quant_conv(self.encoder(patches)).float()

    def pixels(self, canvas):
        return F.pixel_shuffle(self.decoder(self.post_quant_conv(canvas)).float(), self.config.codec.patch)

    def encode(self, x):  # -> ids [B, positions], scales from small to large
        f = self.features(x)
        with torch.autocast(x.device.type, enabled=False):
            return torch.cat(self.quantize(f)[0], 1)

    def decode(self, ids):
        canvas = 0
        for scale, (a, b) in enumerate(zip(self.config.starts, self.config.starts[1:])):
            codes = self.quantize.embedding(ids[:, a:b]).unflatten(1, (self.config.sides[scale],) * 2)
            canvas = canvas + self.quantize.contribution(codes, scale)
        return self.pixels(canvas)


@torch.no_grad()
def begin_from(model, vq, x):
    """Takes over the trained weights of a VQ: all blocks, and the 1x1 convolutions at the code folded into those beside them.
    Its features had unit length; these have it on average over the pictures x."""
    own = model.state_dict()
    for name, w in vq.items():
        if name in own and own[name].shape == w.shape and not name.startswith("quantize"):
            own[name].copy_(w)
    into, out = vq["quant_conv.weight"][:, :, 0, 0], vq["post_quant_conv.weight"][:, :, 0, 0]
    own["encoder.conv_out.weight"].copy_(torch.einsum("dz,zcij->dcij", into, vq["encoder.conv_out.weight"]))
    own["encoder.conv_out.bias"].copy_(into @ vq["encoder.conv_out.bias"] + vq["quant_conv.bias"])
    own["decoder.conv_in.weight"].copy_(torch.einsum("czij,zd->cdij", vq["decoder.conv_in.weight"], out))
    spread = vq["decoder.conv_in.weight"].sum((2, 3)) @ vq["post_quant_conv.bias"]
    own["decoder.conv_in.bias"].copy_(vq["decoder.conv_in.bias"] + spread)
    for name in ("quant_conv", "post_quant_conv"):
        nn.init.dirac_(own[f"{name}.weight"])
        nn.init.zeros_(own[f"{name}.bias"])
    length = model.features(x).norm(dim=1).mean()
    for part in "weight", "bias":
        own[f"encoder.conv_out.{part}"].div_(length)


def published(state):
    """The weights under the names of VAR's file vae_ch160v4096z32.pth: levels counted by resolution, one convolution for q, k, v."""
    levels = 1 + max(int(name.split(".")[2]) for name in state if ".conv_blocks." in name)
    out = {}
    for name, w in state.items():
        part, *rest = name.split(".")
        if rest and rest[0] == "conv_blocks":
            level, kind = int(rest[1]), rest[2]
            path = f"encoder.down.{level}" if part == "encoder" else f"decoder.up.{levels - 1 - level}"
            name = ".".join([path, {"res": "block"}.get(kind, kind), *rest[3:]])
        elif rest and rest[0] == "mid":
            name = ".".join([part, "mid", ("block_1", "attn_1", "block_2")[int(rest[1])], *rest[2:]])
        out[name] = w
    for name in [n for n in out if n.endswith((".q.weight", ".q.bias"))]:
        stem, kind = name.rsplit(".q.", 1)
        out[f"{stem}.qkv.{kind}"] = torch.cat([out.pop(f"{stem}.{which}.{kind}") for which in "qkv"])
    return out


def own_names(state):
    """The way back of `published`: weights of a file under the names of MultiScale."""
    names = list(MultiScale().state_dict())
    sources = published({name: torch.tensor([i]) for i, name in enumerate(names)})  # which of ours each of the file's is made of
    parts = ((i, part) for name, of in sources.items() for i, part in zip(of.tolist(), state[name].chunk(len(of))))
    return {names[i]: part for i, part in parts}
