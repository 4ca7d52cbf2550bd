"""LlamaGen's or NAR's network with random weights in eager float32 PyTorch with a static key-value cache: cached decoding at
batch 2 (guidance), a token a pass or a diagonal a pass. Written for this benchmark from the papers.

    llamagen.py LAYERS,HEADS,WIDTH,HIDDEN,VOCABULARY,GRID next-token|next-neighbor TOKENS

Prints {"tokensPerSecond": ...} as JSON."""
import json
import sys
import time

import torch
import torch.nn.functional as F

LAYERS, HEADS, C, HIDDEN, V, GRID = map(int, sys.argv[1].split(","))
order, tokens = sys.argv[2], int(sys.argv[3])
B, D, SLOTS = 2, C // HEADS, 1 + GRID * GRID
diagonal = order == "next-neighbor"
torch.manual_seed(0)
w = lambda *shape: torch.randn(*shape) * 0.02
layers = [dict(qkv=w(3 * C, C), o=w(C, C), w1=w(HIDDEN, C), w2=w(C, HIDDEN), w3=w(HIDDEN, C), n1=torch.ones(C), n2=torch.ones(C),
               k=torch.zeros(B, HEADS, SLOTS, D), v=torch.zeros(B, HEADS, SLOTS, D)) for _ in range(LAYERS + diagonal)]
embed, prefix = w(V, C), w(B, C)
heads = [(torch.ones(C), w(V, C)) for _ in range(1 + diagonal)]  # NAR: right below the last block, below behind it
half = D // 2
freq = 10000.0 ** (-torch.arange(half // 2) * 2.0 / half)
at = torch.arange(GRID)[:, None] * freq
angles = torch.cat([at[:, None].expand(-1, GRID, -1), at[None].expand(GRID, -1, -1)], -1).reshape(-1, half)
table = torch.cat([torch.zeros(1, half, 2), torch.stack([angles.cos(), angles.sin()], -1)])


def rms(x, weight):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * weight


def rotate(x, cs):  # x [B, H, T, D], cs [T, D/2, 2]
    a, b = x.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([a * cs[..., 0] - b * cs[..., 1], b * cs[..., 0] + a * cs[..., 1]], -1).flatten(-2)


@torch.inference_mode()
def step(x, start, places):  # x [B, T, C] in slots start ... of the cache, which all see each other
    T, cs, logits = x.shape[1], table[places], []
    for i, l in enumerate(layers):
        q, k, v = (y.view(B, T, HEADS, D).transpose(1, 2) for y in F.linear(rms(x, l["n1"]), l["qkv"]).chunk(3, -1))
        l["k"][:, :, start:start + T] = rotate(k, cs)
        l["v"][:, :, start:start + T] = v
        o = F.scaled_dot_product_attention(rotate(q, cs), l["k"][:, :, :start + T], l["v"][:, :, :start + T])
        x = x + F.linear(o.transpose(1, 2).reshape(B, T, C), l["o"])
        n = rms(x, l["n2"])
        x = x + F.linear(F.silu(F.linear(n, l["w1"])) * F.linear(n, l["w3"]), l["w2"])
        if i + 1 >= LAYERS:
            norm, head = heads[i + 1 - LAYERS]
            logits.append(F.linear(rms(x, norm), head))
    return logits


def pick(logits):  # [B, R, V] -> [R]
    u, c = logits[1], logits[0]
    return torch.multinomial(torch.softmax(u + (c - u) * 2.0, -1), 1)[:, 0]


def by_token(count):
    (logits,) = step(prefix[:, None], 0, [0])
    for slot in range(1, count + 1):
        token = pick(logits)
        if slot < count:  # the last one is fed to nobody
            (logits,) = step(embed[token].expand(B, 1, C), slot, [slot])
    return count


def by_diagonal():
    right, below = step(prefix[:, None], 0, [0])
    logits, start = (right + below) / 2, 1
    for d in range(2 * GRID - 1):
        cells = [(r, d - r) for r in range(GRID) if 0 <= d - r < GRID]
        ids = pick(logits)
        if d == 2 * GRID - 2:
            break
        right, below = step(embed[ids].expand(B, -1, C), start, [1 + r * GRID + c for r, c in cells])
        start += len(cells)
        row, following = {cell: i for i, cell in enumerate(cells)}, []
        for r in range(GRID):
            c = d + 1 - r
            if 0 <= c < GRID:
                ways = [y[:, row[cell]] for y, cell in ((right, (r, c - 1)), (below, (r - 1, c))) if cell in row]
                following.append(sum(ways) / len(ways))
        logits = torch.stack(following, 1)
    return GRID * GRID


def run(count):
    began = time.perf_counter()
    made = by_diagonal() if diagonal else by_token(count)
    return made / (time.perf_counter() - began)


run(8)
print(json.dumps({"tokensPerSecond": run(tokens), "threads": torch.get_num_threads()}))
