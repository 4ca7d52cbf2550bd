"""A text model in the shape of Qwen2 with random weights in eager float32 PyTorch with a static key-value cache, one row: a prompt in
one pass, then a token a pass. Written for this benchmark from the papers.

    text.py LAYERS,HEADS,KV_HEADS,HEAD_SIZE,WIDTH,HIDDEN,VOCABULARY PROMPT TOKENS THREADS

Prints {"promptTokensPerSecond": ..., "tokensPerSecond": ...} as JSON."""
import json
import sys
import time

import torch
import torch.nn.functional as F

LAYERS, H, K, D, C, HIDDEN, V = map(int, sys.argv[1].split(","))
prompt, tokens, threads = map(int, sys.argv[2:5])
torch.set_num_threads(threads)
torch.manual_seed(0)
w = lambda *shape: torch.randn(*shape) * 0.02
SLOTS = prompt + tokens
layers = [dict(q=w(H * D, C), k=w(K * D, C), v=w(K * D, C), o=w(C, H * D), bq=w(H * D), bk=w(K * D), bv=w(K * D), gate=w(HIDDEN, C),
               up=w(HIDDEN, C), down=w(C, HIDDEN), n1=torch.ones(C), n2=torch.ones(C), keys=torch.zeros(1, K, SLOTS, D),
               values=torch.zeros(1, K, SLOTS, D)) for _ in range(LAYERS)]
table, last = w(V, C), torch.ones(C)
frequencies = 1e6 ** (-torch.arange(0, D, 2) / D)


def rms(x, weight):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * weight


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


@torch.inference_mode()
def step(ids, start):
    T = len(ids)
    angles = torch.arange(start, start + T)[:, None] * frequencies
    cos, sin = angles.cos(), angles.sin()
    x = table[ids][None]
    for l in layers:
        n = rms(x, l["n1"])
        q, k, v = (F.linear(n, l[name], l["b" + name]).view(1, T, -1, D).transpose(1, 2) for name in "qkv")
        l["keys"][:, :, start:start + T] = rotate(k, cos, sin)
        l["values"][:, :, start:start + T] = v
        o = F.scaled_dot_product_attention(rotate(q, cos, sin), l["keys"][:, :, :start + T], l["values"][:, :, :start + T],
                                           is_causal=T > 1, enable_gqa=True)
        x = x + F.linear(o.transpose(1, 2).reshape(1, T, H * D), l["o"])
        n = rms(x, l["n2"])
        x = x + F.linear(F.silu(F.linear(n, l["gate"])) * F.linear(n, l["up"]), l["down"])
    return F.linear(rms(x[:, -1], last), table).argmax(-1)


def run(length, count):
    began = time.perf_counter()
    id = step([7 * i % V for i in range(length)], 0)
    read = time.perf_counter() - began
    for i in range(count - 1):
        id = step([int(id)], length + i)
    return length / read, (count - 1) / (time.perf_counter() - began - read)


run(16, 4)
reading, writing = run(prompt, tokens)
print(json.dumps({"promptTokensPerSecond": reading, "tokensPerSecond": writing}))
