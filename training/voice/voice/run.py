"""Training runs in time slices: what training/icons shares among its runs, and a clock. How far a run is, is said by its steps on a
CPU and by its seconds on a machine that is lent for minutes."""
import argparse
import sys
import time
from pathlib import Path

import torch

sys.path.append(str(Path(__file__).resolve().parents[2] / "icons"))
from recipe.data import batch_at  # noqa: E402, F401
from recipe.run import Average, Run, adamw_for_tokenizers, adamw_for_transformers, begin, options  # noqa: E402, F401


class Averages(Average):
    """The same average, all tensors at once, and what it moves by in a tensor, so that a step can be recorded."""

    def __init__(self, model, decay=0.999):
        super().__init__(model, decay)
        self.names = [k for k, v in model.state_dict().items() if v.is_floating_point()]
        self.share = torch.zeros((), device=next(model.parameters()).device)

    def begin(self, step):
        self.share.fill_(1 - min(self.decay, (1 + step) / (10 + step)))

    @torch.no_grad()
    def follow(self, model):
        state, shadow = model.state_dict(), [self.shadow[k] for k in self.names]
        change = torch._foreach_sub([state[k].float() for k in self.names], shadow)
        torch._foreach_mul_(change, self.share)
        torch._foreach_add_(shadow, change)

    def update(self, model, step):
        self.begin(step)
        self.follow(model)


def recordable(optimizer, device):
    """Its rate in a tensor, so that a recorded step reads what is set later."""
    for group in optimizer.param_groups if device.type == "cuda" else []:
        group.update(capturable=True, lr=torch.tensor(float(group["lr"]), device=device))


def set_rate(optimizer, rate):
    for group in optimizer.param_groups:
        if torch.is_tensor(group["lr"]):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


class Slice(Run):
    """A run that ends after so many steps or seconds, whichever comes first, over all the times that it was resumed; started again after
    its seconds, it goes on for as many. In a folder with nothing but `weights.pt` it begins with these."""

    def __init__(self, folder, model, optimizer, average, steps, seconds, **parts):
        self.steps, self.seconds, self.spent = steps, seconds, 0.0
        self.extra, self.best, self.again = parts, float("inf"), False
        super().__init__(folder, model, optimizer, average)
        self.state, self.weights = self.folder / "slice.pt", self.folder / "weights.pt"
        if self.step:
            saved = torch.load(self.state, weights_only=True)
            self.spent, self.best, ended = saved.pop("spent"), saved.pop("best"), saved.pop("ended", False)
            if seconds and (ended or self.spent >= seconds):  # a slice that has ended is followed by another
                self.spent, self.again = 0.0, True
            for name, value in saved.items():
                parts[name].load_state_dict(value)
        elif self.weights.exists():
            model.load_state_dict(torch.load(self.weights, weights_only=True, map_location="cpu"))
            average.__init__(model, average.decay)
            print(f"began with {self.weights}", flush=True)
        for optimizer in (self.parts["optimizer"], *(part for part in parts.values() if isinstance(part, torch.optim.Optimizer))):
            recordable(optimizer, next(model.parameters()).device)
        self.began = self.last = time.time()
        self.saved_at = self.began

    def begin_step(self, rate):
        """What a recorded step reads from tensors; `descend` is in it."""
        set_rate(self.parts["optimizer"], rate)
        self.average.begin(self.step)
        self.step += 1

    def descend(self, loss, most=1.0):
        model, optimizer = self.parts["model"], self.parts["optimizer"]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), most)
        optimizer.step()
        self.average.follow(model)

    def save(self, worse=None):
        """All that a resumption needs; and the averaged weights by themselves in float16, unless they are worse than those of before:
        `worse` is what should be small, nothing where the last weights are the best."""
        better = worse is None or worse < self.best
        self.best = self.best if worse is None else min(self.best, worse)
        extra = {name: part.state_dict() for name, part in self.extra.items()}
        replaced(self.state, {"ended": self.progress >= 1, "spent": self.spent, "best": self.best, **extra})
        super().save()
        if better:
            replaced(self.weights, {k: v.half() if v.is_floating_point() else v for k, v in self.average.shadow.items()})
        self.saved_at = time.time()

    @property
    def progress(self):
        now = time.time()
        self.spent, self.last = self.spent + now - self.last, now
        return max(self.step / self.steps, self.spent / self.seconds if self.seconds else 0.0)

    def rate(self, peak, warmup=100, cooldown=0.35):
        """Warm up over some steps, hold, and go down to a fiftieth over the last third."""
        return peak * min(1.0, (self.step + 1) / warmup, max(0.02, (1 - self.progress) / cooldown))

    def due(self, seconds=60):
        """Whether it is time to save."""
        return time.time() - self.saved_at > seconds


def replaced(file, value):
    """Writes a file whole or not at all."""
    part = file.with_suffix(".part")
    torch.save(value, part)
    part.replace(file)


def trained(folder, model):
    """The averaged weights of a run, in that model."""
    model.load_state_dict(torch.load(Path(folder) / "weights.pt", weights_only=True, map_location="cpu"))
    return model.eval()


def slice_options(run, steps, rate, batch):
    p = options(run, steps, rate)
    p.add_argument("--seconds", type=float, default=0, help="end after that many, over all resumptions; 0: only --steps counts")
    p.add_argument("--batch", type=int, default=batch)
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--record", action=argparse.BooleanOptionalAction, default=True, help="on a GPU: steps as CUDA graphs, where a part can")
    return p


def begin_slice(a):
    if a.threads:
        torch.set_num_threads(a.threads)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
    return begin(a.seed)
