"""Trains the vocoder: mel and pitch to a waveform whose spectra are those of the teacher's.

  python train_vocoder.py [--data data] [--run runs/vocoder] [--steps N] [--seconds S] [--batch N] [--adversaries from]

Spectra at four resolutions and the mel itself first; from that share of the run on (0: never), two kinds of discriminators too
(HiFi-GAN, arXiv 2010.05646; UnivNet, arXiv 2106.07889)."""
import numpy as np
import torch
import torch.nn.functional as F

from voice.audio import HOP, model_mel
from voice.data import Corpus
from voice.discriminators import Discriminators, judged, matched, told_apart
from voice.hift import Hift
from voice.run import Averages, Slice, begin_slice, slice_options

BEFORE, SEGMENT, AFTER = 8, 44, 4  # frames: context, what is compared, what the first layer looks ahead
EDGES = {3: "beginning", 7: "end"}  # of eight batches, one is of beginnings of utterances and one of ends, where zeros stand for what is beyond
CALM = 0.4  # share of the learning rate beside adversaries
RESOLUTIONS = ((2048, 512), (1024, 256), (512, 128), (128, 32))


def spectral_loss(x, y):
    """Difference of log magnitudes, and of magnitudes relative to what there is, at several resolutions (arXiv 1910.11480)."""
    total = 0.0
    for size, hop in RESOLUTIONS:
        window = torch.hann_window(size, device=x.device)
        a, b = (torch.stft(s, size, hop, size, window, return_complex=True).abs().clamp_min(1e-4) for s in (x, y))
        total = total + (a.log() - b.log()).abs().mean() + torch.linalg.norm(a - b) / torch.linalg.norm(b)
    return total / len(RESOLUTIONS)


def mel_loss(x, y):
    return F.l1_loss(model_mel(x), model_mel(y))


def pitch_loss(said, f0):
    return F.smooth_l1_loss(said / 20, f0 / 20)


class Segments:
    """Pieces of utterances of equal length, by a pure function of the step."""

    def __init__(self, corpus, mel, utterances, seed):
        self.corpus, self.mel, self.seed = corpus, mel, seed
        long = corpus.count.cpu().numpy()[utterances] * 2 >= BEFORE + SEGMENT + AFTER
        self.utterances = utterances[long]
        self.frames = corpus.count.cpu().numpy()[self.utterances] * 2
        self.first = corpus.first.cpu().numpy()[self.utterances] * 2

    def batch(self, step, size):
        """mel [B, mels, T], f0 [B, T], samples [B, SEGMENT * HOP] of the compared part, and the frames before it."""
        r, edge = np.random.default_rng([self.seed, step]), EDGES.get(step % 8)
        pick = r.choice(len(self.frames), size, p=self.frames / self.frames.sum())
        before, after = 0 if edge == "beginning" else BEFORE, 0 if edge == "end" else AFTER
        T = before + SEGMENT + after
        share = {"beginning": 0, "end": 1}.get(edge, r.random(size))
        start = self.first[pick] + np.minimum(share * (self.frames[pick] - T + 1), self.frames[pick] - T).astype(int)
        at = torch.from_numpy(start).to(self.corpus.device)[:, None]
        steps = torch.arange(T, device=at.device)
        samples = self.corpus.wave[(at + before) * HOP + torch.arange(SEGMENT * HOP, device=at.device)]
        return self.mel[at + steps].float().transpose(1, 2), self.corpus.f0[at + steps], samples.float() / 32767, before


def compared(wave, before):
    return wave[:, before * HOP:(before + SEGMENT) * HOP]


def main():
    p = slice_options("vocoder", steps=20000, rate=1e-3, batch=8)
    p.add_argument("--adversaries", type=float, default=0.35 if torch.cuda.is_available() else 0.0)
    a = p.parse_args()
    device, dtype = begin_slice(a)
    corpus = Corpus(a.data, device)
    mel = corpus.mels()
    segments, held_out = (Segments(corpus, mel, which, a.seed) for which in (corpus.train, corpus.held_out))
    model = Hift().to(device)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M weights", flush=True)
    optimizer = torch.optim.AdamW(model.parameters(), a.rate, betas=(0.8, 0.95), weight_decay=0.01, fused=True)
    judges = Discriminators().to(device)
    judges_optimizer = torch.optim.AdamW(judges.parameters(), a.rate / 4, betas=(0.8, 0.95), weight_decay=0.01, fused=True)
    average = Averages(model, 0.998)
    run = Slice(a.run, model, optimizer, average, a.steps, a.seconds, judges=judges, judges_optimizer=judges_optimizer)
    sums, every = torch.zeros(5, device=device), 50

    while (progress := run.progress) < 1:
        mel, f0, real, before = segments.batch(run.step, a.batch)
        adversarial = a.adversaries > 0 and (run.again or progress >= a.adversaries)
        rate = run.rate(a.rate) * (CALM if adversarial else 1.0)
        with torch.autocast(device.type, dtype):
            said = model.fundamental(mel).float()
            made = compared(model.synthesise(mel, model.source(f0)), before)
        spectral, by_mel, pitch = spectral_loss(made, real), mel_loss(made, real), pitch_loss(said, f0)
        loss, fooled, judged_loss = spectral + 2 * by_mel + 0.2 * pitch, torch.zeros((), device=device), torch.zeros((), device=device)
        if adversarial:
            for group in judges_optimizer.param_groups:
                group["lr"] = rate / 2
            judges_optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device.type, dtype):
                judged_loss = told_apart(judges(real), judges(made.detach()))
            judged_loss.backward()
            judges_optimizer.step()
            judges.requires_grad_(False)
            with torch.autocast(device.type, dtype):
                of_real, of_made = judges(real), judges(made)
                fooled = judged(of_made)
                loss = loss + 0.1 * fooled + 0.2 * matched(of_real, of_made)
            judges.requires_grad_(True)
        run.learn(loss, rate, most=10.0)
        sums += torch.stack([spectral, by_mel, pitch, fooled, judged_loss]).detach()
        if run.step % every == 0:
            values = (sums / every).tolist()
            run.log(**dict(zip(("spectral", "mel", "pitch", "fooled", "judges"), values)), rate=rate)
            sums.zero_()
        if run.due():
            run.log(**validated(average, held_out, device))
            run.save()
    run.log(**validated(average, held_out, device))
    run.save()


@torch.no_grad()
def validated(average, segments, device):
    model = Hift().to(device)
    model.load_state_dict(average.shadow)
    mel, f0, real, before = segments.batch(0, 16)
    made = compared(model(mel), before)
    return {"held_out_spectral": spectral_loss(made, real).item(), "held_out_mel": mel_loss(made, real).item(),
            "held_out_pitch": pitch_loss(model.fundamental(mel), f0).item()}


if __name__ == "__main__":
    main()
