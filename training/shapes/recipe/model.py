"""A Llama decoder (arXiv 2302.13971; weights under the names of Hugging Face) over captions and shape ids. Each slot also knows where in the
octree the next id stands and what is decided around it (compare VoxelContext-Net, arXiv 2105.02158); the embedding of that is added to the id's."""
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .captions import FIRST_WORD, SLOTS
from .octree import CONTEXT, KINDS, ROWS, VOCABULARY


@dataclass(frozen=True)
class Config:
    layers: int = 6
    heads: int = 4
    dim: int = 256
    hidden: int = 704
    words: int = 512
    norm_eps: float = 1e-5
    rope_base: float = 10000.0

    @property
    def vocabulary(self):
        return FIRST_WORD + self.words

    asdict = asdict


class RMSNorm(nn.Module):
    def __init__(self, dim, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(dim)), eps

    def forward(self, x):
        y = x.float()
        return (y * torch.rsqrt(y.square().mean(-1, keepdim=True) + self.eps) * self.weight).to(x.dtype)


def rotate(x, cos, sin):  # x [B, H, T, D]: the first half of D pairs with the second
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads = c.heads
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (nn.Linear(c.dim, c.dim, bias=False) for _ in range(4))

    def forward(self, x, cos, sin, cache):
        b, t, _ = x.shape
        q, k, v = (p(x).view(b, t, self.heads, -1).transpose(1, 2) for p in (self.q_proj, self.k_proj, self.v_proj))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache is not None:
            k, v = cache.add(self, k, v)
        o = F.scaled_dot_product_attention(q, k, v, is_causal=t > 1)
        return self.o_proj(o.transpose(1, 2).reshape(b, t, -1))


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj, self.up_proj = (nn.Linear(c.dim, c.hidden, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(c.hidden, c.dim, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.self_attn, self.mlp = Attention(c), MLP(c)
        self.input_layernorm, self.post_attention_layernorm = RMSNorm(c.dim, c.norm_eps), RMSNorm(c.dim, c.norm_eps)

    def forward(self, x, cos, sin, cache):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class Place(nn.Module):
    """Where an id stands: kind and level, and the node's coordinates."""

    def __init__(self, c):
        super().__init__()
        self.kind = nn.Embedding(KINDS, c.dim)
        self.axes = nn.ModuleList(nn.Embedding(ROWS, c.dim) for _ in range(3))

    def forward(self, kinds, rows):
        return self.kind(kinds) + sum(axis(rows[..., i]) for i, axis in enumerate(self.axes))


class Body(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embed_tokens = nn.Embedding(c.vocabulary, c.dim)
        self.next_place, self.last_place = Place(c), Place(c)
        self.context = nn.Linear(CONTEXT, c.dim, bias=False)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.layers))
        self.norm = RMSNorm(c.dim, c.norm_eps)


class Cache:
    def __init__(self):
        self.kept, self.length = {}, 0

    def add(self, layer, k, v):
        if layer in self.kept:
            k, v = (torch.cat(pair, 2) for pair in zip(self.kept[layer], (k, v)))
        self.kept[layer] = (k, v)
        return k, v


class ShapeModel(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = c = config
        self.model = Body(c)
        self.lm_head = nn.Linear(c.dim, VOCABULARY, bias=False)
        for name, p in self.named_parameters():
            if p.dim() > 1:
                deep = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(p, std=0.02 / (2 * c.layers) ** 0.5 if deep else 0.02)

    def forward(self, caption, ids, kinds, rows, context, cache=None):
        """Logits [B, T, VOCABULARY] of ids 0 … T-1. caption [B, SLOTS]; ids [B, T-1] are those before the last; kinds [B, T], rows
        [B, T, 3] and context [B, T, CONTEXT] say where each of the T stands. With a cache: one more id of each, and caption None."""
        m, c = self.model, self.config
        if caption is not None:
            here = m.next_place(kinds, rows) + m.context(context)
            last = F.pad(m.last_place(kinds[:, :-1], rows[:, :-1]), (0, 0, 1, 0))
            begun = torch.cat([torch.ones_like(ids[:, :1]) if ids.shape[1] else torch.ones(len(kinds), 1, dtype=torch.long, device=kinds.device), ids], 1)
            x = torch.cat([m.embed_tokens(caption), m.embed_tokens(begun) + here + last], 1)
        else:
            x = m.embed_tokens(ids) + m.next_place(kinds[:, 1:], rows[:, 1:]) + m.last_place(kinds[:, :1], rows[:, :1]) + m.context(context)
        start = cache.length if cache is not None else 0
        at = torch.arange(start, start + x.shape[1], device=x.device).float()
        half = c.dim // c.heads // 2
        angles = at[:, None] * c.rope_base ** (-torch.arange(half, device=x.device) / half)
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        for layer in m.layers:
            x = layer(x, cos, sin, cache)
        if cache is not None:
            cache.length += x.shape[1]
        return self.lm_head(m.norm(x[:, SLOTS:] if caption is not None else x))
