"""The caption encoder, whose vectors condition the transformers, and the picture encoder that it was trained beside: two towers on
one sphere (CLIP, arXiv 2103.00020 §2), by which the best of several drawings is chosen, too."""
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class CaptionEncoderConfig:
    vocab: int = 3072
    slots: int = 19        # caption tokens
    dim: int = 192
    heads: int = 4
    layers: int = 2
    hidden: int = 512
    joint: int = 128       # numbers of a point on the sphere
    norm_eps: float = 1e-5


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads = c.heads
        self.norm1, self.norm2 = nn.LayerNorm(c.dim, eps=c.norm_eps), nn.LayerNorm(c.dim, eps=c.norm_eps)
        self.qkv, self.proj = nn.Linear(c.dim, 3 * c.dim), nn.Linear(c.dim, c.dim)
        self.fc1, self.fc2 = nn.Linear(c.dim, c.hidden), nn.Linear(c.hidden, c.dim)

    def forward(self, x, hidden):
        b, t, _ = x.shape
        q, k, v = (y.reshape(b, t, self.heads, -1).transpose(1, 2) for y in self.qkv(self.norm1(x)).chunk(3, -1))
        o = F.scaled_dot_product_attention(q, k, v, attn_mask=hidden.to(q.dtype))
        x = x + self.proj(o.transpose(1, 2).reshape(b, t, -1))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x)), approximate="tanh"))


class CaptionEncoder(nn.Module):
    def __init__(self, config=CaptionEncoderConfig()):
        super().__init__()
        self.config = c = config
        self.words, self.places = nn.Embedding(c.vocab, c.dim), nn.Embedding(c.slots, c.dim)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.norm = nn.LayerNorm(c.dim, eps=c.norm_eps)
        self.joint = nn.Linear(c.dim, c.joint, bias=False)
        nn.init.normal_(self.words.weight, std=0.5)
        nn.init.normal_(self.places.weight, std=0.05)

    def forward(self, ids):
        """ids [B, T], 0 where there is no token -> a vector for each [B, T, dim], zeros where there is none."""
        there = ids > 0
        x = self.words(ids) + self.places.weight[:ids.shape[1]]
        hidden = torch.where(there, 0.0, -1e4)[:, None, None]
        for block in self.blocks:
            x = block(x, hidden)
        return self.norm(x) * there[..., None]

    def point(self, ids):
        """The caption's place on the sphere, [B, joint]."""
        return F.normalize(self.joint(pooled(self(ids))).float(), dim=-1)


def pooled(vectors):
    """The mean of the vectors that are there: [B, T, dim] -> [B, dim]."""
    there = (vectors != 0).any(-1, keepdim=True).sum(1).clamp(min=1)
    return vectors.sum(1) / there


SIDE = 64
WIDTHS = ((32, 2), (64, 2), (96, 1), (128, 2), (128, 1), (192, 2))  # channels and stride of each convolution


class PictureEncoder(nn.Module):
    def __init__(self, joint=CaptionEncoderConfig.joint, channels=4):
        super().__init__()
        self.convs, self.norms, inner = nn.ModuleList(), nn.ModuleList(), channels
        for outer, stride in WIDTHS:
            self.convs.append(nn.Conv2d(inner, outer, 3, stride, 1, bias=False))
            self.norms.append(nn.BatchNorm2d(outer))
            inner = outer
        self.joint = nn.Linear(inner * 16, joint)

    def forward(self, x):
        """Premultiplied RGBA [B, 4, 64, 64] in [-1, 1] -> its place on the sphere, [B, joint]."""
        for conv, norm in zip(self.convs, self.norms):
            x = F.silu(norm(conv(x)))
        return F.normalize(self.joint(x.flatten(1)).float(), dim=-1)

    def folded(self):
        """The weights with the normalisation inside the convolutions, as they are shipped: convs.N.weight [out, in * 9] and .bias."""
        out = {"joint.weight": self.joint.weight, "joint.bias": self.joint.bias}
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            gain = norm.weight / (norm.running_var + norm.eps).sqrt()
            out[f"convs.{i}.weight"] = conv.weight.flatten(1) * gain[:, None]
            out[f"convs.{i}.bias"] = norm.bias - norm.running_mean * gain
        return {name: w.detach() for name, w in out.items()}
