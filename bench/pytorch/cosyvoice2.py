"""CosyVoice 2 (arXiv 2412.10117) at its published sizes with random weights in eager float32 PyTorch: the tokenizer of speech (section 2.2), the
flow decoder (section 2.4) and the HiFT vocoder (arXiv 2309.09493). Written for this benchmark.

    cosyvoice2.py SECONDS RUNS THREADS

Prints seconds on the clock and of all cores together, of the fastest run of each part, as JSON."""
import json
import math
import sys
import time

import torch
import torch.nn.functional as F

seconds, runs, threads = map(int, sys.argv[1:4])
torch.set_num_threads(threads)
torch.manual_seed(0)
pool = torch.randn(1 << 23) * 0.02
w = lambda *shape: pool[: math.prod(shape)].clone().view(shape)  # what is measured does not depend on the numbers
one = lambda n: (torch.ones(n), torch.zeros(n))
lin = lambda o, i: (w(o, i), torch.zeros(o))
conv = lambda o, i, k, groups=1: (w(o, i // groups, k), torch.zeros(o))
split = lambda x, heads: x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)
merge = lambda x: x.transpose(1, 2).flatten(2)


def measure(run):
    run()
    best = (float("inf"), 0)
    for _ in range(runs):
        began = time.perf_counter(), time.process_time()
        run()
        best = min(best, (time.perf_counter() - began[0], time.process_time() - began[1]))
    return best


# --- the tokenizer: 16 kHz audio to ids
D, HEADS, LAYERS = 1280, 20, 6
s3 = dict(first=conv(D, 128, 3), second=conv(D, D, 3), down=lin(8, D), bank=torch.rand(128, 201))
s3["blocks"] = [
    dict(q=lin(D, D), k=(w(D, D), None), v=lin(D, D), out=lin(D, D), memory=w(D, 1, 31), up=lin(4 * D, D), back=lin(D, 4 * D), a=one(D), b=one(D))
    for _ in range(LAYERS)
]


def turned(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def tokenizer(samples):
    spectrum = torch.stft(samples, 400, 160, window=torch.hann_window(400), return_complex=True)[:, :-1].abs().square()
    mel = (s3["bank"] @ spectrum).clamp(min=1e-10).log10()
    mel = (torch.maximum(mel, mel.max() - 8) + 4) / 4
    x = F.gelu(F.conv1d(mel[None], *s3["first"], stride=2, padding=1))
    x = F.gelu(F.conv1d(x, *s3["second"], stride=2, padding=1)).transpose(1, 2)
    angles = torch.arange(x.shape[1])[:, None] * 10000 ** (-torch.arange(32) / 32)
    cos, sin = angles.cos(), angles.sin()
    for block in s3["blocks"]:
        h = F.layer_norm(x, (D,), *block["a"], 1e-6)
        q, k, v = (F.linear(h, *block[name]) for name in "qkv")
        seen = F.scaled_dot_product_attention(turned(split(q, HEADS), cos, sin), turned(split(k, HEADS), cos, sin), split(v, HEADS))
        u = v.transpose(1, 2)
        memory = F.conv1d(u, block["memory"], padding=15, groups=D) + u
        x = x + F.linear(merge(seen), *block["out"]) + memory.transpose(1, 2)
        x = x + F.linear(F.gelu(F.linear(F.layer_norm(x, (D,), *block["b"], 1e-5), *block["up"])), *block["back"])
    digits = (torch.tanh(F.linear(x, *s3["down"])) * 0.999).round() + 1
    return (digits * 3 ** torch.arange(8)).sum(-1)


# --- the flow decoder: ids to mel
E, EH = 512, 8
layer = lambda: dict(q=lin(E, E), k=lin(E, E), v=lin(E, E), out=lin(E, E), pos=w(E, E), u=w(EH, 1, E // EH), w=w(EH, 1, E // EH), up=lin(2048, E), back=lin(E, 2048), a=one(E), b=one(E))
enc = dict(table=w(6561, E), embed=lin(E, E), norm=one(E), ahead=conv(E, E, 4), ahead2=conv(E, E, 3), lower=[layer() for _ in range(6)],
           up=conv(E, E, 5), embed2=lin(E, E), norm2=one(E), upper=[layer() for _ in range(4)], after=one(E), out=lin(80, E), speaker=lin(80, 192))


def distances(n):
    angles = torch.arange(n - 1, -n, -1)[:, None] * torch.exp(torch.arange(0, E, 2) * (-math.log(10000) / E))
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


def shifted(x):
    b, h, t, r = x.shape
    return F.pad(x, (1, 0)).view(b, h, r + 1, t)[:, :, 1:].view(b, h, t, r)[..., : r // 2 + 1]


def conformer(x, layers):
    table = distances(x.shape[1])
    for l in layers:
        h = F.layer_norm(x, (E,), *l["a"], 1e-12)
        q, k, v = (split(F.linear(h, *l[name]), EH) for name in "qkv")
        p = split(F.linear(table, l["pos"])[None], EH)
        scores = (q + l["u"]) @ k.transpose(-1, -2) + shifted((q + l["w"]) @ p.transpose(-1, -2))
        x = x + F.linear(merge(torch.softmax(scores / math.sqrt(E // EH), -1) @ v), *l["out"])
        x = x + F.linear(F.silu(F.linear(F.layer_norm(x, (E,), *l["b"], 1e-12), *l["up"])), *l["back"])
    return x


def encode(ids):
    x = F.layer_norm(F.linear(enc["table"][ids][None], *enc["embed"]), (E,), *enc["norm"]) * math.sqrt(E)
    y = F.leaky_relu(F.conv1d(F.pad(x.transpose(1, 2), (0, 3)), *enc["ahead"]))
    x = conformer(x + F.conv1d(F.pad(y, (2, 0)), *enc["ahead2"]).transpose(1, 2), enc["lower"])
    x = F.conv1d(F.pad(x.transpose(1, 2).repeat_interleave(2, 2), (4, 0)), *enc["up"]).transpose(1, 2)
    x = conformer(F.layer_norm(F.linear(x, *enc["embed2"]), (E,), *enc["norm2"]) * math.sqrt(E), enc["upper"])
    return F.linear(F.layer_norm(x, (E,), *enc["after"]), *enc["out"]).transpose(1, 2)


C = 256
resnet = lambda i: dict(a=conv(C, i, 3), an=one(C), b=conv(C, C, 3), bn=one(C), time=lin(C, 1024), skip=conv(C, i, 1))
former = lambda: dict(q=w(512, C), k=w(512, C), v=w(512, C), out=lin(C, 512), up=lin(1024, C), back=lin(C, 1024), a=one(C), b=one(C))
stage = lambda i: (resnet(i), [former() for _ in range(4)])
net = dict(t1=lin(1024, 320), t2=lin(1024, 1024), down=stage(320), tail=conv(C, C, 3), mid=[stage(C) for _ in range(12)], up=stage(512), tail2=conv(C, C, 3),
           final=conv(C, C, 3), fn=one(C), proj=conv(80, C, 1))
causal = lambda x, weights: F.conv1d(F.pad(x, (2, 0)), *weights)
block = lambda x, weights, norm: F.mish(F.layer_norm(causal(x, weights).transpose(1, 2), (C,), *norm).transpose(1, 2))


def through(x, time, weights):
    r, formers = weights
    h = block(x, r["a"], r["an"]) + F.linear(F.mish(time), *r["time"])[..., None]
    x = (block(h, r["b"], r["bn"]) + F.conv1d(x, *r["skip"])).transpose(1, 2)
    for f in formers:
        h = F.layer_norm(x, (C,), *f["a"])
        q, k, v = (split(F.linear(h, f[name]), 8) for name in "qkv")
        x = x + F.linear(merge(F.scaled_dot_product_attention(q, k, v)), *f["out"])
        x = x + F.linear(F.gelu(F.linear(F.layer_norm(x, (C,), *f["b"]), *f["up"])), *f["back"])
    return x.transpose(1, 2)


def velocity(x, mu, speaker, cond, t):
    angles = 1000 * t * torch.exp(torch.arange(160) * (-math.log(10000) / 159))
    time = F.linear(F.silu(F.linear(torch.cat([angles.sin(), angles.cos()])[None], *net["t1"])), *net["t2"])
    x = torch.cat([x, mu, speaker[..., None].expand(-1, -1, x.shape[2]), cond], 1)
    x = skip = through(x, time, net["down"])
    x = causal(x, net["tail"])
    for weights in net["mid"]:
        x = through(x, time, weights)
    x = causal(through(torch.cat([x, skip], 1), time, net["up"]), net["tail2"])
    return F.conv1d(block(x, net["final"], net["fn"]), *net["proj"])


def flow(ids, vector):
    mu = encode(ids)
    speaker = F.linear(F.normalize(vector[None]), *enc["speaker"])
    x = torch.randn(mu.shape)
    pair = lambda a: torch.cat([a, torch.zeros_like(a)])
    times = [1 - math.cos(math.pi / 2 * k / 10) for k in range(11)]
    for a, b in zip(times, times[1:]):
        v = velocity(torch.cat([x, x]), pair(mu), pair(speaker), pair(torch.zeros_like(mu)), a)
        x = x + (b - a) * (1.7 * v[:1] - 0.7 * v[1:])
    return x


# --- HiFT: mel to samples
RATES, KERNELS, SOURCES = [8, 5, 3], [16, 11, 7], [7, 7, 11]
resblock = lambda c, k: dict(a=[conv(c, c, k) for _ in range(3)], b=[conv(c, c, k) for _ in range(3)], s=[torch.ones(c, 1) for _ in range(6)], k=k)
hift = dict(f0=[conv(512, 80 if i == 0 else 512, 3) for i in range(5)], f0out=lin(1, 512), merge=lin(1, 9), pre=conv(512, 80, 7), post=conv(18, 64, 7), stages=[])
for i, rate in enumerate(RATES):
    c = 512 >> (i + 1)
    below = math.prod(RATES[i + 1:])
    hift["stages"].append(dict(up=(w(2 * c, c, KERNELS[i]), torch.zeros(c)), down=conv(c, 18, 2 * below if below > 1 else 1), below=below, source=resblock(c, SOURCES[i]),
                               blocks=[resblock(c, k) for k in (3, 7, 11)]))
snake = lambda x, alpha: x + (alpha * x).sin().square() / (alpha + 1e-9)
window = torch.hann_window(16)


def residual(x, r):
    for i, dilation in enumerate((1, 3, 5)):
        k = r["k"]
        y = F.conv1d(snake(x, r["s"][i]), *r["a"][i], dilation=dilation, padding=(k - 1) * dilation // 2)
        x = x + F.conv1d(snake(y, r["s"][3 + i]), *r["b"][i], padding=(k - 1) // 2)
    return x


def vocoder(mel):
    x = mel
    for weights in hift["f0"]:
        x = F.elu(F.conv1d(x, *weights, padding=1))
    f0 = F.linear(x.transpose(1, 2), *hift["f0out"]).abs() * 1000
    step = (f0 * torch.arange(1, 10) / 24000 % 1).transpose(1, 2)
    phase = F.interpolate(step.cumsum(-1) * (2 * math.pi * 480), scale_factor=480, mode="linear").transpose(1, 2)
    voiced = (f0 > 10).float().repeat_interleave(480, 1)
    noise = voiced * 0.003 + (1 - voiced) * 0.1 / 3
    sines = 0.1 * phase.sin() * voiced + noise * torch.randn(phase.shape)
    source = torch.tanh(F.linear(sines, *hift["merge"]))[..., 0]
    spectrum = torch.stft(source, 16, 4, window=window, return_complex=True)
    harmonics = torch.cat([spectrum.real, spectrum.imag], 1)
    x = F.conv1d(mel, *hift["pre"], padding=3)
    for i, s in enumerate(hift["stages"]):
        x = F.conv_transpose1d(F.leaky_relu(x, 0.1), *s["up"], stride=RATES[i], padding=(KERNELS[i] - RATES[i]) // 2)
        if i == 2:
            x = F.pad(x, (1, 0), mode="reflect")
        down = F.conv1d(harmonics, *s["down"], stride=s["below"], padding=s["below"] // 2 if s["below"] > 1 else 0)
        x = x + residual(down, s["source"])[..., : x.shape[2]]
        x = sum(residual(x, r) for r in s["blocks"]) / 3
    y = F.conv1d(F.leaky_relu(x, 0.01), *hift["post"], padding=3)
    magnitude, phase = y[:, :9].exp().clamp(max=100), y[:, 9:].sin()
    return torch.istft(torch.polar(magnitude, phase), 16, 4, window=window).clamp(-0.99, 0.99)


with torch.inference_mode():
    samples = torch.rand(16000 * seconds) - 0.5
    ids = torch.arange(25 * seconds) * 7919 % 6561
    mel = torch.randn(1, 80, 50 * seconds)
    parts = dict(tokenizer=measure(lambda: tokenizer(samples)), flow=measure(lambda: flow(ids, torch.ones(192))), vocoder=measure(lambda: vocoder(mel)))
print(json.dumps({f"{name}{unit}": value for name, best in parts.items() for unit, value in zip(("Seconds", "CoreSeconds"), best)}))
