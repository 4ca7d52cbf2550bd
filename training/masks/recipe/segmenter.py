"""The segmenter: a Llama decoder over [caption | patches | begin | mask tokens]; caption and patches see each other. Weight names are the SDK's."""
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn


FINER = 4  # parts of a patch's side that are told apart by `found`


@dataclass
class SegmenterConfig:
    side: int = 128           # pixels of the picture
    patch: int = 4            # of the first convolution, and cells of the second
    cells: int = 4
    stem: int = 48            # channels between them
    layers: int = 5
    heads: int = 5
    width: int = 160
    hidden: int = 384
    mask_ids: int = 1024      # ids of mask tokens, 0 and up; then words; `begin` is the last row
    words: int = 1024
    caption_slots: int = 16
    tokens: int = 32
    rope_base: float = 10000.0
    norm_eps: float = 1e-5

    @property
    def patches(self):
        return (self.side // self.patch // self.cells) ** 2

    @property
    def lead(self):
        return self.caption_slots + self.patches + 1

    @property
    def rows(self):
        return self.mask_ids + self.words + 1

    def for_sdk(self):
        return {"side": self.side, "patch": self.patch, "cells": self.cells, "stem": self.stem, "layers": self.layers, "heads": self.heads,
                "width": self.width, "hidden": self.hidden, "vocabulary": self.mask_ids, "words": self.words, "captionSlots": self.caption_slots,
                "positions": self.tokens, "ropeBase": self.rope_base, "normEpsilon": self.norm_eps}

    def as_json(self):
        return asdict(self)


def rotated(x, angles):  # [B, H, T, D] in halves
    cos, sin = angles.cos(), angles.sin()
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        C, linear = c.width, lambda i, o: nn.Linear(i, o, bias=False)
        self.heads = c.heads
        self.input_layernorm, self.post_attention_layernorm = nn.RMSNorm(C, eps=c.norm_eps), nn.RMSNorm(C, eps=c.norm_eps)
        self.self_attn = nn.ModuleDict({n: linear(C, C) for n in ("q_proj", "k_proj", "v_proj", "o_proj")})
        self.mlp = nn.ModuleDict({"gate_proj": linear(C, c.hidden), "up_proj": linear(C, c.hidden), "down_proj": linear(c.hidden, C)})

    def forward(self, x, angles, seen):
        n = self.input_layernorm(x)
        q, k, v = (self.self_attn[f"{p}_proj"](n).unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in "qkv")
        y = F.scaled_dot_product_attention(rotated(q, angles), rotated(k, angles), v, attn_mask=seen)
        x = x + self.self_attn["o_proj"](y.transpose(1, 2).flatten(2))
        n = self.post_attention_layernorm(x)
        return x + self.mlp["down_proj"](F.silu(self.mlp["gate_proj"](n)) * self.mlp["up_proj"](n))


class Segmenter(nn.Module):
    def __init__(self, config):
        super().__init__()
        c = self.config = config
        C = c.width
        self.model = nn.ModuleDict({
            "embed_tokens": nn.Embedding(c.rows, C),
            "layers": nn.ModuleList(Layer(c) for _ in range(c.layers)),
            "norm": nn.RMSNorm(C, eps=c.norm_eps),
        })
        self.stem = nn.ModuleDict({"first": nn.Conv2d(3, c.stem, c.patch, c.patch), "second": nn.Conv2d(c.stem, C, c.cells, c.cells)})
        self.places = nn.Parameter(torch.randn(c.patches, C) * 0.02)
        self.lm_head = nn.Linear(C, c.mask_ids, bias=False)
        self.finds = nn.Linear(C, FINER ** 2)  # trained beside, not shipped: which parts of a patch are meant
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)
        T = c.lead + c.tokens
        half = C // c.heads // 2
        frequencies = c.rope_base ** -(torch.arange(half) / half)
        self.register_buffer("angles", torch.arange(T)[:, None] * frequencies[None], persistent=False)
        ranks = (torch.arange(T) - (c.lead - 1)).clamp_min(0)
        self.register_buffer("seen", ranks[None] <= ranks[:, None], persistent=False)

    def features(self, pictures):  # [B, 3, side, side] in -1 … 1 -> [B, patches, C]
        return self.stem["second"](F.gelu(self.stem["first"](pictures))).flatten(2).mT + self.places

    def hidden(self, pictures, there, captions, ids):
        """Every position, [B, lead + tokens - 1, C]. `captions` [B, slots] are rows of the table; a picture that is not `there` [B] is zeros."""
        c, table = self.config, self.model["embed_tokens"]
        seen = self.features(pictures) * there[:, None, None]
        begin = torch.full_like(captions[:, :1], c.rows - 1)
        x = torch.cat([table(captions), seen, table(begin), table(ids[:, :-1])], 1)
        T = x.shape[1]
        for layer in self.model["layers"]:
            x = layer(x, self.angles[:T], self.seen[:T, :T])
        return self.model["norm"](x)

    def said(self, hidden):
        """Logits of all mask tokens, [B, tokens, mask_ids]."""
        return self.lm_head(hidden[:, self.config.lead - 1:])

    def found(self, hidden):
        """What the sigmoid makes the probability that a part of the picture is meant, [B, side, side], FINER parts a patch's side."""
        c, side = self.config, self.config.side // self.config.patch // self.config.cells
        own = self.finds(hidden[:, c.caption_slots:c.caption_slots + c.patches])
        return own.view(-1, side, side, FINER, FINER).transpose(2, 3).reshape(-1, side * FINER, side * FINER)

    def forward(self, *inputs):
        return self.said(self.hidden(*inputs))


def of_use(state):
    """The weights without those that are only trained beside."""
    return {name: w for name, w in state.items() if not name.startswith("finds.")}
