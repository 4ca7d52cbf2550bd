"""VQ codec in the layout of LlamaGen's tokenizer (arXiv 2406.06525 §3.1), with two differences of ours:
pixels are RGBA, and a patch x patch block of pixels is one position of the first convolution (space to depth), so that
a small network can afford 128-pixel pictures. Names of the weights are LlamaGen's."""
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from recipe.group_norm import GroupNorm


@dataclass(frozen=True)
class VQConfig:
    channels: int = 4          # RGBA, premultiplied, in [-1, 1]
    patch: int = 4             # pixels of one side of a position of conv_in
    ch: int = 64
    multipliers: tuple = (1, 2)
    res_blocks: int = 1        # a level of the encoder; the decoder has one more
    groups: int = 32
    z_channels: int = 128
    code_dim: int = 8
    vocab: int = 2048

    @property
    def downsample(self):      # pixels of one side of a token
        return self.patch * 2 ** (len(self.multipliers) - 1)


def norm(c, channels):
    return GroupNorm(c.groups, channels, eps=1e-6)


class Res(nn.Module):
    def __init__(self, c, inner, outer):
        super().__init__()
        self.norm1, self.conv1 = norm(c, inner), nn.Conv2d(inner, outer, 3, padding=1)
        self.norm2, self.conv2 = norm(c, outer), nn.Conv2d(outer, outer, 3, padding=1)
        if inner != outer:
            self.nin_shortcut = nn.Conv2d(inner, outer, 1)

    def forward(self, x):
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x) + h


class Attn(nn.Module):
    def __init__(self, c, channels):
        super().__init__()
        self.norm = norm(c, channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x):
        b, c, h, w = x.shape
        n = self.norm(x)
        q, k, v = (f(n).flatten(2) for f in (self.q, self.k, self.v))  # [B, C, P]
        o = v @ (q.transpose(1, 2) @ k * c ** -0.5).softmax(-1).transpose(1, 2)
        o = o.reshape(b, c, h, w)
        return x + self.proj_out(o.contiguous(memory_format=torch.channels_last))


class Down(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Up(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Level(nn.Module):
    def __init__(self, c, inner, outer, blocks, attn, resize):
        super().__init__()
        self.res = nn.ModuleList(Res(c, inner if i == 0 else outer, outer) for i in range(blocks))
        self.attn = nn.ModuleList(Attn(c, outer) for _ in range(blocks if attn else 0))
        if resize is Down:
            self.downsample = Down(outer)
        if resize is Up:
            self.upsample = Up(outer)

    def forward(self, x):
        for i, res in enumerate(self.res):
            x = res(x)
            if len(self.attn):
                x = self.attn[i](x)
        if hasattr(self, "downsample"):
            x = self.downsample(x)
        return self.upsample(x) if hasattr(self, "upsample") else x


class Encoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        widths = [c.ch * m for m in c.multipliers]
        last = len(widths) - 1
        self.conv_in = nn.Conv2d(c.channels * c.patch ** 2, c.ch, 3, padding=1)
        self.conv_blocks = nn.ModuleList(
            Level(c, ([c.ch] + widths)[i], w, c.res_blocks, i == last, None if i == last else Down) for i, w in enumerate(widths))
        self.mid = nn.ModuleList([Res(c, widths[-1], widths[-1]), Attn(c, widths[-1]), Res(c, widths[-1], widths[-1])])
        self.norm_out, self.conv_out = norm(c, widths[-1]), nn.Conv2d(widths[-1], c.z_channels, 3, padding=1)

    def forward(self, x):
        x = self.conv_in(x)
        for block in (*self.conv_blocks, *self.mid):
            x = block(x)
        return self.conv_out(F.silu(self.norm_out(x)))


class Decoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        widths = [c.ch * m for m in c.multipliers][::-1]  # execution order: deepest first
        last = len(widths) - 1
        self.conv_in = nn.Conv2d(c.z_channels, widths[0], 3, padding=1)
        self.mid = nn.ModuleList([Res(c, widths[0], widths[0]), Attn(c, widths[0]), Res(c, widths[0], widths[0])])
        self.conv_blocks = nn.ModuleList(
            Level(c, ([widths[0]] + widths)[i], w, c.res_blocks + 1, i == 0, None if i == last else Up) for i, w in enumerate(widths))
        self.norm_out, self.conv_out = norm(c, widths[-1]), nn.Conv2d(widths[-1], c.channels * c.patch ** 2, 3, padding=1)

    def forward(self, z):
        x = self.conv_in(z)
        for block in (*self.mid, *self.conv_blocks):
            x = block(x)
        return self.conv_out(F.silu(self.norm_out(x)))


class Codebook(nn.Module):
    """Unit vectors, moved by an exponential average of what they are chosen for; idle ones restart at a feature of the batch."""

    def __init__(self, c):
        super().__init__()
        self.embedding = nn.Embedding(c.vocab, c.code_dim)
        self.embedding.weight.requires_grad_(False)
        self.embedding.weight.copy_(F.normalize(torch.randn(c.vocab, c.code_dim), dim=-1))
        self.register_buffer("uses", torch.ones(c.vocab), persistent=False)

    def nearest(self, z):  # z [N, D] unit -> ids [N]
        return (z @ F.normalize(self.embedding.weight, dim=-1).T).argmax(-1)

    @torch.no_grad()
    def learn(self, z, ids, generator, decay=0.99):
        w = self.embedding.weight
        count = torch.bincount(ids, minlength=len(w)).float()
        total = torch.zeros_like(w).index_add_(0, ids, z)
        self.uses.mul_(decay).add_(count, alpha=1 - decay)
        moved = F.normalize(total, dim=-1)
        used = count > 0
        w[used] = F.normalize(decay * w[used] + (1 - decay) * moved[used], dim=-1)
        idle = (self.uses < 0.02).nonzero().flatten()
        if len(idle):
            w[idle] = z[torch.randint(len(z), (len(idle),), generator=generator)]
            self.uses[idle] = 1.0


class VQ(nn.Module):
    def __init__(self, config=VQConfig()):
        super().__init__()
        self.config = c = config
        self.encoder, self.decoder, self.quantize = Encoder(c), Decoder(c), Codebook(c)
        self.quant_conv = nn.Conv2d(c.z_channels, c.code_dim, 1)
        self.post_quant_conv = nn.Conv2d(c.code_dim, c.z_channels, 1)

    def features(self, x):  # [B, C, H, W] in [-1, 1] -> [B, h, w, D] unit vectors
        patches = F.pixel_unshuffle(x, self.config.patch).contiguous(memory_format=torch.channels_last)  # 5x faster on a CPU
        z = self.quant_conv(self.encoder(patches))
        return F.normalize(z.float().permute(0, 2, 3, 1), dim=-1)

    def pixels(self, q):    # [B, h, w, D] -> [B, C, H, W]
        x = self.decoder(self.post_quant_conv(q.permute(0, 3, 1, 2)))
        return F.pixel_shuffle(x.float(), self.config.patch)

    def encode(self, x):    # -> ids [B, h*w]
        z = self.features(x)
        return self.quantize.nearest(z.reshape(-1, z.shape[-1])).reshape(len(x), -1)

    def decode(self, ids):  # ids [B, h*w] of a square grid
        side = int(ids.shape[1] ** 0.5)
        q = F.normalize(self.quantize.embedding(ids), dim=-1)
        return self.pixels(q.reshape(len(ids), side, side, -1))
