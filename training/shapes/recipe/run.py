"""A resumable run: schedule, average of the weights, checkpoint, log."""
import json
import os
import time
from pathlib import Path

import torch


def schedule(step, steps, peak, warmup=150, cooldown=0.3):
    """Warm up, hold, and go down linearly at the end: a run can be prolonged by raising `steps`."""
    return peak * min(1.0, (step + 1) / warmup, max(0.02, (steps - step) / max(1, int(steps * cooldown))))


class Run:
    def __init__(self, folder, model, optimizer, decay=0.998):
        self.folder, self.model, self.optimizer, self.decay = Path(folder), model, optimizer, decay
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file, self.step, self.seconds, self.began = self.folder / "checkpoint.pt", 0, 0.0, time.time()
        self.average = {k: v.detach().clone().float() for k, v in model.state_dict().items()}
        if self.file.exists():
            saved = torch.load(self.file, map_location=next(model.parameters()).device, weights_only=True)
            model.load_state_dict(saved["model"])
            optimizer.load_state_dict(saved["optimizer"])
            self.average, self.step, self.seconds = saved["average"], saved["step"], saved["seconds"]
            print(f"resumed at step {self.step}", flush=True)

    @property
    def spent(self):
        """Seconds of all sessions together."""
        return self.seconds + time.time() - self.began

    @torch.no_grad()
    def follow(self):
        decay = min(self.decay, (1 + self.step) / (10 + self.step))
        for k, v in self.model.state_dict().items():
            self.average[k].lerp_(v.float(), 1 - decay)
        self.step += 1

    def save(self):
        part = self.file.with_suffix(".part")
        torch.save({"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "average": self.average,
                    "step": self.step, "seconds": self.spent}, part)
        os.replace(part, self.file)

    def log(self, **values):
        line = {"step": self.step, "seconds": round(self.spent, 1), **values}
        with open(self.folder / "log.jsonl", "a") as f:
            f.write(json.dumps(line) + "\n")
        print(" ".join(f"{k}={v:.4f}" if isinstance(v, float) else f"{k}={v}" for k, v in line.items()), flush=True)
