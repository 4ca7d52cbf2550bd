"""torch.nn.GroupNorm, and on a CPU in bfloat16 the fast one of group_norm.cpp (needs a C++ compiler; else PyTorch's own)."""
from functools import cache
from pathlib import Path
from shutil import which

import torch
import torch.nn.functional as F
from torch import nn


@cache
def native():
    if which("g++") is None:
        return None
    from torch.utils.cpp_extension import load
    return load("tessera_group_norm", [str(Path(__file__).with_suffix(".cpp"))],
                extra_cflags=["-O3", "-march=native", "-ffast-math"], verbose=False)


def rows(x):  # [B, C, H, W] channels-last -> [B, H*W, C] without a copy
    b, c, h, w = x.shape
    return x.contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1).reshape(b, h * w, c)


def picture(y, shape):
    b, c, h, w = shape
    return y.reshape(b, h, w, c).permute(0, 3, 1, 2)


class Native(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, groups, eps):
        flat = rows(x)
        y, mean, rstd = native().forward(flat, weight, bias, groups, eps)
        ctx.save_for_backward(flat, mean, rstd, weight)
        ctx.shape = x.shape
        return picture(y, x.shape)

    @staticmethod
    def backward(ctx, grad):
        flat, mean, rstd, weight = ctx.saved_tensors
        dx, dw, db = native().backward(rows(grad.to(torch.bfloat16)), flat, mean, rstd, weight)
        return picture(dx, ctx.shape), dw, db, None, None


class GroupNorm(nn.GroupNorm):
    def forward(self, x):
        if x.device.type == "cpu" and x.dtype == torch.bfloat16 and native():
            return Native.apply(x, self.weight, self.bias, self.num_groups, self.eps)
        return F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)
