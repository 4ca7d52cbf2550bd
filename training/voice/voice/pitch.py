"""The fundamental frequency: normalised autocorrelation (Boersma 1993), one path through its peaks by dynamic programming."""
import numpy as np

RATE, HOP, WINDOW, FFT = 16000, 320, 800, 2048
LOW, HIGH = 60, 400  # Hz
LAGS = np.arange(RATE // HIGH, RATE // LOW)


def f0_of(x):
    """Samples at 16 kHz -> [frames of 20 ms] Hz, 0 where unvoiced."""
    frames = len(x) // HOP
    padded = np.pad(x, (WINDOW // 2, WINDOW))
    at = np.arange(frames)[:, None] * HOP + HOP // 2 + np.arange(WINDOW)
    w = np.hanning(WINDOW)
    cut = padded[at]
    cut = (cut - cut.mean(1, keepdims=True)) * w
    power = np.fft.irfft(np.abs(np.fft.rfft(cut, FFT)) ** 2)
    shape = np.fft.irfft(np.abs(np.fft.rfft(w, FFT)) ** 2)
    r = power[:, LAGS] / np.maximum(power[:, :1], 1e-9) / (shape[LAGS] / shape[0])
    score = r - 0.02 * np.log2(LAGS / LAGS[0])  # the shortest of equal periods
    jump = 1.2 * np.abs(np.log2(LAGS[:, None] / LAGS[None]))
    total, back = score[0].copy(), np.zeros((frames, len(LAGS)), np.int16)
    for t in range(1, frames):
        reach = total[None] - jump
        back[t] = reach.argmax(1)
        total = score[t] + reach.max(1)
    best, path = int(total.argmax()), np.zeros(frames, int)
    for t in range(frames - 1, -1, -1):
        path[t] = best
        best = back[t][best]
    row, side = np.arange(frames), np.clip(path, 1, len(LAGS) - 2)
    a, b, c = r[row, side - 1], r[row, side], r[row, side + 1]
    bend = a - 2 * b + c
    shift = np.where(np.abs(bend) > 1e-6, 0.5 * (a - c) / np.where(bend == 0, 1, bend), 0).clip(-0.5, 0.5)
    energy = np.sqrt(np.maximum(power[:, 0], 0) / WINDOW)
    voiced = (r[row, path] > 0.5) & (energy > 0.004)
    return np.where(voiced, RATE / (LAGS[side] + shift), 0).astype(np.float32)
