"""The convolution of both networks, and how it is shipped."""
import torch
import torch.nn.functional as F
from torch import nn


class Conv(nn.Module):
    """A convolution, its normalisation and SiLU; added to its input where nothing changes size. Shipped with the normalisation folded in."""

    def __init__(self, ins, outs, stride=1):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(ins, outs, 3, stride, 1, bias=False), nn.BatchNorm2d(outs)
        self.adds = ins == outs and stride == 1

    def forward(self, x):
        y = F.silu(self.norm(self.conv(x)))
        return x + y if self.adds else y


def folded(state):
    """Weights as they are shipped: `NAME.weight` and `NAME.bias` of each Conv, its normalisation within."""
    out = {}
    for name, w in state.items():
        if name.endswith(".conv.weight"):
            at = name[:-len(".conv.weight")]
            gain = state[f"{at}.norm.weight"] / (state[f"{at}.norm.running_var"] + 1e-5).sqrt()
            out[f"{at}.weight"] = w * gain[:, None, None, None]
            out[f"{at}.bias"] = state[f"{at}.norm.bias"] - state[f"{at}.norm.running_mean"] * gain
        elif f"{name.rsplit('.norm.')[0]}.conv.weight" not in state:
            out[name] = w
    return out


def unfolded(state, model):
    """The way back: weights of a model that computes the same, its normalisation doing nothing as long as it is settled."""
    out = model.state_dict()
    for name, module in model.named_modules():
        if isinstance(module, Conv):
            own = {"conv.weight": state[f"{name}.weight"], "norm.bias": state[f"{name}.bias"]}
            plain = {"norm.weight": 1.0, "norm.running_mean": 0.0, "norm.running_var": 1 - module.norm.eps}
            out |= {f"{name}.{k}": w for k, w in own.items()} | {f"{name}.{k}": torch.full_like(own["norm.bias"], w) for k, w in plain.items()}
    return out | {name: w.view_as(out[name]) for name, w in state.items() if name in out}
