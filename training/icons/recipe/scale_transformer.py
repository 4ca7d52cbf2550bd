"""VAR's transformer (arXiv 2404.02905 §3.3; weights under its names) with a caption of ours: the condition of AdaLN is the row of
the style plus the mean of the caption's vectors, of the caption encoder and projected; these vectors stand, with learned positions, before the start of
the sequence."""
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from recipe.caption_encoder import CaptionEncoderConfig, pooled


@dataclass(frozen=True)
class ScaleTransformerConfig:
    layers: int = 8
    heads: int = 4
    dim: int = 256
    hidden: int = 1024
    vocab: int = 2048
    code_dim: int = 8
    sides: tuple = (1, 2, 3, 5, 9, 16)
    slots: int = 20
    caption_dim: int = CaptionEncoderConfig.dim
    styles: int = 9
    norm_eps: float = 1e-6


def plain_norm(c, x):  # written out: compiled, it is one pass
    with torch.autocast(x.device.type, enabled=False):
        x = x.float()
        x = x - x.mean(-1, keepdim=True)
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + c.norm_eps)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads = c.heads
        self.mat_qkv, self.proj = nn.Linear(c.dim, 3 * c.dim, bias=False), nn.Linear(c.dim, c.dim)
        self.q_bias, self.v_bias = nn.Parameter(torch.zeros(c.dim)), nn.Parameter(torch.zeros(c.dim))
        self.scale_mul_1H11 = nn.Parameter(torch.full((1, c.heads, 1, 1), 4.0).log())

    def forward(self, x, hidden):
        b, t, _ = x.shape
        bias = torch.cat([self.q_bias, torch.zeros_like(self.q_bias), self.v_bias])
        qkv = self.mat_qkv(x)
        q, k, v = (y.reshape(b, t, self.heads, -1).transpose(1, 2) for y in (qkv + bias.to(qkv.dtype)).chunk(3, -1))
        q = F.normalize(q.float(), dim=-1) * self.scale_mul_1H11.clamp(max=math.log(100)).exp()
        k = F.normalize(k.float(), dim=-1)
        q, k, v, hidden = (y.to(qkv.dtype) for y in (q, k, v, hidden))
        if x.device.type != "cpu":
            o = F.scaled_dot_product_attention(q, k, v, attn_mask=hidden, scale=1.0)
        else:  # written out: see recipe/transformer.py
            scores = q.flatten(0, 1) @ k.flatten(0, 1).transpose(1, 2) + hidden
            o = (scores.softmax(-1) @ v.flatten(0, 1)).unflatten(0, (b, self.heads))
        return self.proj(o.transpose(1, 2).reshape(b, t, -1))


class FeedForward(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(c.dim, c.hidden), nn.Linear(c.hidden, c.dim)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        self.attn, self.ffn = Attention(c), FeedForward(c)
        self.ada_lin = nn.Sequential(nn.SiLU(), nn.Linear(c.dim, 6 * c.dim))

    def forward(self, x, vector, hidden):
        gain1, gain2, scale1, scale2, shift1, shift2 = self.ada_lin(vector).float().chunk(6, -1)
        x = x + gain1 * self.attn(plain_norm(self.config, x) * (1 + scale1) + shift1, hidden)
        return x + gain2 * self.ffn(plain_norm(self.config, x) * (1 + scale2) + shift2)


class Head(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        self.ada_lin = nn.Sequential(nn.SiLU(), nn.Linear(c.dim, 2 * c.dim))

    def forward(self, x, vector):
        scale, shift = self.ada_lin(vector).float().chunk(2, -1)
        return plain_norm(self.config, x) * (1 + scale) + shift


class ScaleTransformer(nn.Module):
    def __init__(self, config=ScaleTransformerConfig()):
        super().__init__()
        self.config = c = config
        sizes = torch.tensor([side * side for side in c.sides])
        self.style_emb = nn.Embedding(c.styles + 1, c.dim)        # last row: no style
        self.caption_proj = nn.Linear(c.caption_dim, c.dim, bias=False)
        self.caption_pos = nn.Parameter(torch.zeros(1, c.slots - 1, c.dim))
        self.word_embed = nn.Linear(c.code_dim, c.dim)
        self.pos_start = nn.Parameter(torch.zeros(1, 1, c.dim))
        self.pos_1LC = nn.Parameter(torch.zeros(1, int(sizes.sum()), c.dim))
        self.lvl_embed = nn.Embedding(len(c.sides), c.dim)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.head_nm, self.head = Head(c), nn.Linear(c.dim, c.vocab)
        level = torch.repeat_interleave(torch.arange(len(c.sides)), sizes)
        self.register_buffer("level", level, persistent=False)
        seen = torch.cat([torch.zeros(c.slots - 1, dtype=torch.long), level])  # the caption is seen like the start
        self.register_buffer("hidden", torch.where(seen[:, None] >= seen[None], 0.0, -1e4), persistent=False)
        for name, p in self.named_parameters():
            if p.dim() > 1 and "scale_mul" not in name:
                last = name.endswith(("proj.weight", "fc2.weight"))
                nn.init.normal_(p, std=0.02 / (2 * c.layers) ** 0.5 if last else 0.02)
        nn.init.normal_(self.word_embed.weight, std=0.3)  # its 8 inputs are about 0.3 large
        for block in self.blocks:  # branches open at the start: nothing of AdaLN-zero's warm-up
            with torch.no_grad():
                block.ada_lin[1].bias[:2 * c.dim] = 1.0

    def forward(self, style, caption, codes):
        """style [B], caption [B, slots - 1, caption_dim], zeros where no token is, codes [B, n, D] that feed the scales after the
        first -> logits [B, 1 + n, vocab]."""
        vector = (self.style_emb(style) + self.caption_proj(pooled(caption)))[:, None]
        n = 1 + codes.shape[1]
        place = self.pos_1LC[:, :n] + self.lvl_embed(self.level[:n])
        x = torch.cat([vector + self.pos_start, self.word_embed(codes).float()], 1) + place
        x = torch.cat([self.caption_proj(caption) + self.caption_pos, x], 1)
        t = x.shape[1]
        for block in self.blocks:
            x = block(x, vector, self.hidden[:t, :t])
        return self.head(self.head_nm(x[:, self.config.slots - 1:], vector))
