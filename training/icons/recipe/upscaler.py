"""A small network that draws a picture at four times its side: convolutions at the small size, then sub-pixels (ESPCN, arXiv 1609.05158;
residual blocks without normalisation: EDSR, arXiv 1707.02921). It corrects the picture with every pixel repeated."""
from dataclasses import dataclass

import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class UpscalerConfig:
    channels: int = 4   # RGBA, premultiplied, in [-1, 1]
    width: int = 64
    blocks: int = 6
    factor: int = 4


class Upscaler(nn.Module):
    def __init__(self, config=UpscalerConfig()):
        super().__init__()
        self.config = c = config
        self.conv_in = nn.Conv2d(c.channels, c.width, 3, padding=1)
        self.blocks = nn.ModuleList(nn.Conv2d(c.width, c.width, 3, padding=1) for _ in range(c.blocks))
        self.conv_out = nn.Conv2d(c.width, c.channels * c.factor ** 2, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)
        nn.init.zeros_(self.conv_out.bias)

    def features(self, pixels):  # [B, C, h, w] -> [B, width, h, w]
        x = self.conv_in(pixels)
        for conv in self.blocks:
            x = x + conv(F.silu(x))
        return F.silu(x)

    def repeated(self, pixels):
        return F.interpolate(pixels, scale_factor=float(self.config.factor), mode="nearest")

    def forward(self, pixels):   # -> [B, C, h * factor, w * factor], about [-1, 1]
        return self.repeated(pixels) + F.pixel_shuffle(self.conv_out(self.features(pixels)), self.config.factor)
