"""A small decoder for pictures in the making, after the idea of TAESD (github.com/madebyollin/taesd): what it costs to look
should not count beside the making."""
import torch.nn.functional as F
from torch import nn

WIDTH, BLOCKS = 64, 3


class Preview(nn.Module):
    def __init__(self, codec, width=WIDTH, blocks=BLOCKS):
        super().__init__()
        self.side = codec.patch * 2 ** (len(codec.multipliers) - 1)  # pixels of a cell
        self.conv_in = nn.Conv2d(codec.code_dim, width, 3, padding=1)
        self.blocks = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(blocks))
        self.conv_out = nn.Conv2d(width, codec.channels * self.side ** 2, 3, padding=1)

    def forward(self, codes):  # [B, D, h, w] -> pixels [B, C, h * side, w * side], about [-1, 1]
        x = self.conv_in(codes)
        for conv in self.blocks:
            x = x + conv(F.silu(x))
        return F.pixel_shuffle(self.conv_out(F.silu(x)), self.side)
