"""The tokenizer: the encoder of CosyVoice 2 (S3 tokenizer v2: strided convolutions, rotary attention with a memory, finite scalar
quantisation, arXiv 2412.10117 §2.2) in the weight names of its PyTorch release, supervised by what the teachers say they said."""
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class S3Config:
    mels: int = 128
    width: int = 128
    heads: int = 2
    layers: int = 2
    kernel: int = 31
    digits: int = 6
    vocabulary: int = 729  # three levels a digit


def rotary(n, dim, device, base=10000.0):
    """Cosines and sines [n, dim] of positions 0 to n - 1, half-split."""
    angle = torch.arange(n, device=device)[:, None] * base ** (-torch.arange(0, dim, 2, device=device) / dim)
    return angle.cos().repeat(1, 2), angle.sin().repeat(1, 2)


def rotated(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos.to(x.dtype) + torch.cat([-b, a], -1) * sin.to(x.dtype)


class MemoryAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads = c.heads
        self.query, self.value, self.out = (nn.Linear(c.width, c.width) for _ in range(3))
        self.key = nn.Linear(c.width, c.width, bias=False)
        self.fsmn_block = nn.Conv1d(c.width, c.width, c.kernel, padding=c.kernel // 2, groups=c.width, bias=False)

    def forward(self, x, there):
        keep = there[..., None].to(x.dtype)
        q, k, v = (f(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for f in (self.query, self.key, self.value))
        memory = v.transpose(1, 2).flatten(2) * keep
        memory = (self.fsmn_block(memory.transpose(1, 2)).transpose(1, 2) + memory) * keep
        cos, sin = rotary(x.shape[1], q.shape[-1], x.device)
        y = F.scaled_dot_product_attention(rotated(q, cos, sin), rotated(k, cos, sin), v, there[:, None, None])
        return self.out(y.transpose(1, 2).flatten(2)) + memory


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.attn, self.attn_ln, self.mlp_ln = MemoryAttention(c), nn.LayerNorm(c.width, 1e-6), nn.LayerNorm(c.width)
        self.mlp = nn.Sequential(nn.Linear(c.width, 4 * c.width), nn.GELU(), nn.Linear(4 * c.width, c.width))

    def forward(self, x, there):
        x = x + self.attn(self.attn_ln(x), there)
        return x + self.mlp(self.mlp_ln(x))


class S3Encoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(c.mels, c.width, 3, 2, 1), nn.Conv1d(c.width, c.width, 3, 2, 1)
        self.blocks = nn.ModuleList(Layer(c) for _ in range(c.layers))

    def forward(self, mel, length):
        """Log mel [B, mels, T] of `length` frames each -> [B, T', width], T' = 1 + (1 + (T - 1) // 2 - 1) // 2, and which are there."""
        for conv in (self.conv1, self.conv2):
            mel = F.gelu(conv(mel * within(length, mel.shape[-1])[:, None]))
            length = (length - 1) // 2 + 1
        there = within(length, mel.shape[-1])
        x = mel.transpose(1, 2)
        for block in self.blocks:
            x = block(x, there)
        return x, there


def within(length, most):
    return torch.arange(most, device=length.device)[None] < length[:, None]


class Codebook(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.project_down = nn.Linear(c.width, c.digits)

    def forward(self, x):
        """-> digits in [-1, 1], rounded, with the gradient of what they were; and ids."""
        h = torch.tanh(self.project_down(x).float()) * 0.9990000128746033
        digits = h + (h.round() - h).detach()
        place = 3 ** torch.arange(digits.shape[-1], device=x.device)
        return digits, ((digits.detach().round() + 1).long() * place).sum(-1)


class Quantizer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self._codebook = Codebook(c)


class S3(nn.Module):
    def __init__(self, c=None):
        super().__init__()
        self.config = c = c or S3Config()
        self.encoder, self.quantizer = S3Encoder(c), Quantizer(c)

    def forward(self, mel, length):
        x, there = self.encoder(mel, length)
        return *self.quantizer._codebook(x), there


class Reader(nn.Module):
    """Reads from the digits what a token has to carry, two frames a token: the phone, the pitch, and the mel given the voice. Only
    training needs it. What it sees of the neighbours is what the flow sees, too."""

    def __init__(self, c, phones, voices, mels=80, width=192):
        super().__init__()
        self.phones, self.mels = phones, mels
        self.voice = nn.Embedding(voices, width)
        self.enter = nn.Conv1d(c.digits, width, 5, padding=2)
        self.convs = nn.ModuleList(nn.Conv1d(width, width, 5, padding=2) for _ in range(2))
        self.leave = nn.Linear(width, 2 * (phones + 2 + mels))

    def forward(self, digits, voice):
        """-> phones [B, 2n, phones], pitch and voicing [B, 2n] each, mel [B, mels, 2n]."""
        x = self.enter(digits.transpose(1, 2)) + self.voice(voice)[..., None]
        for conv in self.convs:
            x = x + F.silu(conv(F.silu(x)))
        y = self.leave(x.transpose(1, 2)).unflatten(2, (2, -1)).flatten(1, 2).float()
        phone, pitch, voiced, mel = y.split([self.phones, 1, 1, self.mels], -1)
        return phone, pitch[..., 0], voiced[..., 0], mel.transpose(1, 2)
