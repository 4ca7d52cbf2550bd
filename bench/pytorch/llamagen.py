"""The LlamaGen-B network with random weights in eager float32 PyTorch with a static key-value cache: cached decode at
batch 2 (guidance). Written for this benchmark from the paper; prints {"tokensPerSecond": …, "version": …} as JSON."""
import json
import sys
import time

import torch
import torch.nn.functional as F

LAYERS, HEADS, C, HIDDEN, V, GRID, B = 12, 12, 768, 2048, 16384, 16, 2
D, SLOTS = C // HEADS, 1 + GRID * GRID
tokens = int(sys.argv[1]) if len(sys.argv) > 1 else 64
torch.manual_seed(0)
w = lambda *shape: torch.randn(*shape) * 0.02
layers = [dict(qkv=w(3 * C, C), o=w(C, C), w1=w(HIDDEN, C), w2=w(C, HIDDEN), w3=w(HIDDEN, C), n1=torch.ones(C), n2=torch.ones(C),
               k=torch.zeros(B, HEADS, SLOTS, D), v=torch.zeros(B, HEADS, SLOTS, D)) for _ in range(LAYERS)]
embed, head, norm, prefix = w(V, C), w(V, C), torch.ones(C), w(B, C)
half = D // 2
freq = 10000.0 ** (-torch.arange(half // 2) * 2.0 / half)
at = torch.arange(GRID)[:, None] * freq
angles = torch.cat([at[:, None].expand(-1, GRID, -1), at[None].expand(GRID, -1, -1)], -1).reshape(-1, half)
table = torch.cat([torch.zeros(1, half, 2), torch.stack([angles.cos(), angles.sin()], -1)])
mask = torch.ones(SLOTS, SLOTS, dtype=torch.bool).tril()


def rms(x, weight):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * weight


def rotate(x, cs):
    a, b = x.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([a * cs[:, 0] - b * cs[:, 1], b * cs[:, 0] + a * cs[:, 1]], -1).flatten(-2)


@torch.inference_mode()
def step(x, slot):  # x [B, 1, C]
    for l in layers:
        q, k, v = (y.view(B, 1, HEADS, D).transpose(1, 2) for y in F.linear(rms(x, l["n1"]), l["qkv"]).chunk(3, -1))
        l["k"][:, :, slot] = rotate(k, table[slot])[:, :, 0]
        l["v"][:, :, slot] = v[:, :, 0]
        o = F.scaled_dot_product_attention(rotate(q, table[slot]), l["k"], l["v"], attn_mask=mask[slot][None, None, None])
        x = x + F.linear(o.transpose(1, 2).reshape(B, 1, C), l["o"])
        n = rms(x, l["n2"])
        x = x + F.linear(F.silu(F.linear(n, l["w1"])) * F.linear(n, l["w3"]), l["w2"])
    return F.linear(rms(x, norm), head)[:, 0]


def pick(logits):
    u, c = logits[1], logits[0]
    p = torch.softmax(u + (c - u) * 2.0, -1)
    return torch.multinomial(p, 1)


def run(count):
    logits = step(prefix[:, None], 0)
    began = time.perf_counter()
    for slot in range(1, count + 1):
        token = pick(logits)
        logits = step(embed[token].expand(B, 1, C), slot)
    return count / (time.perf_counter() - began)


run(8)
print(json.dumps({"tokensPerSecond": run(tokens), "threads": torch.get_num_threads()}))
