"""What every training run shares: its options, an optimiser, a resumable checkpoint, a step schedule, an average of the weights, a log line."""
import argparse
import json
import os
import time
from pathlib import Path

import torch


def schedule(step, steps, peak, warmup=200, cooldown=0.25):
    """Warm up, hold, and go down linearly over the last quarter: a run can be prolonged by raising `steps`."""
    down = int(steps * cooldown)
    return peak * min(1.0, (step + 1) / warmup, max(0.02, (steps - step) / max(1, down)))


class Average:
    """Exponential average of the weights: what is evaluated and shipped."""

    def __init__(self, model, decay=0.999):
        self.decay = decay
        self.shadow = {k: v.detach().clone().float() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model, step):
        decay = min(self.decay, (1 + step) / (10 + step))
        for k, v in model.state_dict().items():
            if v.is_floating_point():
                self.shadow[k].lerp_(v.float(), 1 - decay)
            else:
                self.shadow[k] = v.clone()


class Run:
    def __init__(self, folder, model, optimizer, average):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.parts = {"model": model, "optimizer": optimizer}
        self.average, self.step, self.began = average, 0, time.time()
        self.file = self.folder / "checkpoint.pt"
        if self.file.exists():
            saved = torch.load(self.file, weights_only=True)
            for name, part in self.parts.items():
                part.load_state_dict(saved[name])
            self.average.shadow, self.step = saved["average"], saved["step"]
            print(f"resumed at step {self.step}", flush=True)

    def learn(self, loss, rate, most=1.0):
        """One step of the optimiser at that rate, with a gradient of at most that norm (None: any); the average follows."""
        model, optimizer = self.parts["model"], self.parts["optimizer"]
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if most is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), most)
        optimizer.step()
        self.average.update(model, self.step)
        self.step += 1

    def save(self):
        part = self.file.with_suffix(".part")
        torch.save({**{n: p.state_dict() for n, p in self.parts.items()}, "average": self.average.shadow, "step": self.step}, part)
        os.replace(part, self.file)

    def log(self, **values):
        line = {"step": self.step, "seconds": round(time.time() - self.began, 1), **values}
        with open(self.folder / "log.jsonl", "a") as f:
            f.write(json.dumps(line) + "\n")
        print(" ".join(f"{k}={v:.4f}" if isinstance(v, float) else f"{k}={v}" for k, v in line.items()), flush=True)


def device_and_dtype():
    """bfloat16 on both: tensor cores on a GPU, AVX-512/AMX on a CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu"), torch.bfloat16


def options(run, steps, rate):
    """The options of every run, with the defaults of this one."""
    p = argparse.ArgumentParser()
    p.add_argument("--data", default="data")
    p.add_argument("--run", default=f"runs/{run}")
    p.add_argument("--steps", type=int, default=steps)
    p.add_argument("--rate", type=float, default=rate)
    p.add_argument("--seed", type=int, default=0)
    return p


def begin(seed):
    """Seeds, and answers where and in what type to compute."""
    torch.manual_seed(seed)
    torch.set_flush_denormal(True)
    return device_and_dtype()


def adamw_for_transformers(model, rate):
    """Only matrices decay."""
    decay = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() <= 1]
    return torch.optim.AdamW([{"params": decay, "weight_decay": 0.03}, {"params": rest, "weight_decay": 0.0}],
                             lr=rate, betas=(0.9, 0.95), fused=True)


def adamw_for_tokenizers(model, rate):
    learnt = [p for p in model.parameters() if p.requires_grad]  # a codebook is not
    return torch.optim.AdamW(learnt, lr=rate, betas=(0.9, 0.95), weight_decay=0.01, fused=True)
