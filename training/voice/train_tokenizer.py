"""Trains the tokenizer: log mel to 25 tokens a second from which phones, pitch and (knowing the voice) the mel can be read.

  python train_tokenizer.py [--data data] [--run runs/tokenizer] [--steps N] [--seconds S] [--batch N]"""
import torch
import torch.nn.functional as F

from voice.data import Corpus, Supervised
from voice.run import Averages, Slice, adamw_for_transformers, batch_at, begin_slice, slice_options, trained


class Batches:
    def __init__(self, corpus):
        self.corpus, self.mel, self.log_mel = corpus, corpus.mels(), corpus.tokenizer_mels()

    def read(self, model, pick):
        """What the reader says of a batch, what is true, and which frames are there."""
        c = self.corpus
        pick = torch.as_tensor(pick, device=c.device)
        log_mel = c.padded(self.log_mel, pick, 4).float().transpose(1, 2)
        digits, ids, there = model.s3(log_mel, 4 * c.count[pick])
        said = model.reader(digits * there[..., None], c.voice[pick])
        f0 = c.padded(c.f0, pick, 2)
        pitch = f0.clamp_min(1).log() - c.pitch[c.voice[pick]][:, None]
        true = c.padded(c.spoken, pick, 2), pitch, f0 > 0, c.padded(self.mel, pick, 2).float().transpose(1, 2)
        return said, true, there.repeat_interleave(2, 1), ids


def losses(said, true, there):
    phone, pitch, voiced, mel = said
    weight = there.float() / there.sum()
    voice = weight * true[2]
    return torch.stack([
        (F.cross_entropy(phone.transpose(1, 2), true[0], reduction="none") * weight).sum(),
        ((10 * pitch - 10 * true[1]).abs() * voice).sum() / voice.sum().clamp_min(1e-6),
        (F.binary_cross_entropy_with_logits(voiced, true[2].float(), reduction="none") * weight).sum(),
        ((mel - true[3]).abs().mean(1) * weight).sum()])


WEIGHTS = (1.0, 0.5, 0.3, 1.0)


@torch.no_grad()
def validated(average, batches, device):
    model = Supervised().to(device)
    model.load_state_dict(average.shadow)
    said, true, there, ids = batches.read(model.eval(), batches.corpus.held_out[:64])
    phone, pitch, _, mel = losses(said, true, there).tolist()
    right = ((said[0].argmax(-1) == true[0]) & there).sum() / there.sum()
    return {"held_out_phone": phone, "held_out_right": right.item(), "held_out_semitones": pitch * 1.2 / 0.6931, "held_out_mel": mel,
            "codes_used": ids[there[:, ::2]].unique().numel()}


def main():
    a = slice_options("tokenizer", steps=6000, rate=1e-3, batch=12).parse_args()
    device, dtype = begin_slice(a)
    batches = Batches(Corpus(a.data, device))
    model = Supervised().to(device)
    print(f"{sum(p.numel() for p in model.s3.parameters()) / 1e6:.2f} M weights", flush=True)
    average = Averages(model, 0.998)
    run = Slice(a.run, model, adamw_for_transformers(model, a.rate), average, a.steps, a.seconds)
    sums, every = torch.zeros(4, device=device), 50
    weights = torch.tensor(WEIGHTS, device=device)
    while run.progress < 1:
        pick = batch_at(batches.corpus.train, min(a.batch, len(batches.corpus.train)), a.seed, run.step)
        with torch.autocast(device.type, dtype):
            said, true, there, _ = batches.read(model, pick)
        each = losses(said, true, there)
        run.learn((each * weights).sum(), run.rate(a.rate))
        sums += each.detach()
        if run.step % every == 0:
            run.log(**dict(zip(("phone", "pitch", "voiced", "mel"), (sums / every).tolist())))
            sums.zero_()
        if run.due():
            run.log(**validated(average, batches, device))
            run.save()
    run.log(**validated(average, batches, device))
    run.save()


@torch.no_grad()
def tokens_of(corpus, folder, batch=32):
    """The semantic tokens of all utterances by a trained tokenizer, end to end like the waves: [T] int64."""
    model, mels = trained(folder, Supervised()).to(corpus.device), corpus.tokenizer_mels()
    out = torch.empty(int(corpus.count.sum()), dtype=torch.long, device=corpus.device)
    for at in range(0, len(corpus.rows), batch):
        pick = torch.arange(at, min(at + batch, len(corpus.rows)), device=corpus.device)
        _, ids, there = model.s3(corpus.padded(mels, pick, 4).float().transpose(1, 2), 4 * corpus.count[pick])
        first = int(corpus.first[at])
        out[first:first + int(there.sum())] = ids[there]
    return out


if __name__ == "__main__":
    main()
