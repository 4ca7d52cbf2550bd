"""Text to waveform with the trained models, as the SDK does it."""
from pathlib import Path

import torch

from .audio import model_mel, tokenizer_mel
from .data import VOICES, Supervised, speakers
from .flow import Flow
from .hift import Hift
from .lexicon import cmudict, pronounce
from .lm import Lm
from .phones import ID
from .run import trained

STEPS, TEMPERATURE = 6, 0.6  # of the flow
TOP_P, LM_TEMPERATURE = 0.8, 0.7
FADE_IN = 320  # samples at the beginning of a sentence, where the vocoder has no past to go by


def nucleus(generator, top_p=TOP_P, temperature=LM_TEMPERATURE):
    """A chooser: softmax at that temperature, the likeliest ids until they hold `top_p`, one draw."""
    def choose(logits):
        p, order = torch.softmax(logits / temperature, -1).sort(descending=True)
        kept = (p.cumsum(0) - p) < top_p
        return int(order[torch.multinomial(p * kept, 1, generator=generator)])
    return choose


class Speaker:
    """Loads the parts that a stage needs, of the folder of runs."""

    def __init__(self, runs="runs"):
        self.runs, self.parts = Path(runs), {}
        self.words = None

    def part(self, name, make):
        if name not in self.parts:
            self.parts[name] = trained(self.runs / name, make())
        return self.parts[name]

    @torch.no_grad()
    def wave_of_mel(self, mel, seed=0):
        torch.manual_seed(seed)
        wave = self.part("vocoder", Hift)(mel[None])[0]
        wave[:FADE_IN] *= torch.sin(torch.pi / 2 * torch.arange(FADE_IN) / FADE_IN) ** 2
        return wave

    @torch.no_grad()
    def mel_of_tokens(self, tokens, voice, seed=0):
        flow = self.part("flow", Flow)
        z = TEMPERATURE * torch.randn(80, 2 * len(tokens), generator=torch.Generator().manual_seed(seed))
        return flow.mel(torch.tensor(tokens), speakers(flow.config.speaker)[VOICES.index(voice)], z, STEPS)

    @torch.no_grad()
    def tokens_of_wave(self, x):
        mel = tokenizer_mel(x)[None]
        return self.part("tokenizer", Supervised).s3(mel, torch.tensor([mel.shape[-1]]))[1][0].tolist()

    def tokens_of_text(self, text, voice, seed=0):
        """Also the phone that each token is of."""
        self.words = self.words or cmudict()
        phones = [ID[p] for p in pronounce(text, self.words)]
        return self.part("lm", Lm).speak(VOICES.index(voice), phones, nucleus(torch.Generator().manual_seed(seed)))

    # What is judged: each stage replaces one more step of the teacher by a model.
    def copied(self, x, voice, text, seed):
        return self.wave_of_mel(model_mel(x), seed)

    def retold(self, x, voice, text, seed):
        return self.wave_of_mel(self.mel_of_tokens(self.tokens_of_wave(x), voice, seed), seed)

    def spoken(self, x, voice, text, seed):
        return self.wave_of_mel(self.mel_of_tokens(self.tokens_of_text(text, voice, seed)[0], voice, seed), seed)


STAGES = {"teacher": lambda speaker, x, voice, text, seed: x, "vocoder": Speaker.copied, "flow": Speaker.retold, "lm": Speaker.spoken}
