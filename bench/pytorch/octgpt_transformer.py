"""OctGPT's transformer (arXiv 2504.09975, section 3.3) with random weights in eager float32 PyTorch: one pass of both stacks over given rows.
Windows are padded and masked as the paper's model pads and masks them. Written for this benchmark from the paper.

    octgpt_transformer.py ROWS.safetensors WIDTH,HEADS,BLOCKS,WINDOW,DILATION,KNOWN,ALL RUNS THREADS

Prints {"seconds": ..., "coreSeconds": ...} of the fastest run as JSON."""
import json
import sys
import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

rows = load_file(sys.argv[1])
C, H, BLOCKS, P, D, KNOWN, ALL = map(int, sys.argv[2].split(","))
runs, threads = map(int, sys.argv[3:5])
torch.set_num_threads(threads)
torch.manual_seed(0)
w = lambda *shape: torch.randn(*shape) * 0.02
DH = C // H


def block():
    return dict(depth=w(4, C), n1=(torch.ones(C), torch.zeros(C)), qkv=(w(3 * C, C), w(3 * C)), freqs=w(3, C // 2), proj=(w(C, C), w(C)),
                n2=(torch.ones(C), torch.zeros(C)), fc1=(w(4 * C, C), w(4 * C)), fc2=(w(C, 4 * C), w(C)))


stacks = [[block() for _ in range(BLOCKS)] for _ in range(2)]
each = 2 * -(-C // 6)
inverse = 100 ** (-torch.arange(0, each, 2) / each)


def waves(place):
    angles = place[:, :, None] * inverse
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)[:, :C]


def windows(x, i):
    lead = P // 2 if i // 2 % 2 else 0
    size = P * D
    tail = -(lead + len(x)) % size
    x = torch.cat([x.new_full((lead, *x.shape[1:]), -1), x, x.new_full((tail, *x.shape[1:]), -1)])
    if i % 2:
        return x.view(-1, P, D, *x.shape[1:]).transpose(1, 2).reshape(-1, P, *x.shape[1:]), lead
    return x.view(-1, P, *x.shape[1:]), lead


def back(x, i, lead, count):
    if i % 2:
        x = x.view(-1, D, P, x.shape[-1]).transpose(1, 2)
    return x.reshape(-1, x.shape[-1])[lead:lead + count]


def rotate(x, turn):
    return torch.view_as_real(torch.view_as_complex(x.view(*x.shape[:-1], DH // 2, 2)) * turn).flatten(-2)


def stack(blocks, x, row):
    place, depth = row[:, :3], row[:, 3].long()
    spatial = waves(place)
    masks = []
    for i in range(4):
        d, _ = windows(row[:, 3] + 1, i)  # padding has -1
        hidden = (d[:, :, None] < d[:, None, :]) | (d[:, None, :] < 0)
        masks.append(torch.zeros(hidden.shape).masked_fill_(hidden, -1000.0)[:, None])
    for i, l in enumerate(blocks):
        x = x + (spatial + l["depth"][depth])
        q, k, v = F.linear(F.layer_norm(x, (C,), *l["n1"]), *l["qkv"]).view(-1, 3, H, DH).unbind(1)
        angles = (place @ l["freqs"]).view(-1, H, DH // 2)
        turn = torch.polar(torch.ones_like(angles), angles)
        (q, lead), (k, _), (v, _) = (windows(t.contiguous(), i) for t in (rotate(q, turn), rotate(k, turn), v))
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=masks[i % 4])
        x = x + F.linear(back(a.transpose(1, 2).flatten(2), i, lead, len(x)), *l["proj"])
        x = x + F.linear(F.gelu(F.linear(F.layer_norm(x, (C,), *l["n2"]), *l["fc1"])), *l["fc2"])
    return F.layer_norm(x, (C,))


@torch.inference_mode()
def forward():
    known = stack(stacks[0], start, rows["known.rows"])
    return stack(stacks[1], torch.cat([known, mask.expand(ALL - KNOWN, C)]), rows["all.rows"])


start, mask = w(KNOWN, C), w(1, C)
forward()
best = (float("inf"), 0)
for _ in range(runs):
    began = time.perf_counter(), time.process_time()
    forward()
    best = min(best, (time.perf_counter() - began[0], time.process_time() - began[1]))
print(json.dumps({"seconds": best[0], "coreSeconds": best[1]}))
