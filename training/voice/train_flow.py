"""Trains the flow: semantic tokens and a voice to mel.

  python train_flow.py [--data data] [--tokenizer runs/tokenizer] [--run runs/flow] [--steps N] [--seconds S] [--batch N]

Half of the batches see chunks of tokens, as streaming does, the others everything. A few tokens are wrong, as the language model's are."""
import numpy as np
import torch

from train_tokenizer import tokens_of
from voice.data import Corpus, speakers
from voice.flow import Flow, FlowConfig
from voice.run import Averages, Slice, adamw_for_transformers, batch_at, begin_slice, slice_options

WRONG = 0.02  # share of tokens replaced
OF_MU = 0.5  # weight of how far the encoder's own mel is


class Batches:
    def __init__(self, corpus, tokens):
        self.corpus, self.tokens, self.mel = corpus, tokens, corpus.mels()
        self.speakers = speakers(FlowConfig().speaker).to(corpus.device)

    def at(self, pick):
        c = self.corpus
        pick = torch.as_tensor(pick, device=c.device)
        return c.padded(self.tokens, pick, 1), c.there(pick), self.speakers[c.voice[pick]], c.padded(self.mel, pick, 2).float().transpose(1, 2)


@torch.no_grad()
def validated(average, batches, device):
    """The loss on held-out texts, with the same noise each time, and how far the mels drawn in five steps are."""
    model = Flow().to(device)
    model.load_state_dict(average.shadow)
    model.eval()
    pick = batches.corpus.held_out[:32]
    ids, there, speaker, mel = batches.at(pick)
    g = torch.Generator().manual_seed(0)
    z, u = torch.randn(mel.shape, generator=g).to(device), torch.linspace(0.02, 0.98, len(pick), device=device)
    velocity, mu = model.loss(ids, there, speaker, mel, z, u, model.config.chunk)
    drawn = [(model.mel(i[t], s, n, 5) - m[:, :2 * int(t.sum())]).abs().mean() for i, t, s, n, m in list(zip(ids, there, speaker, z, mel))[:8]]
    return {"held_out_velocity": velocity.item(), "held_out_mu": mu.item(), "held_out_mel": torch.stack(drawn).mean().item()}


def main():
    p = slice_options("flow", steps=20000, rate=1e-3, batch=12)
    p.add_argument("--tokenizer", default="runs/tokenizer")
    a = p.parse_args()
    device, dtype = begin_slice(a)
    corpus = Corpus(a.data, device)
    batches = Batches(corpus, tokens_of(corpus, a.tokenizer))
    model = Flow().to(device)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M weights", flush=True)
    average = Averages(model, 0.999)
    run = Slice(a.run, model, adamw_for_transformers(model, a.rate), average, a.steps, a.seconds)
    sums, every = torch.zeros(2, device=device), 50
    while run.progress < 1:
        ids, there, speaker, mel = batches.at(batch_at(corpus.train, min(a.batch, len(corpus.train)), a.seed, run.step))
        wrong = torch.rand(ids.shape, device=device) < WRONG
        ids = torch.where(wrong, torch.randint_like(ids, model.config.vocabulary), ids)
        chunk = model.config.chunk if np.random.default_rng([a.seed, run.step]).random() < 0.5 else None
        with torch.autocast(device.type, dtype):
            velocity, mu = model.loss(ids, there, speaker, mel, torch.randn_like(mel), torch.rand(len(ids), device=device), chunk)
        run.learn(velocity + OF_MU * mu, run.rate(a.rate))
        sums += torch.stack([velocity, mu]).detach()
        if run.step % every == 0:
            run.log(**dict(zip(("velocity", "mu"), (sums / every).tolist())))
            sums.zero_()
        if run.due():
            values = validated(average, batches, device)
            run.log(**values)
            run.save(values["held_out_mel"])
    values = validated(average, batches, device)
    run.log(**values)
    run.save(values["held_out_mel"])


if __name__ == "__main__":
    main()
