"""Who tells the vocoder's waveforms from the teacher's: by periods (HiFi-GAN, arXiv 2010.05646 §2.3) and by spectra (UnivNet, arXiv
2106.07889 §2.2), both narrow. Least squares (arXiv 1611.04076)."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm


def stack(shapes, kernel, strides, pad):
    return nn.ModuleList(weight_norm(nn.Conv2d(a, b, kernel, s, pad)) for (a, b), s in zip(shapes, strides))


class Period(nn.Module):
    def __init__(self, period):
        super().__init__()
        self.period = period
        widths = [1, 16, 32, 64, 128]
        self.convs = stack(list(zip(widths, widths[1:])), (5, 1), [(3, 1)] * 4, (2, 0))
        self.post = weight_norm(nn.Conv2d(128, 1, (3, 1), padding=(1, 0)))

    def forward(self, x):
        x = F.pad(x, (0, -x.shape[-1] % self.period), "reflect").unflatten(1, (-1, self.period))[:, None]
        return layers(self, x)


class Spectrum(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size
        widths = [1, 24, 24, 24, 24]
        self.convs = stack(list(zip(widths, widths[1:])), (3, 9), [(1, 1), (1, 2), (1, 2), (1, 2)], (1, 4))
        self.post = weight_norm(nn.Conv2d(24, 1, 3, padding=1))
        self.register_buffer("window", torch.hann_window(size), persistent=False)

    def forward(self, x):
        s = torch.stft(x.float(), self.size, self.size // 4, self.size, self.window, return_complex=True).abs()
        return layers(self, s.transpose(1, 2)[:, None].clamp_min(1e-5).sqrt())  # silence has no gradient


def layers(net, x):
    """The features of every layer, the verdict last."""
    out = []
    for conv in net.convs:
        x = F.leaky_relu(conv(x), 0.1)
        out.append(x)
    return [*out, net.post(x)]


class Discriminators(nn.Module):
    def __init__(self):
        super().__init__()
        self.each = nn.ModuleList([*(Period(p) for p in (2, 3, 5, 7, 11)), *(Spectrum(s) for s in (2048, 1024, 512))])

    def forward(self, x):
        return [net(x) for net in self.each]


def told_apart(real, made):
    return sum(((1 - r[-1].float()) ** 2).mean() + (m[-1].float() ** 2).mean() for r, m in zip(real, made)) / len(real)


def judged(made):
    return sum(((1 - m[-1].float()) ** 2).mean() for m in made) / len(made)


def matched(real, made):
    return sum(F.l1_loss(b.float(), a.detach().float()) for r, m in zip(real, made) for a, b in zip(r[:-1], m[:-1])) / len(real)
