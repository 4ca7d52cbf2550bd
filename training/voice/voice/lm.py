"""The language model: phones to semantic tokens by a small Qwen2 (arXiv 2407.10671) in the weight names of CosyVoice 2's llm.pt.

A phone paces the tokens. The sequence is

  sos | text(0) tokens of phone 0 | text(1) tokens of phone 1 | ... | text(n - 1) tokens of the last phone

After every position the model says the next token, or `fill`: this phone is over, give the next one; after the last phone `eos`.
text(i) is the sum of rows of embed_tokens: the voice, and phone i + k from the k-th table, k = -2 ... 4. So no phone can be left out or
said twice, when each is said is known, and text can be fed while speech comes out; CosyVoice 2 feeds 5 text tokens for 15 of speech."""
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .phones import PHONES
from .s3 import rotary, rotated

BEFORE, AFTER = 2, 4  # phones that a text position knows besides its own


@dataclass
class LmConfig:
    speech: int = 729
    voices: int = 4
    width: int = 256
    heads: int = 4
    kv_heads: int = 2
    layers: int = 4
    hidden: int = 640
    theta: float = 1e6
    epsilon: float = 1e-6

    @property
    def text(self):
        return self.voices + (BEFORE + 1 + AFTER) * (len(PHONES) + 1)

    @property
    def eos(self):
        return self.speech

    @property
    def fill(self):
        return self.speech + 2


def text_rows(voice, phones, c):
    """Voice number and phone ids -> [n, 8] rows of embed_tokens whose sum is each text position. Id len(PHONES) is no phone."""
    none, table = len(PHONES), len(PHONES) + 1
    padded = [none] * BEFORE + list(phones) + [none] * AFTER
    return [[voice] + [c.voices + k * table + padded[i + k] for k in range(BEFORE + 1 + AFTER)] for i in range(len(phones))]


class Norm(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight, self.epsilon = nn.Parameter(torch.ones(width)), epsilon

    def forward(self, x):
        wide = x.float()
        return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.epsilon) * self.weight).to(x.dtype)


class SelfAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.dim = c.width // c.heads
        self.q_proj, self.o_proj = nn.Linear(c.width, c.width), nn.Linear(c.width, c.width, bias=False)
        self.k_proj, self.v_proj = (nn.Linear(c.width, c.kv_heads * self.dim) for _ in range(2))

    def forward(self, x, turn, cache):
        q, k, v = (f(x).unflatten(2, (-1, self.dim)).transpose(1, 2) for f in (self.q_proj, self.k_proj, self.v_proj))
        q, k = rotated(q, *turn), rotated(k, *turn)
        if cache is not None:
            if cache:
                k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
            cache[:] = [k, v]
        shared = q.shape[1] // k.shape[1]  # query heads of a key head
        k, v = (x[:, :, None].expand(-1, -1, shared, -1, -1).flatten(1, 2) for x in (k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=q.shape[2] == k.shape[2])
        return self.o_proj(y.transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj, self.up_proj = (nn.Linear(c.width, c.hidden, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(c.hidden, c.width, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class DecoderLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.self_attn, self.mlp = SelfAttention(c), Mlp(c)
        self.input_layernorm, self.post_attention_layernorm = Norm(c.width, c.epsilon), Norm(c.width, c.epsilon)

    def forward(self, x, turn, cache, drop):
        x = x + F.dropout(self.self_attn(self.input_layernorm(x), turn, cache), drop, self.training)
        return x + F.dropout(self.mlp(self.post_attention_layernorm(x)), drop, self.training)


class Body(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embed_tokens = nn.Embedding(c.text, c.width)
        self.layers = nn.ModuleList(DecoderLayer(c) for _ in range(c.layers))
        self.norm = Norm(c.width, c.epsilon)


class Holder(nn.Module):
    """One more `model.` in the weight names."""

    def __init__(self, c, depth):
        super().__init__()
        self.model = Holder(c, depth - 1) if depth else Body(c)


class Lm(nn.Module):
    def __init__(self, c=None):
        super().__init__()
        self.config = c = c or LmConfig()
        self.llm = Holder(c, 1)
        self.llm_embedding = nn.Embedding(2, c.width)
        self.speech_embedding = nn.Embedding(c.speech + 3, c.width)
        self.llm_decoder = nn.Linear(c.width, c.speech + 3)
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, 0, 0.02)
        for layer in self.body.layers:
            for out in (layer.self_attn.o_proj, layer.mlp.down_proj):
                nn.init.normal_(out.weight, 0, 0.02 / (2 * c.layers) ** 0.5)

    @property
    def body(self):
        return self.llm.model.model

    def embed(self, text, speech):
        """text [B, L, 8] rows of embed_tokens and speech [B, L] ids, -1 where a position is of the other kind; both -1: sos."""
        words = (self.body.embed_tokens(text.clamp_min(0)) * (text >= 0)[..., None]).sum(2)
        tokens = self.speech_embedding(speech.clamp_min(0)) * (speech >= 0)[..., None]
        start = ((text[..., 0] < 0) & (speech < 0))[..., None] * self.llm_embedding.weight[0]
        return words + tokens + start

    def forward(self, x, at=0, caches=None, drop=0.0):
        """Embeddings [B, L, width] from position `at` on -> logits [B, L, speech + 3]."""
        cos, sin = rotary(at + x.shape[1], self.config.width // self.config.heads, x.device, self.config.theta)
        for i, layer in enumerate(self.body.layers):
            x = layer(x, (cos[at:], sin[at:]), caches[i] if caches else None, drop)
        return self.llm_decoder(self.body.norm(x))

    @torch.no_grad()
    def speak(self, voice, phones, choose, most=30):
        """Phone ids -> tokens and the phone that each is of. `choose` maps logits [speech + 3] to an id; a phone has at most `most` tokens."""
        c, device = self.config, self.llm_embedding.weight.device
        rows = torch.tensor(text_rows(voice, phones, c), device=device)
        none = torch.full((1, 1), -1, device=device)
        caches, at, tokens, owners = [[] for _ in self.body.layers], 0, [], []

        def feed(text, speech):
            nonlocal at
            logits = self(self.embed(text, speech), at, caches)[0, -1].float()
            at += 1
            return logits

        feed(none[..., None].expand(1, 1, rows.shape[1]), none)
        for phone in range(len(phones)):
            logits, last = feed(rows[None, phone:phone + 1], none), phone == len(phones) - 1
            for _ in range(most):
                logits[[c.fill if last else c.eos, c.speech + 1]] = -torch.inf
                chosen = choose(logits)
                if chosen >= c.speech:
                    break
                tokens.append(chosen)
                owners.append(phone)
                logits = feed(torch.full((1, 1, rows.shape[1]), -1, device=device), torch.tensor([[chosen]], device=device))
        return tokens, owners
