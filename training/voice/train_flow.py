"""Trains the flow: semantic tokens and a voice to mel.

  python train_flow.py [--data data] [--tokenizer runs/tokenizer] [--run runs/flow] [--steps N] [--seconds S] [--batch N]

Half of the batches see chunks of tokens, as streaming does, the others everything. A few tokens are wrong, as the language model's are. A batch
is of utterances of about one length, with as many tokens as --batch of the usual length have."""
import numpy as np
import torch

from train_tokenizer import tokens_of
from voice.data import Corpus, speakers
from voice.flow import Flow, FlowConfig
from voice.recorded import Recorded
from voice.run import Averages, Slice, adamw_for_transformers, begin_slice, slice_options

WRONG = 0.02  # share of tokens replaced
WIDTH = 32    # tokens: batches are padded to a multiple
OF_MU = 0.5  # weight of how far the encoder's own mel is


class Batches:
    def __init__(self, corpus, tokens, mel):
        self.corpus, self.tokens, self.mel = corpus, tokens, mel
        self.speakers = speakers(FlowConfig().speaker).to(corpus.device)
        counts = corpus.count.cpu().numpy()[corpus.train]
        self.usual, self.widths = counts.mean(), -(-counts // WIDTH) * WIDTH

    def at(self, pick, width=None):
        c = self.corpus
        pick = torch.as_tensor(pick, device=c.device)
        return (c.padded(self.tokens, pick, 1, width), c.there(pick, width), self.speakers[c.voice[pick]],
                c.padded(self.mel, pick, 2, width).float().transpose(1, 2))

    def drawn(self, rng, batch):
        """Utterances of one width, and that width, by how much is said in each."""
        width = int(rng.choice(self.widths))
        alike = self.corpus.train[self.widths == width]
        size = min(len(alike), max(1, round(batch * self.usual / width)))
        return self.at(rng.choice(alike, size, replace=False), width)


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
    batches = Batches(corpus, tokens_of(corpus, a.tokenizer), corpus.mels())
    model = Flow().to(device)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M weights", flush=True)
    average = Averages(model, 0.999)
    run = Slice(a.run, model, adamw_for_transformers(model, a.rate), average, a.steps, a.seconds)
    sums, every = torch.zeros(2, device=device), 50

    def step(chunk, ids, there, speaker, mel):
        wrong = torch.rand(ids.shape, device=device) < WRONG
        ids = torch.where(wrong, torch.randint_like(ids, model.config.vocabulary), ids)
        with torch.autocast(device.type, dtype):
            velocity, mu = model.loss(ids, there, speaker, mel, torch.randn_like(mel), torch.rand(len(ids), device=device), chunk)
        run.descend(velocity + OF_MU * mu)
        return torch.stack([velocity, mu]).detach()

    recorded = Recorded(step, device, a.record)
    while run.progress < 1:
        rng = np.random.default_rng([a.seed, run.step])
        run.begin_step(run.rate(a.rate))
        sums += recorded(model.config.chunk if rng.random() < 0.5 else None, *batches.drawn(rng, a.batch))
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
