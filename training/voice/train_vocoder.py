"""Trains the vocoder: mel and pitch to a waveform whose spectra are those of the teacher's.

  python train_vocoder.py [--data data] [--run runs/vocoder] [--steps N] [--seconds S] [--batch N] [--adversaries from] [--told from]

Spectra at four resolutions, the mel itself, and what the tokenizer, which was taught phones, hears in it; from the share --adversaries of the run on (0: never), two kinds of discriminators too
(HiFi-GAN, arXiv 2010.05646; UnivNet, arXiv 2106.07889); from the share --told on (0: never), every other batch is of mels that the flow, as far as
it is by then, makes of the utterance's tokens: what the vocoder will be given."""
import numpy as np
import torch
import torch.nn.functional as F

from train_flow import Batches
from train_tokenizer import tokens_of
from voice.audio import HOP, model_mel, tokenizer_mel
from voice.data import Corpus, Supervised
from voice.discriminators import Discriminators, judged, matched, told_apart
from voice.flow import Flow
from voice.hift import Hift
from voice.recorded import Recorded
from voice.run import Averages, Slice, begin_slice, set_rate, slice_options, trained
from voice.speak import STEPS, TEMPERATURE

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


def heard_loss(encoder, x, y):
    """How far what the tokenizer's encoder makes of x is from what it makes of y, in units of the latter."""
    a, b = (tokenizer_mel(s) for s in (x, y))
    length = torch.full((len(x),), a.shape[-1], device=x.device)
    a, b = encoder(a, length)[0].float(), encoder(b, length)[0].float()
    return (a - b).abs().mean() / b.abs().mean()


def pitch_loss(said, f0):
    return F.smooth_l1_loss(said / 20, f0 / 20)


class Segments:
    """Pieces of utterances of equal length, by a pure function of the step."""

    def __init__(self, corpus, mel, utterances, seed):
        self.corpus, self.mel, self.told, self.seed = corpus, mel, None, seed
        long = corpus.count.cpu().numpy()[utterances] * 2 >= BEFORE + SEGMENT + AFTER
        self.utterances = utterances[long]
        self.frames = corpus.count.cpu().numpy()[self.utterances] * 2
        self.first = corpus.first.cpu().numpy()[self.utterances] * 2

    def batch(self, step, size):
        """The frames before the compared part; mel [B, mels, T], f0 [B, T], and samples [B, SEGMENT * HOP] of that part."""
        r, edge = np.random.default_rng([self.seed, step]), EDGES.get(step % 8)
        pick = r.choice(len(self.frames), size, p=self.frames / self.frames.sum())
        before, after = 0 if edge == "beginning" else BEFORE, 0 if edge == "end" else AFTER
        T = before + SEGMENT + after
        share = {"beginning": 0, "end": 1}.get(edge, r.random(size))
        start = self.first[pick] + np.minimum(share * (self.frames[pick] - T + 1), self.frames[pick] - T).astype(int)
        at = torch.from_numpy(start).to(self.corpus.device)[:, None]
        steps = torch.arange(T, device=at.device)
        samples = self.corpus.wave[(at + before) * HOP + torch.arange(SEGMENT * HOP, device=at.device)]
        mel = self.mel if self.told is None or step % 2 else self.told
        return before, mel[at + steps].float().transpose(1, 2), self.corpus.f0[at + steps], samples.float() / 32767


def compared(wave, before):
    return wave[:, before * HOP:(before + SEGMENT) * HOP]


@torch.no_grad()
def told(corpus, mel, flow, tokenizer, size=64):
    """What the flow makes of the tokens of all utterances, [2 T, MELS] float16."""
    batches, out = Batches(corpus, tokens_of(corpus, tokenizer), mel), torch.empty_like(mel)
    for pick in np.array_split(np.argsort(corpus.count.cpu().numpy()), -(-len(corpus.rows) // size)):
        ids, there, speaker, true = batches.at(pick)
        made = flow.mels(ids, there, speaker, TEMPERATURE * torch.randn_like(true), STEPS).transpose(1, 2)
        for i, row in zip(pick, made):
            first, count = int(corpus.first[i]), int(corpus.count[i])
            out[2 * first:2 * (first + count)] = row[:2 * count].half()
    return out


def main():
    p = slice_options("vocoder", steps=20000, rate=1e-3, batch=8)
    p.add_argument("--adversaries", type=float, default=0.35 if torch.cuda.is_available() else 0.0)
    p.add_argument("--told", type=float, default=0.0)
    p.add_argument("--flow", default="runs/flow")
    p.add_argument("--tokenizer", default="runs/tokenizer")
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
    encoder = trained(a.tokenizer, Supervised()).s3.encoder.to(device).requires_grad_(False)
    sums, every = torch.zeros(6, device=device), 50

    def against(real, made):
        """Teaches the judges; what the vocoder loses before them, and what they lost."""
        judges_optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.type, dtype):
            lost = told_apart(judges(real), judges(made.detach()))
        lost.backward()
        judges_optimizer.step()
        judges.requires_grad_(False)
        with torch.autocast(device.type, dtype):
            of_real, of_made = judges(real), judges(made)
            fooled = judged(of_made)
            loss = 0.1 * fooled + 0.2 * matched(of_real, of_made)
        judges.requires_grad_(True)
        return loss, fooled, lost

    def step(kind, mel, f0, real):
        adversarial, before = kind
        with torch.autocast(device.type, dtype):
            said = model.fundamental(mel).float()
            made = compared(model.synthesise(mel, model.source(f0)), before)
        spectral, by_mel, heard, pitch = spectral_loss(made, real), mel_loss(made, real), heard_loss(encoder, made, real), pitch_loss(said, f0)
        loss, *judgement = against(real, made) if adversarial else torch.zeros(3, device=device)
        run.descend(spectral + 2 * by_mel + heard + 0.2 * pitch + loss, most=10.0)
        return torch.stack([spectral, by_mel, heard, pitch, *judgement]).detach()

    recorded = Recorded(step, device, a.record)
    while (progress := run.progress) < 1:
        adversarial = a.adversaries > 0 and (run.again or progress >= a.adversaries)
        rate = run.rate(a.rate) * (CALM if adversarial else 1.0)
        if a.told and progress >= a.told and segments.told is None:
            segments.told = told(corpus, mel, trained(a.flow, Flow()).to(device), a.tokenizer)
            run.log(told=(segments.told - mel).abs().float().mean().item())
        before, *batch = segments.batch(run.step, a.batch)
        set_rate(judges_optimizer, rate / 2)
        run.begin_step(rate)
        sums += recorded((adversarial, before), *batch)
        if run.step % every == 0:
            values = (sums / every).tolist()
            run.log(**dict(zip(("spectral", "mel", "heard", "pitch", "fooled", "judges"), values)), rate=rate)
            sums.zero_()
        if run.due():
            run.log(**validated(average, encoder, held_out, device))
            run.save()
    run.log(**validated(average, encoder, held_out, device))
    run.save()


@torch.no_grad()
def validated(average, encoder, segments, device):
    model = Hift().to(device)
    model.load_state_dict(average.shadow)
    before, mel, f0, real = segments.batch(0, 16)
    made = compared(model(mel), before)
    return {"held_out_spectral": spectral_loss(made, real).item(), "held_out_mel": mel_loss(made, real).item(),
            "held_out_heard": heard_loss(encoder, made, real).item(),
            "held_out_pitch": pitch_loss(model.fundamental(mel), f0).item()}


if __name__ == "__main__":
    main()
