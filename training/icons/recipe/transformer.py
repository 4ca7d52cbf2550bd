"""LlamaGen's transformer (arXiv 2406.06525 §3.2; weights under its names) with a caption prefix of ours: slot 0 holds the
style and the mean of the caption's vectors, the next slots those vectors, of the caption encoder and projected, all with a learned
place; their keys are not rotated."""
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from recipe.caption_encoder import CaptionEncoderConfig, pooled


@dataclass(frozen=True)
class TransformerConfig:
    layers: int = 8
    heads: int = 4
    dim: int = 256
    multiple_of: int = 64
    vocab: int = 2048
    grid: int = 16
    slots: int = 20
    caption_dim: int = CaptionEncoderConfig.dim
    styles: int = 9
    norm_eps: float = 1e-5
    rope_base: float = 10000.0

    @property
    def hidden(self):
        return -(-int(8 * self.dim / 3) // self.multiple_of) * self.multiple_of


def rotary(c):
    """[slots + grid^2, D/2, 2]: cos and sin; the first half of the pairs turns with the row, the second with the column."""
    half = c.dim // c.heads // 2
    freq = c.rope_base ** (-torch.arange(half // 2) * 2.0 / half)
    at = torch.arange(c.grid).float()[:, None] * freq
    rows, columns = at[:, None].expand(-1, c.grid, -1), at[None].expand(c.grid, -1, -1)
    angles = torch.cat([rows, columns], -1).reshape(c.grid ** 2, half)
    angles = torch.cat([torch.zeros(c.slots, half), angles])
    return torch.stack([angles.cos(), angles.sin()], -1)


def rotate(x, table):  # x [B, H, T, D], adjacent pairs
    (a, b), (cos, sin) = x.float().unflatten(-1, (-1, 2)).unbind(-1), table.unbind(-1)
    return torch.stack([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2).to(x.dtype)


def attend(q, k, v, hidden):
    """[B, H, T, D]; `hidden` None: causal. On a CPU in bfloat16 written out, where PyTorch 2.13's own backward is four times slower."""
    if q.device.type != "cpu":
        mask = None if hidden is None else hidden.to(q.dtype)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
    b, h, t, d = q.shape
    hidden = torch.full((t, t), -1e4).triu(1) if hidden is None else hidden
    scores = (q * d ** -0.5).flatten(0, 1) @ k.flatten(0, 1).transpose(1, 2) + hidden.to(q.dtype)
    return (scores.softmax(-1) @ v.flatten(0, 1)).unflatten(0, (b, h))


class RMSNorm(nn.RMSNorm):
    def forward(self, x):  # written out: compiled, it is one pass, and PyTorch's own takes twenty
        with torch.autocast(x.device.type, enabled=False):
            x = x.float()
            return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.weight


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads = c.heads
        self.wqkv, self.wo = nn.Linear(c.dim, 3 * c.dim, bias=False), nn.Linear(c.dim, c.dim, bias=False)

    def forward(self, x, table, hidden):
        b, t, _ = x.shape
        q, k, v = (y.reshape(b, t, self.heads, -1).transpose(1, 2) for y in self.wqkv(x).chunk(3, -1))
        o = attend(rotate(q, table), rotate(k, table), v, hidden)
        return self.wo(o.transpose(1, 2).reshape(b, t, -1))


class FeedForward(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w1, self.w3 = (nn.Linear(c.dim, c.hidden, bias=False) for _ in range(2))
        self.w2 = nn.Linear(c.hidden, c.dim, bias=False)

    def forward(self, x):
        return self.w2(F.silu(self.w1(x)) * self.w3(x))


class Block(nn.Module):
    def __init__(self, c, dropout):
        super().__init__()
        self.attention, self.feed_forward = Attention(c), FeedForward(c)
        self.attention_norm, self.ffn_norm = (RMSNorm(c.dim, eps=c.norm_eps) for _ in range(2))
        self.dropout = dropout

    def forward(self, x, table, hidden):
        x = x + F.dropout(self.attention(self.attention_norm(x), table, hidden), self.dropout, self.training)
        return x + F.dropout(self.feed_forward(self.ffn_norm(x)), self.dropout, self.training)


class CaptionPrefix(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.style_table = nn.Embedding(c.styles + 1, c.dim)        # last row: no style
        self.caption_proj = nn.Linear(c.caption_dim, c.dim, bias=False)
        self.position_table = nn.Embedding(c.slots, c.dim)

    def forward(self, style, caption):  # [B], [B, slots - 1, caption_dim], zeros where no token is -> [B, slots, dim]
        whole = self.style_table(style) + self.caption_proj(pooled(caption))
        x = torch.cat([whole[:, None], self.caption_proj(caption)], 1)
        return x + self.position_table.weight


class Transformer(nn.Module):
    def __init__(self, config=TransformerConfig(), dropout=0.0):
        super().__init__()
        self.config = c = config
        self.cls_embedding = CaptionPrefix(c)
        self.tok_embeddings = nn.Embedding(c.vocab, c.dim)
        self.layers = nn.ModuleList(Block(c, dropout) for _ in range(c.layers))
        self.norm = RMSNorm(c.dim, eps=c.norm_eps)
        self.output = nn.Linear(c.dim, c.vocab, bias=False)
        self.register_buffer("table", rotary(c), persistent=False)
        self.hidden = None  # causal
        self.begin()

    def begin(self):
        for name, p in self.named_parameters():
            if p.dim() > 1:
                last = name.endswith(("wo.weight", "w2.weight"))
                nn.init.normal_(p, std=0.02 / (2 * self.config.layers) ** 0.5 if last else 0.02)

    def forward(self, style, caption, ids):
        """ids [B, grid^2] -> logits [B, grid^2, vocab], of each token by those before it."""
        x = torch.cat([self.cls_embedding(style, caption), self.tok_embeddings(ids[:, :-1])], 1)
        t = x.shape[1]
        for layer in self.layers:
            x = layer(x, self.table[:t], self.hidden)
        return self.output(self.norm(x[:, self.config.slots - 1:]))


class NeighborTransformer(Transformer):
    """NAR (arXiv 2503.10696; weights under its names): a token predicts its right neighbour by `output`, and by one more block
    and `medusa_output` the one below; where both predict a token their logits are averaged. A token sees all that are no
    farther from the first, in steps along rows and columns."""

    def __init__(self, config=TransformerConfig(), dropout=0.0):
        super().__init__(config, dropout)
        c = config
        self.layers.append(Block(c, dropout))
        self.medusa_norm, self.medusa_output = RMSNorm(c.dim, eps=c.norm_eps), nn.Linear(c.dim, c.vocab, bias=False)
        far = (torch.arange(c.grid)[:, None] + torch.arange(c.grid)).flatten()
        share = torch.full((c.grid, c.grid, 1), 0.5)
        share[0, 1:] = share[1:, 0] = 1.0  # one neighbour only
        self.register_buffer("share", share, persistent=False)
        hidden = torch.full((len(self.table),) * 2, -1e4).triu(1)
        hidden[c.slots:, c.slots:] = torch.where(far[:, None] >= far, 0.0, -1e4)
        del self.hidden
        self.register_buffer("hidden", hidden, persistent=False)
        self.begin()

    def forward(self, style, caption, ids):
        """ids [B, grid^2] -> logits [B, grid^2, vocab], of each token by those above and at the left."""
        c = self.config
        x = torch.cat([self.cls_embedding(style, caption), self.tok_embeddings(ids)], 1)
        for layer in self.layers[:-1]:
            x = layer(x, self.table, self.hidden)
        below = self.layers[-1](x, self.table, self.hidden)
        x, below = self.norm(x[:, c.slots - 1:]), self.medusa_norm(below[:, c.slots - 1:])
        grid = lambda y: y[:, 1:].unflatten(1, (c.grid, c.grid))
        right = F.pad(grid(x)[:, :, :-1], (0, 0, 1, 0))
        under = F.pad(grid(below)[:, :-1], (0, 0, 0, 0, 1, 0))
        right[:, 0, 0], under[:, 0, 0] = x[:, 0], below[:, 0]  # the first token: both heads, at the last slot of the condition
        logits = self.output(right) + self.medusa_output(under)
        return (logits * self.share).flatten(1, 2)
