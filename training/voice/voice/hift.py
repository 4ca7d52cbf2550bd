"""HiFT (HiFTNet, arXiv 2309.09493; iSTFTNet, arXiv 2203.02395) in the layout of CosyVoice 3: causal layers, weight names of its file.
The source has the phase of CosyVoice 1: every sample adds its own turn."""
import math
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm


@dataclass
class HiftConfig:
    sample_rate: int = 16000
    mels: int = 80
    channels: int = 128
    upsample_rates: tuple = (8, 5)
    upsample_kernels: tuple = (16, 11)
    res_kernels: tuple = (3, 7, 11)
    res_dilations: tuple = ((1, 3, 5),) * 3
    source_kernels: tuple = (7, 7)
    source_dilations: tuple = ((1, 3, 5),) * 2
    fft_size: int = 32
    fft_hop: int = 8
    harmonics: int = 8
    f0_channels: int = 96
    sine_amplitude: float = 0.1
    noise_amplitude: float = 0.003
    voiced_above: float = 50.0  # Hz: no teacher is lower than 60, and what is predicted between is the edge of a voice
    hop: int = field(init=False)

    def __post_init__(self):
        self.hop = self.fft_hop
        for rate in self.upsample_rates:
            self.hop *= rate


def held(x, times):
    """Every frame of [B, C, T] so many times in a row. Its gradient is a sum, where that of repeat_interleave scatters."""
    return x[..., None].expand(-1, -1, -1, times).flatten(2)


def overlapped(spectrum, window, hop):
    """torch.istft, which asks whether it divides by zero and so cannot be recorded (voice/recorded.py): [B, bins, frames] -> [B, (frames - 1) hop]."""
    size, frames = len(window), spectrum.shape[-1]
    added = lambda x: F.fold(x, (1, size + hop * (frames - 1)), (1, size), stride=(1, hop))[:, 0, 0, size // 2:-(size // 2)]
    parts = torch.fft.irfft(spectrum, size, dim=1) * window[:, None]
    return added(parts) / added(window.square()[None, :, None].expand(1, -1, frames))


LOUDEST = math.log(100)  # of a bin


class Conv(nn.Conv1d):
    """A convolution that sees so many frames before and after."""

    def __init__(self, c_in, c_out, kernel, dilation=1, stride=1, ahead=0, behind=None):
        super().__init__(c_in, c_out, kernel, stride, dilation=dilation)
        self.pads = ((kernel - 1) * dilation - ahead if behind is None else behind, ahead)

    def forward(self, x):
        return super().forward(F.pad(x, self.pads))


def normed(c_in, c_out, kernel, dilation=1, ahead=0):
    conv = Conv(c_in, c_out, kernel, dilation, ahead=ahead)
    nn.init.normal_(conv.weight, 0, (1.0 / (c_in * kernel)) ** 0.5)
    nn.init.zeros_(conv.bias)
    return weight_norm(conv)


class Snake(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(channels))

    def forward(self, x):
        a = self.alpha[:, None].to(x.dtype)
        return x + torch.sin(a * x).square() / (a + 1e-9)


class ResBlock(nn.Module):
    def __init__(self, channels, kernel, dilations):
        super().__init__()
        self.convs1 = nn.ModuleList(normed(channels, channels, kernel, d) for d in dilations)
        self.convs2 = nn.ModuleList(normed(channels, channels, kernel) for _ in dilations)
        self.activations1 = nn.ModuleList(Snake(channels) for _ in dilations)
        self.activations2 = nn.ModuleList(Snake(channels) for _ in dilations)

    def forward(self, x):
        for conv1, conv2, bend1, bend2 in zip(self.convs1, self.convs2, self.activations1, self.activations2):
            x = x + conv2(bend2(conv1(bend1(x))))
        return x


class F0Predictor(nn.Module):
    def __init__(self, c):
        super().__init__()
        layers = [normed(c.mels, c.f0_channels, 4, ahead=3), nn.ELU()]
        for _ in range(4):
            layers += [normed(c.f0_channels, c.f0_channels, 3), nn.ELU()]
        self.condnet, self.classifier = nn.Sequential(*layers), nn.Linear(c.f0_channels, 1)

    def forward(self, mel):
        return self.classifier(self.condnet(mel).transpose(1, 2))[..., 0]


class Source(nn.Module):
    def __init__(self, harmonics):
        super().__init__()
        self.l_linear = nn.Linear(harmonics + 1, 1)
        nn.init.constant_(self.l_linear.weight, 0.3)
        nn.init.zeros_(self.l_linear.bias)


class Hift(nn.Module):
    def __init__(self, c=None):
        super().__init__()
        self.config = c = c or HiftConfig()
        self.f0_predictor, self.m_source = F0Predictor(c), Source(c.harmonics)
        self.conv_pre = normed(c.mels, c.channels, 5, ahead=4)
        self.ups, self.source_downs, self.source_resblocks, self.resblocks = (nn.ModuleList() for _ in range(4))
        for i, (rate, kernel) in enumerate(zip(c.upsample_rates, c.upsample_kernels)):
            width = c.channels >> (i + 1)
            self.ups.append(normed(width * 2, width, kernel))
            stride = 1
            for r in c.upsample_rates[i + 1:]:
                stride *= r
            kernel = 1 if stride == 1 else 2 * stride
            self.source_downs.append(Conv(c.fft_size + 2, width, kernel, stride=stride, behind=stride - 1))
            self.source_resblocks.append(ResBlock(width, c.source_kernels[i], c.source_dilations[i]))
            self.resblocks.extend(ResBlock(width, k, d) for k, d in zip(c.res_kernels, c.res_dilations))
        self.conv_post = normed(width, c.fft_size + 2, 7)
        self.register_buffer("window", torch.hann_window(c.fft_size), persistent=False)

    def fundamental(self, mel):
        """[B, mels, T] -> [B, T] Hz."""
        return self.f0_predictor(mel).abs()

    def source(self, f0, noise=None):
        """[B, T] Hz -> [B, T * hop], in float32 whatever else is. Noise is [B, T * hop, harmonics + 1], by default normal."""
        with torch.autocast(f0.device.type, enabled=False):
            return self.excitation(f0.float(), noise)

    def excitation(self, f0, noise):
        c = self.config
        f = f0.repeat_interleave(c.hop, 1)[..., None]
        turn = f * torch.arange(1, c.harmonics + 2, device=f0.device) / c.sample_rate % 1
        sines = c.sine_amplitude * torch.sin(2 * torch.pi * (torch.cumsum(turn.double(), 1) % 1)).float()
        voiced = (f > c.voiced_above).float()
        amplitude = voiced * c.noise_amplitude + (1 - voiced) * c.sine_amplitude / 3
        noise = torch.randn_like(sines) if noise is None else noise
        return torch.tanh(self.m_source.l_linear(sines * voiced + amplitude * noise))[..., 0]

    def synthesise(self, mel, source):
        """Mel [B, mels, T] and source [B, T * hop] -> [B, T * hop] samples."""
        c = self.config
        s = torch.stft(source, c.fft_size, c.fft_hop, c.fft_size, self.window, return_complex=True)
        s = torch.cat([s.real, s.imag], 1)
        x = self.conv_pre(mel)
        branches = len(c.res_kernels)
        for i, up in enumerate(self.ups):
            x = up(held(F.leaky_relu(x, 0.1), c.upsample_rates[i]))
            if i == len(self.ups) - 1:
                x = F.pad(x, (1, 0), "reflect")
            x = x + self.source_resblocks[i](self.source_downs[i](s)[..., :x.shape[-1]])
            x = sum(self.resblocks[i * branches + j](x) for j in range(branches)) / branches
        y = self.conv_post(F.leaky_relu(x, 0.01)).float()
        bins = c.fft_size // 2 + 1
        magnitude, phase = torch.exp(y[:, :bins].clamp_max(LOUDEST)), torch.sin(y[:, bins:])
        spectrum = torch.complex(magnitude * torch.cos(phase), magnitude * torch.sin(phase))
        return overlapped(spectrum, self.window, c.fft_hop).clamp(-0.99, 0.99)

    def forward(self, mel, f0=None):
        return self.synthesise(mel, self.source(self.fundamental(mel) if f0 is None else f0))
