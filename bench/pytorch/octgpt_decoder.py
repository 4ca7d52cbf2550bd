"""The decoder of OctGPT's autoencoder (arXiv 2504.09975, section 3.2) with random weights in eager float32 PyTorch on a given octree. Graph
convolutions add the rows of all edges to the mean of their direction, as dual octree graph networks do. Written for this benchmark.

    octgpt_decoder.py OCTREE.safetensors [FULL, CODE, DEPTH, TYPES, [[CHANNELS, BLOCKS], [CHANNELS, BLOCKS]]] RUNS THREADS

Prints {"seconds": ..., "coreSeconds": ...} of the fastest run as JSON."""
import json
import sys
import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

io = load_file(sys.argv[1])
FULL, CODE, DEPTH, TYPES, (encoder, decoder) = json.loads(sys.argv[2])
runs, threads = map(int, sys.argv[3:5])
torch.set_num_threads(threads)
torch.manual_seed(0)
w = lambda *shape: torch.randn(*shape) * 0.02


class Graph:
    def __init__(self, d):
        row, direction, self.col = io[f"edges.{d}"].long().unbind(1)
        depth = io[f"depths.{d}"].long()
        self.n = len(depth)
        self.slot = row * 7 + direction
        self.slot = torch.cat([self.slot, torch.arange(self.n) * 7 + 6])
        self.col = torch.cat([self.col, torch.arange(self.n)])
        self.count = torch.zeros(self.n * 7).index_add_(0, self.slot, torch.ones(len(self.slot))).clamp_(min=1)[:, None]
        self.types = F.one_hot(depth - FULL, TYPES + d - CODE).float()


graphs = {d: Graph(d) for d in range(FULL, DEPTH + 1)}
split = {d: io[f"children.{d}"] >= 0 for d in range(FULL, DEPTH)}
above = {d: sum(int((~split[e]).sum()) for e in range(FULL, d)) for d in range(FULL, DEPTH + 1)}


def conv(x, g, weight):
    x = torch.cat([x, g.types], 1)
    seen = torch.zeros(g.n * 7, x.shape[1]).scatter_add_(0, g.slot[:, None].expand(-1, x.shape[1]), x[g.col]).div_(g.count)
    return seen.view(g.n, -1) @ weight


def norm(x):
    n, c = x.shape
    groups = 32 if c >= 128 else c // 4
    each = x.view(n, groups, -1)
    mean = each.mean((0, 2), keepdim=True)
    each = each - mean
    return (each / (each.square().mean((0, 2), keepdim=True) + 1e-5).sqrt()).view(n, c) * ones[c] + zeros[c]


ones = {c: torch.ones(1, c) for c in [*encoder[0], *decoder[0], 64]}
zeros = {c: torch.zeros(1, c) for c in [*encoder[0], *decoder[0], 64]}
width = lambda c, d: 7 * (c + TYPES + d - CODE)
blocks = lambda tower, depths: [[(w(width(c, d), c), w(width(c, d), c)) for _ in range(n)] for c, n, d in zip(*tower, depths)]
enc, dec = blocks(encoder, range(CODE, FULL - 1, -1)), blocks(decoder, range(FULL, DEPTH + 1))
down = [(w(8 * a, a), w(a, b)) for a, b in zip(encoder[0], encoder[0][1:])]
up = [(w(a, 8 * a), w(a, b)) for a, b in zip(decoder[0], decoder[0][1:])]
first = w(io["codes"].shape[1], encoder[0][0])
heads = [[(w(c, 64), w(64, o)) for o in (2, 4)] for c in decoder[0][CODE - FULL:]]


def resblocks(x, g, all):
    for a, b in all:
        x = (norm(conv(norm(conv(x, g, a)).relu(), g, b)) + x).relu()
    return x


widen = lambda x, weight: x if weight.shape[0] == weight.shape[1] else norm(x @ weight).relu()


def downsample(x, d, weights):  # from depth d to d - 1
    s = split[d - 1]
    leaves = above[d]
    y = torch.empty(len(s), x.shape[1])
    y[s] = x[leaves:].view(-1, 8 * x.shape[1]) @ weights[0]
    y[~s] = x[above[d - 1]:leaves]
    return widen(torch.cat([x[:above[d - 1]], y]), weights[1])


def upsample(x, d, weights):  # from depth d to d + 1
    s = split[d]
    own = x[above[d]:]
    return widen(torch.cat([x[:above[d]], own[~s], (own[s] @ weights[0]).view(-1, x.shape[1])]), weights[1])


@torch.inference_mode()
def forward():
    x = torch.cat([torch.zeros(above[CODE], encoder[0][0]), io["codes"] @ first])
    skips = {}
    for i, d in enumerate(range(CODE, FULL - 1, -1)):
        x = skips[d] = resblocks(x, graphs[d], enc[i])
        if d > FULL:
            x = downsample(x, d, down[i])
    for i, d in enumerate(range(FULL, DEPTH + 1)):
        if d > FULL:
            x = upsample(x, d - 1, up[i - 1])
            if d <= CODE:
                x = x + skips[d]
        x = resblocks(x, graphs[d], dec[i])
        if d >= CODE:
            for a, b in heads[d - CODE]:
                norm(x @ a).relu() @ b


forward()
best = (float("inf"), 0)
for _ in range(runs):
    began = time.perf_counter(), time.process_time()
    forward()
    best = min(best, (time.perf_counter() - began[0], time.process_time() - began[1]))
print(json.dumps({"seconds": best[0], "coreSeconds": best[1]}))
