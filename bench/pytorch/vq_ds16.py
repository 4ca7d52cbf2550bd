"""The decoder of LlamaGen's VQ-16 tokenizer with random weights in eager float32 PyTorch: one 256 x 256 picture.
Written for this benchmark from the paper; prints {"secondsPerPicture": …} as JSON."""
import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

CH, MULT, Z = 128, (4, 2, 2, 1, 1), 256


class Res(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.n1, self.c1, self.n2, self.c2 = nn.GroupNorm(32, i, 1e-6), nn.Conv2d(i, o, 3, 1, 1), nn.GroupNorm(32, o, 1e-6), nn.Conv2d(o, o, 3, 1, 1)
        self.s = nn.Conv2d(i, o, 1) if i != o else nn.Identity()

    def forward(self, x):
        return self.s(x) + self.c2(F.silu(self.n2(self.c1(F.silu(self.n1(x))))))


class Attn(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n = nn.GroupNorm(32, c, 1e-6)
        self.q, self.k, self.v, self.o = (nn.Conv2d(c, c, 1) for _ in range(4))

    def forward(self, x):
        b, c, h, w = x.shape
        n = self.n(x)
        q, k, v = (f(n).flatten(2).transpose(1, 2)[:, None] for f in (self.q, self.k, self.v))
        return x + self.o(F.scaled_dot_product_attention(q, k, v)[:, 0].transpose(1, 2).reshape(b, c, h, w))


def decoder():
    parts, width = [nn.Conv2d(8, Z, 1), nn.Conv2d(Z, CH * MULT[0], 3, 1, 1)], CH * MULT[0]
    parts += [Res(width, width), Attn(width), Res(width, width)]
    for i, m in enumerate(MULT):
        for _ in range(3):
            parts.append(Res(width, CH * m))
            width = CH * m
            if i == 0:
                parts.append(Attn(width))
        if i < len(MULT) - 1:
            parts += [nn.Upsample(scale_factor=2.0, mode="nearest"), nn.Conv2d(width, width, 3, 1, 1)]
    return nn.Sequential(*parts, nn.GroupNorm(32, width, 1e-6), nn.SiLU(), nn.Conv2d(width, 3, 3, 1, 1)).eval()


torch.manual_seed(0)
net, runs = decoder(), int(sys.argv[1]) if len(sys.argv) > 1 else 3
z = torch.randn(1, 8, 16, 16)
with torch.inference_mode():
    net(z)
    began = time.perf_counter()
    for _ in range(runs):
        net(z)
print(json.dumps({"secondsPerPicture": (time.perf_counter() - began) / runs, "threads": torch.get_num_threads()}))
