"""The mask tokenizer: HiMTok's layout (arXiv 2503.13026 §3.1), small. Weight names are those of the published file."""
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class TokenizerConfig:
    side: int = 64
    patch: int = 8
    tokens: int = 32
    code_dim: int = 12
    vocab: int = 1024
    width: int = 128
    layers: int = 3
    heads: int = 4
    ch: int = 32
    multipliers: tuple = (1, 1, 2, 2)
    res_blocks: int = 1
    z_channels: int = 64

    def for_sdk(self):
        tower = {"width": self.width, "layers": self.layers, "heads": self.heads}
        return {"form": "hierarchical", "side": self.side, "patch": self.patch, "tokens": self.tokens, "codeDim": self.code_dim,
                "vocab": self.vocab, "encoder": tower, "decoder": tower,
                "pixelDecoder": {"zChannels": self.z_channels, "ch": self.ch, "multipliers": list(self.multipliers), "resBlocks": self.res_blocks}}

    def as_json(self):
        return asdict(self)


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, 4 * width), "c_proj": nn.Linear(4 * width, width)})

    def forward(self, x, mask):
        n = self.ln_1(x)
        x = x + self.attn(n, n, n, need_weights=False, attn_mask=mask)[0]
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x))))


class Tower(nn.Module):
    def __init__(self, c):
        super().__init__()
        W, P = c.width, (c.side // c.patch) ** 2
        self.class_embedding = nn.Parameter(torch.randn(1, W) * W ** -0.5)
        self.positional_embedding = nn.Parameter(torch.randn(P + 1, W) * W ** -0.5)
        self.latent_token_positional_embedding = nn.Parameter(torch.randn(c.tokens, W) * W ** -0.5)
        self.ln_pre, self.ln_post = nn.LayerNorm(W), nn.LayerNorm(W)
        self.transformer = nn.ModuleList(Block(W, c.heads) for _ in range(c.layers))

    def run(self, x, mask=None):
        x = self.ln_pre(x)
        for block in self.transformer:
            x = block(x, mask)
        return x


class Encoder(Tower):
    def __init__(self, c):
        super().__init__(c)
        self.c = c
        self.patch_embed = nn.Conv2d(3, c.width, c.patch, c.patch)
        self.conv_out = nn.Conv2d(c.width, c.code_dim, 1)
        P, N = (c.side // c.patch) ** 2, c.tokens
        rows, columns = torch.arange(1 + P + N)[:, None], torch.arange(1 + P + N)[None]
        self.register_buffer("attn_mask", columns >= (rows + 1).clamp_min(1 + P), persistent=False)

    def forward(self, pictures, latents):
        B, N, W = len(pictures), self.c.tokens, self.c.width
        x = self.patch_embed(pictures).flatten(2).mT
        x = torch.cat([self.class_embedding.expand(B, 1, W), x], 1) + self.positional_embedding
        x = torch.cat([x, (latents + self.latent_token_positional_embedding).expand(B, N, W)], 1)
        x = self.ln_post(self.run(x, self.attn_mask)[:, -N:])
        return self.conv_out(x.reshape(B, W, N, 1)).squeeze(-1).mT  # the published reading: the numbers as they lie


class Decoder(Tower):
    def __init__(self, c):
        super().__init__(c)
        self.c = c
        self.decoder_embed = nn.Linear(c.code_dim, c.width)
        self.mask_token = nn.Parameter(torch.randn(1, 1, c.width) * c.width ** -0.5)
        self.ffn = nn.ModuleDict({"0": nn.Conv2d(c.width, 2 * c.width, 1), "2": nn.Conv2d(2 * c.width, c.z_channels, 1)})

    def forward(self, codes, known):  # known [B, N, 1]: 1 for the tokens of the prefix
        B, P, h = len(codes), (self.c.side // self.c.patch) ** 2, self.c.side // self.c.patch
        y = self.decoder_embed(codes) * known + self.latent_token_positional_embedding
        m = torch.cat([self.class_embedding.expand(B, 1, -1), self.mask_token.expand(B, P, -1)], 1) + self.positional_embedding
        x = self.ln_post(self.run(torch.cat([m, y], 1))[:, 1:1 + P])
        return self.ffn["2"](torch.tanh(self.ffn["0"](x.mT.reshape(B, -1, h, h))))


class ResBlock(nn.Module):
    def __init__(self, ins, outs):
        super().__init__()
        norm = lambda n: nn.GroupNorm(32, n, eps=1e-6)
        self.norm1, self.norm2 = norm(ins), norm(outs)
        self.conv1, self.conv2 = nn.Conv2d(ins, outs, 3, padding=1, bias=False), nn.Conv2d(outs, outs, 3, padding=1, bias=False)
        self.nin_shortcut = nn.Conv2d(outs, outs, 1, bias=False) if ins != outs else None

    def forward(self, x):
        h = self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))))))
        return h + (self.nin_shortcut(h) if self.nin_shortcut else x)


class Level(nn.Module):
    def __init__(self, ins, outs, blocks, doubles):
        super().__init__()
        self.block = nn.ModuleList(ResBlock(ins if i == 0 else outs, outs) for i in range(blocks))
        self.upsample_conv = nn.Conv2d(outs, outs, 3, padding=1) if doubles else None

    def forward(self, x):
        for block in self.block:
            x = block(x)
        return self.upsample_conv(F.interpolate(x, scale_factor=2)) if self.upsample_conv else x


class PixelDecoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        widths = [c.ch * m for m in c.multipliers]
        self.conv_in = nn.Conv2d(c.z_channels, widths[-1], 3, padding=1)
        self.mid = nn.ModuleList(ResBlock(widths[-1], widths[-1]) for _ in range(c.res_blocks))
        above = [*widths[1:], widths[-1]]
        self.up = nn.ModuleList(Level(above[i], widths[i], c.res_blocks, i > 0) for i in range(len(widths)))
        self.norm_out, self.conv_out = nn.GroupNorm(32, widths[0], eps=1e-6), nn.Conv2d(widths[0], 3, 3, padding=1)

    def forward(self, x):
        x = self.conv_in(x)
        for block in self.mid:
            x = block(x)
        for level in reversed(self.up):
            x = level(x)
        return self.conv_out(F.silu(self.norm_out(x)))


class Quantiser(nn.Module):
    """Rows of a fixed table times a learnt projection (SimVQ, arXiv 2411.02038), so that no code dies; nearest by the angle."""

    def __init__(self, c):
        super().__init__()
        self.embedding = nn.Embedding(c.vocab, c.code_dim)
        self.embedding.weight.requires_grad_(False)
        self.embedding_proj = nn.Linear(c.code_dim, c.code_dim, bias=False)

    @property
    def rows(self):
        return self.embedding_proj(self.embedding.weight)

    def forward(self, z):  # -> codes with the gradient passed through, ids, commitment
        z, rows = F.normalize(z.float(), dim=-1), F.normalize(self.rows.float(), dim=-1)
        ids = (z @ rows.mT).argmax(-1)
        codes = rows[ids]
        loss = ((codes - z.detach()) ** 2).mean() + 0.25 * ((codes.detach() - z) ** 2).mean()
        return z + (codes - z).detach(), ids, loss


class MaskTokenizer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.latent_tokens = nn.Parameter(torch.randn(config.tokens, config.width) * config.width ** -0.5)
        self.encoder, self.decoder = Encoder(config), Decoder(config)
        self.quantize, self.pixel_decoder = Quantiser(config), PixelDecoder(config)

    def known(self, counts):
        return (torch.arange(self.config.tokens, device=counts.device)[None] < counts[:, None]).float()[..., None]

    def encode(self, masks):  # [B, side, side] in 0 … 1
        return self.quantize(self.encoder(masks[:, None].expand(-1, 3, -1, -1), self.latent_tokens))

    def logits(self, codes, counts):
        """What the sigmoid makes the probability of each pixel of, [B, side, side]; `counts` tokens of each are there."""
        return 5 * (self.pixel_decoder(self.decoder(codes, self.known(counts))).mean(1) - 0.5)

    def decode(self, ids, counts):
        return torch.sigmoid(self.logits(F.normalize(self.quantize.rows, dim=-1)[ids], counts))

    def mixtures(self, logits):
        """Soft codes of a language model's logits [B, N, vocab], whose rows keep their length."""
        return torch.softmax(2 * logits, -1) @ self.quantize.rows
