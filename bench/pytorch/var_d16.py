"""VAR-d16 with random weights in eager float32 PyTorch: a 256 x 256 picture's ten scales with guidance (batch 2), a static cache of
keys and values, fused attention, the canvas between scales, and VAR's sampling. Written for this benchmark from the paper. AdaLN is
computed in every pass, as the authors' code does; "once" as an argument takes it out. Prints {"seconds": ...} as JSON."""
import json
import sys
import time

import torch
import torch.nn.functional as F

LAYERS = HEADS = 16
C, V, Z, B = 1024, 4096, 32, 2
D, SIDES = C // HEADS, (1, 2, 3, 4, 5, 6, 8, 10, 13, 16)
SLOTS, GRID = sum(s * s for s in SIDES), SIDES[-1]
PHI = (0, 0, 0, 1, 1, 2, 2, 2, 3, 3)  # which of the four convolutions serves which scale, nearly
runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1
once = "once" in sys.argv
torch.manual_seed(0)
w = lambda *shape: torch.randn(*shape) * 0.02
layers = [dict(qkv=w(3 * C, C), bias=torch.cat([w(C), torch.zeros(C), w(C)]), temperature=w(1, HEADS, 1, 1), o=w(C, C), ob=w(C),
               f1=w(4 * C, C), b1=w(4 * C), f2=w(C, 4 * C), b2=w(C), ada=w(6 * C, C), adab=w(6 * C),
               k=torch.zeros(B, HEADS, SLOTS, D), v=torch.zeros(B, HEADS, SLOTS, D)) for _ in range(LAYERS)]
word, wordb, head, headb, hada, hadab = w(C, Z), w(C), w(V, C), w(V), w(2 * C, C), w(2 * C)
codes, phi, phib = w(V, Z), w(4, Z, Z, 3, 3), w(4, Z)
condition = w(B, C)
places = w(SLOTS, C)


def unit(x):
    return F.normalize(x, dim=-1)


def modulated(x, scale, shift):
    return F.layer_norm(x, (C,), eps=1e-6).mul(scale.add(1)).add_(shift)


def adaptation(l):
    return F.linear(F.silu(condition), l["ada"], l["adab"]).view(B, 1, 6, C).unbind(2)


def forward(x, start, ada):  # x [B, T, C]
    T = x.shape[1]
    for l, own in zip(layers, ada or [None] * LAYERS):
        g1, g2, s1, s2, h1, h2 = own or adaptation(l)
        qkv = F.linear(modulated(x, s1, h1), l["qkv"], l["bias"]).view(B, T, 3, HEADS, D)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        l["k"][:, :, start:start + T] = unit(k)
        l["v"][:, :, start:start + T] = v
        q = unit(q).mul(l["temperature"].clamp_max(4.6052).exp())
        o = F.scaled_dot_product_attention(q, l["k"][:, :, :start + T], l["v"][:, :, :start + T], scale=1)
        x = x + F.linear(o.transpose(1, 2).reshape(B, T, C), l["o"], l["ob"]).mul_(g1)
        f = F.gelu(F.linear(modulated(x, s2, h2), l["f1"], l["b1"]), approximate="tanh")
        x = x + F.linear(f, l["f2"], l["b2"]).mul(g2)
    scale, shift = F.linear(F.silu(condition), hada, hadab).view(B, 1, 2, C).unbind(2)
    return F.linear(modulated(x, scale, shift), head, headb)


def pick(logits, t):  # logits [T, V]: top-k 900, top-p 0.96
    logits = (1 + t) * logits[:1] - t * logits[1:]
    logits = logits.masked_fill(logits < logits.topk(900).values.amin(-1, keepdim=True), -torch.inf)
    ascending, order = logits.sort(-1)
    gone = ascending.softmax(-1).cumsum_(-1) <= 1 - 0.96
    gone[..., -1:] = False
    logits = logits.masked_fill(gone.scatter(-1, order, gone), -torch.inf)
    return torch.multinomial(logits.softmax(-1)[0], 1)[:, 0]


@torch.inference_mode()
def picture():
    ada = [adaptation(l) for l in layers] if once else None
    canvas = torch.zeros(1, Z, GRID, GRID)
    x = condition[:, None] + places[:1]
    start = 0
    for i, side in enumerate(SIDES):
        ids = pick(forward(x, start, ada), 1.5 * i / (len(SIDES) - 1))
        start += side * side
        h = F.interpolate(codes[ids].T.view(1, Z, side, side), size=(GRID, GRID), mode="bicubic")
        canvas = canvas + 0.5 * h + 0.5 * F.conv2d(h, phi[PHI[i]], phib[PHI[i]], padding=1)
        if i + 1 < len(SIDES):
            n = SIDES[i + 1]
            cells = F.interpolate(canvas, size=(n, n), mode="area").flatten(2).transpose(1, 2)
            x = (F.linear(cells, word, wordb) + places[start:start + n * n]).repeat(B, 1, 1)


picture()
times = []
for _ in range(runs):
    began = time.perf_counter()
    picture()
    times.append(time.perf_counter() - began)
print(json.dumps({"seconds": min(times), "mean": sum(times) / runs, "threads": torch.get_num_threads()}))
