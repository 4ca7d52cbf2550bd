"""Semantic tokens to mel: the causal, chunk-aware flow matching of CosyVoice 2 (arXiv 2412.10117 §2.3), in the weight names of its file.
An upsampling conformer makes two frames of each token; a U-Net of one level estimates the velocity from noise to mel."""
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .hift import held


@dataclass
class FlowConfig:
    vocabulary: int = 729
    mels: int = 80
    speaker: int = 8
    width: int = 128
    heads: int = 4
    hidden: int = 256
    blocks: int = 2
    up_blocks: int = 2
    channels: int = 128
    unet_heads: int = 2
    head_dim: int = 64
    unet_blocks: int = 1
    mid_blocks: int = 2
    chunk: int = 15  # tokens that see each other; None where all do
    ahead: int = 3


def visible(n, chunk, device):
    """[n, n] True where query (row) sees key (column): all of its chunk and everything before."""
    at = torch.arange(n, device=device)
    return at[None] < (at[:, None] // chunk + 1) * chunk


class RelativeAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.linear_q, self.linear_k, self.linear_v, self.linear_out = (nn.Linear(width, width) for _ in range(4))
        self.linear_pos = nn.Linear(width, width, bias=False)
        self.pos_bias_u, self.pos_bias_v = (nn.Parameter(torch.zeros(heads, width // heads)) for _ in range(2))

    def forward(self, x, positions, mask):
        B, n, _ = x.shape
        q, k, v = (f(x).view(B, n, self.heads, -1) for f in (self.linear_q, self.linear_k, self.linear_v))
        p = self.linear_pos(positions.to(x.dtype)).view(-1, self.heads, q.shape[-1])
        by_place = torch.einsum("bnhd,mhd->bhnm", q + self.pos_bias_v.to(q.dtype), p)
        by_place = F.pad(by_place, (1, 0)).view(B, self.heads, 2 * n, n)[:, :, 1:].reshape(B, self.heads, n, 2 * n - 1)[..., :n]
        scale = q.shape[-1] ** -0.5
        bias = (by_place * scale).masked_fill(~mask, -1e4)
        y = F.scaled_dot_product_attention((q + self.pos_bias_u.to(q.dtype)).transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), bias, scale=scale)
        return self.linear_out(y.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.w_1, self.w_2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        return self.w_2(F.silu(self.w_1(x)))


class ConformerLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.self_attn, self.feed_forward = RelativeAttention(c.width, c.heads), FeedForward(c.width, c.hidden)
        self.norm_mha, self.norm_ff = nn.LayerNorm(c.width, 1e-12), nn.LayerNorm(c.width, 1e-12)

    def forward(self, x, positions, mask):
        x = x + self.self_attn(self.norm_mha(x), positions, mask)
        return x + self.feed_forward(self.norm_ff(x))


def relative_positions(n, width, device):
    """Sinusoids of the offsets n - 1 to 1 - n: [2n - 1, width]."""
    offset = torch.arange(n - 1, -n, -1, device=device, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, device=device, dtype=torch.float32) * (-math.log(10000.0) / width))
    return torch.stack([torch.sin(offset * rate), torch.cos(offset * rate)], -1).flatten(1)


class InputLayer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.out = nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width, 1e-5))

    def forward(self, x):
        return self.out(x) * x.shape[-1] ** 0.5


class LookAhead(nn.Module):
    def __init__(self, width, ahead):
        super().__init__()
        self.ahead = ahead
        self.conv1, self.conv2 = nn.Conv1d(width, width, ahead + 1), nn.Conv1d(width, width, 3)

    def forward(self, x, context):
        y = F.pad(x, (0, 0, 0, self.ahead)) if context is None else torch.cat([x, context], 1)
        y = F.leaky_relu(self.conv1(y.transpose(1, 2)))
        return x + self.conv2(F.pad(y, (2, 0))).transpose(1, 2)


class UpLayer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv1d(width, width, 5)

    def forward(self, x):
        return self.conv(F.pad(held(x.transpose(1, 2), 2), (4, 0))).transpose(1, 2)


class Encoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embed, self.up_embed = InputLayer(c.width), InputLayer(c.width)
        self.pre_lookahead_layer, self.up_layer = LookAhead(c.width, c.ahead), UpLayer(c.width)
        self.encoders = nn.ModuleList(ConformerLayer(c) for _ in range(c.blocks))
        self.up_encoders = nn.ModuleList(ConformerLayer(c) for _ in range(c.up_blocks))
        self.after_norm = nn.LayerNorm(c.width, 1e-5)

    def forward(self, x, there, chunk, context=None):
        """x [B, n, width], `there` [B, n] True where a token is -> [B, 2n, width]."""
        x = self.embed(x) * there[..., None]
        x = self.pre_lookahead_layer(x, None if context is None else self.embed(context))
        for layers, rate in ((self.encoders, 1), (self.up_encoders, 2)):
            if rate == 2:
                there = there.repeat_interleave(2, 1)
                x = self.up_embed(self.up_layer(x))
            n = x.shape[1]
            mask = there[:, None, None] & (visible(n, chunk * rate, x.device) if chunk else torch.ones(n, n, dtype=torch.bool, device=x.device))
            positions = relative_positions(n, x.shape[2], x.device)
            for layer in layers:
                x = layer(x, positions, mask)
        return self.after_norm(x)


class CausalConv(nn.Conv1d):
    def forward(self, x):
        return super().forward(F.pad(x, (self.kernel_size[0] - 1, 0)))


class Transposed(nn.Module):
    def forward(self, x):
        return x.transpose(1, 2)


class Block(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.block = nn.Sequential(CausalConv(c_in, c_out, 3), Transposed(), nn.LayerNorm(c_out), Transposed(), nn.Mish())

    def forward(self, x):
        return self.block(x)


class Resnet(nn.Module):
    def __init__(self, c_in, c_out, time):
        super().__init__()
        self.block1, self.block2 = Block(c_in, c_out), Block(c_out, c_out)
        self.mlp = nn.Sequential(nn.Mish(), nn.Linear(time, c_out))
        self.res_conv = nn.Conv1d(c_in, c_out, 1)

    def forward(self, x, t):
        return self.block2(self.block1(x) + self.mlp(t)[..., None]) + self.res_conv(x)


class Attention(nn.Module):
    def __init__(self, channels, heads, head_dim):
        super().__init__()
        self.heads, inner = heads, heads * head_dim
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, inner, bias=False) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(inner, channels)])

    def forward(self, x, mask):
        q, k, v = (f(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for f in (self.to_q, self.to_k, self.to_v))
        return self.to_out[0](F.scaled_dot_product_attention(q, k, v, mask).transpose(1, 2).flatten(2))


class Gelu(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.proj = nn.Linear(channels, 4 * channels)

    def forward(self, x):
        return F.gelu(self.proj(x))


class Gated(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.net = nn.Sequential(Gelu(channels), nn.Identity(), nn.Linear(4 * channels, channels))

    def forward(self, x):
        return self.net(x)


class Transformer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm1, self.norm3 = nn.LayerNorm(c.channels), nn.LayerNorm(c.channels)
        self.attn1, self.ff = Attention(c.channels, c.unet_heads, c.head_dim), Gated(c.channels)

    def forward(self, x, mask):
        x = x + self.attn1(self.norm1(x), mask)
        return x + self.ff(self.norm3(x))


class TimeMlp(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(c_in, c_out), nn.Linear(c_out, c_out)

    def forward(self, t):
        half = self.linear_1.in_features // 2
        rate = torch.exp(torch.arange(half, device=t.device, dtype=torch.float32) * (-math.log(10000) / (half - 1)))
        angle = 1000 * t[:, None].float() * rate
        return self.linear_2(F.silu(self.linear_1(torch.cat([angle.sin(), angle.cos()], -1))))


class Estimator(nn.Module):
    def __init__(self, c):
        super().__init__()
        ch, time = c.channels, 4 * c.channels
        self.chunk = 2 * c.chunk
        self.time_mlp = TimeMlp(4 * c.mels, time)

        def level(c_in, tail):
            parts = [Resnet(c_in, ch, time), nn.ModuleList(Transformer(c) for _ in range(c.unet_blocks))]
            return nn.ModuleList(parts + ([CausalConv(ch, ch, 3)] if tail else []))

        self.down_blocks = nn.ModuleList([level(4 * c.mels, True)])
        self.mid_blocks = nn.ModuleList(level(ch, False) for _ in range(c.mid_blocks))
        self.up_blocks = nn.ModuleList([level(2 * ch, True)])
        self.final_block, self.final_proj = Block(ch, ch), nn.Conv1d(ch, c.mels, 1)

    def forward(self, x, mu, t, speaker, cond, there, chunk):
        """x, mu, cond [B, mels, T], speaker [B, mels], t [B], there [B, T] -> velocity [B, mels, T]."""
        T = x.shape[-1]
        t = self.time_mlp(t)
        keep = there[:, None].to(x.dtype)
        mask = there[:, None, None] & (visible(T, 2 * chunk, x.device) if chunk else torch.ones(T, T, dtype=torch.bool, device=x.device))
        x = torch.cat([x, mu, speaker[..., None].expand(-1, -1, T), cond], 1)

        def level(parts, x):
            x = parts[0](x * keep, t).transpose(1, 2)
            for block in parts[1]:
                x = block(x, mask)
            return x.transpose(1, 2)

        skip = level(self.down_blocks[0], x)
        x = self.down_blocks[0][2](skip)
        for parts in self.mid_blocks:
            x = level(parts, x)
        x = level(self.up_blocks[0], torch.cat([x, skip], 1))
        x = self.up_blocks[0][2](x)
        return self.final_proj(self.final_block(x)) * keep


class Decoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.estimator = Estimator(c)


class Flow(nn.Module):
    def __init__(self, c=None):
        super().__init__()
        self.config = c = c or FlowConfig()
        self.input_embedding = nn.Embedding(c.vocabulary, c.width)
        self.encoder, self.encoder_proj = Encoder(c), nn.Linear(c.width, c.mels)
        self.spk_embed_affine_layer = nn.Linear(c.speaker, c.mels)
        self.decoder = Decoder(c)

    def condition(self, ids, there, speaker, chunk, context=None):
        """ids [B, n] and speaker vectors [B, speaker] -> mu [B, mels, 2n] and the projected speaker [B, mels]."""
        x = self.input_embedding(ids) * there[..., None]
        mu = self.encoder_proj(self.encoder(x, there, chunk, None if context is None else self.input_embedding(context)))
        return mu.transpose(1, 2), self.spk_embed_affine_layer(F.normalize(speaker, dim=-1))

    def loss(self, ids, there, speaker, mel, z, u, chunk):
        """mel, z [B, mels, 2n], u [B] uniform -> the loss of the velocity and how far mu is from the mel."""
        t = 1 - torch.cos(u * torch.pi / 2)
        mu, spk = self.condition(ids, there, speaker, chunk)
        frames = there.repeat_interleave(2, 1)
        x = (1 - t[:, None, None]) * z + t[:, None, None] * mel
        v = self.decoder.estimator(x.to(mu.dtype), mu, t, spk, torch.zeros_like(mu), frames, chunk)
        weight = frames[:, None].float() / (frames.sum() * mel.shape[1])
        return ((v.float() - (mel - z)) ** 2 * weight).sum(), ((mu.float() - mel).abs() * weight).sum()

    @torch.no_grad()
    def mel(self, ids, speaker, z, steps, chunk=None):
        """One utterance, ids [n] -> [mels, 2n]."""
        there = torch.ones(1, len(ids), dtype=torch.bool, device=ids.device)
        return self.mels(ids[None], there, speaker[None], z[None, :, :2 * len(ids)], steps, chunk)[0]

    @torch.no_grad()
    def mels(self, ids, there, speaker, z, steps, chunk=None):
        """ids [B, n], noise z [B, mels, 2n] -> [B, mels, 2n], by Euler's method on the cosine schedule."""
        mu, spk = self.condition(ids, there, speaker, chunk)
        x, frames = z, there.repeat_interleave(2, 1)
        times = 1 - torch.cos(torch.linspace(0, 1, steps + 1, device=z.device) * torch.pi / 2)
        for now, then in zip(times[:-1], times[1:]):
            x = x + (then - now) * self.decoder.estimator(x, mu, now.expand(len(x)), spk, torch.zeros_like(mu), frames, chunk)
        return x
