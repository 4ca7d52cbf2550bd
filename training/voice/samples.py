"""Says the same few held-out utterances by every stage, one after the other in one file; needs no teacher and no dictionary.

  python samples.py [--data data] [--runs runs] [--out runs/samples.wav]"""
import argparse
import wave

import numpy as np
import torch

from voice.audio import RATE
from voice.data import VOICES, Corpus, phone_ids
from voice.lm import Lm
from voice.speak import STAGES, Speaker, nucleus

EACH = 2  # utterances of a voice
LONGEST = 10 * RATE  # what a model that has learned little says does not end


class FromPhones(Speaker):
    """Takes phones for text."""

    def tokens_of_text(self, phones, voice, seed=0):
        return self.part("lm", Lm).speak(VOICES.index(voice), phones, nucleus(torch.Generator().manual_seed(seed)))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", default="data")
    p.add_argument("--runs", default="runs")
    p.add_argument("--out", default="runs/samples.wav")
    a = p.parse_args()
    corpus, speaker, pieces = Corpus(a.data), FromPhones(a.runs), []
    for voice in VOICES:
        rows = [i for i in corpus.held_out if corpus.rows[i]["voice"] == voice][:EACH]
        for i in rows:
            x, phones = corpus.samples(int(corpus.first[i]), int(corpus.count[i])), phone_ids(corpus.rows[i])
            for stage, make in STAGES.items():
                y = make(speaker, x, voice, phones, int(i))
                print(voice, stage, corpus.rows[i]["text"], f"{len(y) / RATE:.2f} s", flush=True)
                pieces += [y[:LONGEST], torch.zeros(RATE // 4)]
    with wave.open(a.out, "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(RATE)
        f.writeframes((torch.cat(pieces).clamp(-1, 1) * 32767).numpy().astype(np.int16).tobytes())


if __name__ == "__main__":
    main()
