"""The two log-mel front ends, as CosyVoice 2 has them, at 16 kHz: of the model (frames of 20 ms) and of the tokenizer (10 ms)."""
from functools import cache

import numpy as np
import torch

RATE, HOP, FFT, MELS = 16000, 320, 1024, 80
TOKEN = 2 * HOP  # samples of a semantic token
CENTRE, SPREAD = -5.0, 2.2  # the model's mel is (ln - CENTRE) / SPREAD


def slaney(f):
    f = np.asarray(f, np.float64)
    return np.where(f < 1000, f * 3 / 200, 15 + np.log(np.maximum(f, 1) / 1000) * 27 / np.log(6.4))


def filters(fft, mels, high=RATE / 2):
    """[mels, fft / 2 + 1] triangles of Slaney's scale, each of unit area (librosa.filters.mel)."""
    m = np.linspace(0, slaney(high), mels + 2)
    f = np.where(m < 15, m * 200 / 3, 1000 * np.exp((m - 15) * np.log(6.4) / 27))
    bins, width = np.linspace(0, RATE / 2, fft // 2 + 1), np.diff(f)
    up, down = (bins - f[:-2, None]) / width[:-1, None], (f[2:, None] - bins) / width[1:, None]
    return torch.from_numpy(np.maximum(0, np.minimum(up, down)) * (2 / (f[2:] - f[:-2]))[:, None]).float()


@cache
def tools(fft, mels, device):
    return filters(fft, mels).to(device), torch.hann_window(fft, device=device)


def model_mel(x):
    """Samples [..., N], N a multiple of HOP -> normalised [..., MELS, N / HOP]."""
    bank, window = tools(FFT, MELS, x.device)
    side = (FFT - HOP) // 2
    padded = torch.nn.functional.pad(x.reshape(-1, 1, x.shape[-1]), (side, side), "reflect")[:, 0]
    spectrum = torch.stft(padded, FFT, HOP, FFT, window, center=False, return_complex=True)
    magnitude = torch.sqrt(spectrum.real ** 2 + spectrum.imag ** 2 + 1e-9)
    mel = ((bank @ magnitude).clamp_min(1e-5).log() - CENTRE) / SPREAD
    return mel.reshape(*x.shape[:-1], MELS, -1)


def tokenizer_mel(x):
    """Samples [..., N] -> [..., 128, N / 160], as Whisper has it."""
    bank, window = tools(400, 128, x.device)
    power = torch.stft(x, 400, 160, 400, window, return_complex=True)[..., :-1].abs() ** 2
    level = (bank @ power).clamp_min(1e-10).log10()
    return (torch.maximum(level, level.amax((-2, -1), keepdim=True) - 8) + 4) / 4
