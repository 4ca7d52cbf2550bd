"""Trains the language model: phones and a voice to semantic tokens.

  python train_lm.py [--tokens data/tokens.npz] [--run runs/lm] [--steps N] [--seconds S] [--batch N]"""
import torch
import torch.nn.functional as F

from voice.data import VOICES, Said, phone_ids, phone_tokens
from voice.lm import Lm, LmConfig, text_rows
from voice.run import Averages, Slice, adamw_for_transformers, batch_at, begin_slice, slice_options

DROP = 0.2
WRONG = 0.1  # share of tokens replaced where they are read, not where they are predicted


class Batches:
    """Every utterance as positions, padded to the longest: text rows [U, L, 8] and speech [U, L], -1 where of the other kind, and the
    token that follows [U, L], -100 where nothing does."""

    def __init__(self, corpus, config):
        self.config, ids = config, corpus.tokens
        sequences = [self.sequence(row, int(voice), ids[first:first + count].tolist())
                     for row, voice, first, count in zip(corpus.rows, corpus.voice.cpu(), corpus.first.tolist(), corpus.count.tolist())]
        self.length = torch.tensor([len(s) for s, _, _ in sequences])
        pad = lambda i, value: torch.nn.utils.rnn.pad_sequence([torch.tensor(s[i]) for s in sequences], True, value).to(corpus.device)
        self.speech, self.target = pad(0, -1), pad(1, -100)
        self.text = pad(2, -1)

    def sequence(self, row, voice, tokens):
        c = self.config
        texts = text_rows(voice, phone_ids(row), c)
        none = [-1] * len(texts[0])
        speech, target, text, at = [-1], [-100], [none], 0
        for i, count in enumerate(phone_tokens(row)):
            own = tokens[at:at + count]
            at += count
            speech += [-1, *own]
            text += [texts[i], *([none] * count)]
            target += [*own, c.eos if i == len(texts) - 1 else c.fill]
        return speech, target, text

    def at(self, pick):
        longest = int(self.length[pick].max())
        pick = torch.as_tensor(pick, device=self.speech.device)
        return self.text[pick, :longest], self.speech[pick, :longest], self.target[pick, :longest]


def loss_of(logits, target):
    return F.cross_entropy(logits.float().flatten(0, 1), target.flatten(), ignore_index=-100, reduction="none")


@torch.no_grad()
def validated(average, batches, corpus, device, dtype):
    model = Lm(batches.config).to(device)
    model.load_state_dict(average.shadow)
    text, speech, target = batches.at(corpus.held_out[:96])
    with torch.autocast(device.type, dtype):
        logits = model.eval()(model.embed(text, speech))
    losses, there = loss_of(logits, target), target.flatten() != -100
    turn = there & (target.flatten() >= batches.config.speech)
    right = logits.flatten(0, 1).argmax(-1) == target.flatten()
    return {"held_out": (losses.sum() / there.sum()).item(), "held_out_turn": (losses[turn].sum() / turn.sum()).item(),
            "held_out_right": (right & there).sum().item() / there.sum().item()}


def main():
    p = slice_options("lm", steps=20000, rate=1.5e-3, batch=12)
    p.add_argument("--tokens", default="data/tokens.npz")
    a = p.parse_args()
    device, dtype = begin_slice(a)
    corpus = Said.load(a.tokens, device)
    config = LmConfig(voices=len(VOICES))
    batches = Batches(corpus, config)
    model = Lm(config).to(device)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M weights", flush=True)
    average = Averages(model, 0.999)
    run = Slice(a.run, model, adamw_for_transformers(model, a.rate), average, a.steps, a.seconds)
    total, every = torch.zeros((), device=device), 50
    while run.progress < 1:
        text, speech, target = batches.at(batch_at(corpus.train, min(a.batch, len(corpus.train)), a.seed, run.step))
        wrong = (torch.rand(speech.shape, device=device) < WRONG) & (speech >= 0)
        speech = torch.where(wrong, torch.randint_like(speech, config.speech), speech)
        with torch.autocast(device.type, dtype):
            logits = model(model.embed(text, speech), drop=DROP)
        loss = loss_of(logits, target).sum() / (target != -100).sum()
        run.learn(loss, run.rate(a.rate))
        total += loss.detach()
        if run.step % every == 0:
            run.log(loss=(total / every).item())
            total.zero_()
        if run.due():
            values = validated(average, batches, corpus, device, dtype)
            run.log(**values)
            run.save(values["held_out"])
    values = validated(average, batches, corpus, device, dtype)
    run.log(**values)
    run.save(values["held_out"])


if __name__ == "__main__":
    main()
