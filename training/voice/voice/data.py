"""The archive in memory: waves, mels, pitch and phones of all utterances end to end, on the device that trains."""
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

from .audio import HOP, MELS, TOKEN, model_mel, tokenizer_mel
from .codec import decode
from .phones import ID, PAUSES, PHONES, base
from .s3 import S3, Reader

VOICES = ["slt-hts", "rms", "slt", "awb"]
SPOKEN = ["_", *dict.fromkeys(base(p) for p in PHONES if p not in PAUSES)]  # phones as the tokenizer knows them: no stress, one pause
SPOKEN_ID = {p: SPOKEN.index("_" if p in PAUSES else base(p)) for p in PHONES}


class Supervised(torch.nn.Module):
    """A tokenizer, and what reads from its tokens what the corpus says."""

    def __init__(self):
        super().__init__()
        self.s3 = S3()
        self.reader = Reader(self.s3.config, len(SPOKEN), len(VOICES))


def speakers(size):
    """The vector of each voice, [voices, size]: its own axis."""
    return torch.eye(size)[:len(VOICES)]


def decoded(folder):
    """All samples, int16, decoded once per archive."""
    archive, file = Path(folder) / "voice.npz", Path(folder) / "waves.npy"
    saved = np.load(archive)
    rows = json.loads(bytes(saved["rows"]))
    if not file.exists() or file.stat().st_mtime < archive.stat().st_mtime:
        data = saved["waves"].tobytes()
        ends = np.cumsum([r["bytes"] for r in rows])

        def wave(i):
            x = decode(data[ends[i] - rows[i]["bytes"]:ends[i]], rows[i])
            return np.round(x * 32767).clip(-32768, 32767).astype(np.int16)

        with ThreadPoolExecutor() as pool:
            waves = np.concatenate(list(pool.map(wave, range(len(rows)))))
        part = file.with_suffix(".part")
        with open(part, "wb") as f:
            np.save(f, waves)
        os.replace(part, file)
    return rows, np.load(file), saved["f0"]


class Said:
    """What a language model learns from, and no sound: rows, `tokens` of all utterances end to end, and of each its voice, `first` and `count`."""

    def __init__(self, rows, tokens, device="cpu"):
        self.rows, self.tokens, self.device = rows, tokens, torch.device(device)
        count = np.array([r["samples"] // TOKEN for r in rows])
        self.count = torch.from_numpy(count).to(device)
        self.first = torch.from_numpy(np.cumsum(count) - count).to(device)
        self.voice = torch.tensor([VOICES.index(r["voice"]) for r in rows], device=device)
        self.train, self.held_out = split(rows)

    def save(self, file):
        part = Path(f"{file}.part")
        with open(part, "wb") as f:
            np.savez_compressed(f, rows=np.frombuffer(json.dumps(self.rows).encode(), np.uint8), tokens=self.tokens.cpu().numpy().astype(np.int16))
        os.replace(part, file)

    @classmethod
    def load(cls, file, device):
        saved = np.load(file)
        return cls(json.loads(bytes(saved["rows"])), torch.from_numpy(saved["tokens"].astype(np.int64)), device)


def split(rows):
    """Which rows train, and which do not."""
    held_out = np.array([r["heldOut"] for r in rows])
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


class Corpus:
    """rows; token offsets `first` and counts `count` [U]; wave int16 [640 T], f0 [2 T], spoken phone of each frame [2 T]."""

    def __init__(self, folder, device="cpu"):
        self.rows, waves, f0 = decoded(folder)
        self.device = torch.device(device)
        count = np.array([r["samples"] // TOKEN for r in self.rows])
        self.count = torch.from_numpy(count).to(device)
        self.first = torch.from_numpy(np.cumsum(count) - count).to(device)
        self.wave = torch.from_numpy(waves).to(device)
        self.f0 = torch.from_numpy(f0.astype(np.float32)).to(device)
        self.voice = torch.tensor([VOICES.index(r["voice"]) for r in self.rows], device=device)
        self.train, self.held_out = split(self.rows)
        self.spoken = torch.from_numpy(np.concatenate([frames(r) for r in self.rows])).to(device)
        logs = torch.where(self.f0 > 0, self.f0, torch.nan).log()
        owner = self.voice.repeat_interleave(2 * self.count)
        self.pitch = torch.stack([logs[owner == v].nanmean() for v in range(len(VOICES))])  # mean log Hz of a voice

    def mels(self):
        """[2 T, MELS] float16, of all utterances."""
        out = torch.empty(len(self.f0), MELS, dtype=torch.float16, device=self.device)
        for i in range(len(self.rows)):
            a, n = int(self.first[i]), int(self.count[i])
            out[2 * a:2 * (a + n)] = model_mel(self.samples(a, n)).T.half()
        return out

    def tokenizer_mels(self):
        """[4 T, 128] float16, of all utterances."""
        out = torch.empty(2 * len(self.f0), 128, dtype=torch.float16, device=self.device)
        for i in range(len(self.rows)):
            a, n = int(self.first[i]), int(self.count[i])
            out[4 * a:4 * (a + n)] = tokenizer_mel(self.samples(a, n)).T.half()
        return out

    def samples(self, first, count):
        return self.wave[first * TOKEN:(first + count) * TOKEN].float() / 32767

    def padded(self, series, pick, rate, width=None):
        """Rows `pick` of a series with `rate` entries per token -> [B, rate * width, ...]; past the end it repeats what is there. The
        width is that of the longest where none is given."""
        first, count = self.first[pick], self.count[pick]
        at = torch.arange(rate * (width or int(count.max())), device=self.device)[None]
        return series[torch.minimum(rate * first[:, None] + at, rate * (first + count)[:, None] - 1)]

    def there(self, pick, width=None):
        """[B, width] True where a token is."""
        count = self.count[pick]
        return torch.arange(width or int(count.max()), device=self.device)[None] < count[:, None]


def frames(row):
    """The spoken phone of each frame of 20 ms: the one that lasts at its middle."""
    middle = (np.arange(row["samples"] // HOP) + 0.5) * 4  # ends are counted in 5 ms
    phones = np.array([SPOKEN_ID[p] for p in row["phones"].split()])
    return phones[np.minimum(np.searchsorted(row["ends"], middle, side="right"), len(phones) - 1)]


def phone_ids(row):
    return [ID[p] for p in row["phones"].split()]


def phone_tokens(row):
    """How many tokens are each phone's: a boundary belongs to the nearest."""
    n = row["samples"] // TOKEN
    ends = np.minimum(np.floor(np.array(row["ends"]) / 8 + 0.5).astype(int), n)
    ends[-1] = n
    return np.diff(np.maximum.accumulate(ends), prepend=0)
