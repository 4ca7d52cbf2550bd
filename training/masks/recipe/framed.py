"""The mask tokenizer: a box in two tokens, then the shape within it in grids of 1, 4, 9 and 16 tokens, each the residue of those before
(residual quantisation over scales: VAR, arXiv 2404.02905 §3.2), so that any prefix is a mask.

Boxes stand on a grid of `places` x `places`: token 0 is the corner at the top left, token 1 that at the bottom right. The shape is seen
in a square of `frame` pixels, into which its box is stretched."""
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn

from recipe.conv import Conv, folded


@dataclass
class FramedConfig:
    side: int = 128               # pixels of the canvas
    places: int = 32              # of a corner of the box along each side; places² = vocab
    frame: int = 64               # pixels of the shape
    scales: tuple = (1, 2, 3, 4)  # tokens of a side, from coarse to fine
    code_dim: int = 24
    widths: tuple = (32, 64, 96, 160)  # channels at 1/2, 1/4, 1/8, 1/16 of the frame
    usual: tuple = (0.44, 0.44)   # height and width of a box of which one corner alone is known

    @property
    def vocab(self):
        return self.places ** 2

    @property
    def grid(self):
        return self.scales[-1]

    @property
    def shape_tokens(self):
        return sum(s * s for s in self.scales)

    @property
    def tokens(self):
        return 2 + self.shape_tokens

    def for_sdk(self):
        a, b, d, e = self.widths
        rows = lambda name, *pairs: [{"channels": channels, name: by} for channels, by in pairs]
        return {"side": self.side, "places": self.places, "frame": self.frame, "scales": list(self.scales), "codeDim": self.code_dim,
                "encoder": rows("stride", (a, 2), (b, 2), (b, 1), (d, 2), (d, 1), (e, 2), (e, 1), (e, 1)),
                "decoder": rows("factor", (e, 1), (e, 1), (d, 2), (d, 1), (d, 1), (b, 2), (b, 1), (b, 1), (a, 2), (a, 1)), "usual": list(self.usual)}

    def as_json(self):
        return asdict(self)


def shipped(state, config):
    """Weights as they are shipped: normalisation within convolutions, and of the quantiser its codes and its matrices."""
    out = {name: w for name, w in folded(state).items() if not name.startswith("quantiser.")}
    for k, (up, down) in enumerate(zip(spread(config.scales), gathered(config.scales))):
        out |= {f"quantiser.codes.{k}": state[f"quantiser.codes_{k}"], f"quantiser.spread.{k}": up, f"quantiser.gather.{k}": down}
    return out


def spread(scales):
    """From the tokens of a grid to the finest grid, bilinear: a matrix [finest², s²] for each scale."""
    S = scales[-1]
    return [F.interpolate(torch.eye(s * s).view(s * s, 1, s, s), size=S, mode="bilinear", align_corners=False).flatten(1).T for s in scales]


def gathered(scales):
    """From the finest grid to one of s x s, by areas: a matrix [s², finest²] for each scale."""
    S = scales[-1]
    return [F.interpolate(torch.eye(S * S).view(S * S, 1, S, S), size=s, mode="area" if S % s == 0 else "bilinear", antialias=S % s != 0)
            .flatten(1).T for s in scales]


class Quantiser(nn.Module):
    """A table of codes for each scale, which follow the means of what they stand for; codes that nothing chose begin anew."""

    def __init__(self, c, decay=0.99):
        super().__init__()
        self.c, self.decay = c, decay
        for k, (up, down) in enumerate(zip(spread(c.scales), gathered(c.scales))):
            self.register_buffer(f"codes_{k}", torch.randn(c.vocab, c.code_dim) * 0.1)
            self.register_buffer(f"counts_{k}", torch.ones(c.vocab))
            self.register_buffer(f"sums_{k}", getattr(self, f"codes_{k}").clone())
            self.register_buffer(f"up_{k}", up, persistent=False)
            self.register_buffer(f"down_{k}", down, persistent=False)

    def nearest(self, x, k):
        codes = getattr(self, f"codes_{k}")
        return (x @ codes.T - (codes ** 2).sum(1) / 2).argmax(-1)

    @torch.no_grad()
    def follow(self, x, ids, k):
        codes, counts, sums = (getattr(self, f"{name}_{k}") for name in ("codes", "counts", "sums"))
        x, ids = x.flatten(0, 1), ids.flatten()
        seen = torch.zeros_like(counts).index_add_(0, ids, torch.ones_like(ids, dtype=torch.float))
        counts.mul_(self.decay).add_(seen, alpha=1 - self.decay)
        sums.mul_(self.decay).add_(torch.zeros_like(sums).index_add_(0, ids, x), alpha=1 - self.decay)
        idle = counts < 0.03 * len(ids) / len(counts)
        if idle.any():
            fresh = x[torch.randint(len(x), (int(idle.sum()),), device=x.device)]
            share = len(ids) / len(counts) * 0.5
            counts[idle], sums[idle] = share, fresh * share
        codes.copy_(sums / counts[:, None])

    def forward(self, f, known):
        """f [B, finest², D] -> the codes of a prefix together [B, finest², D], all ids [B, tokens], commitment. known [B, tokens] of 0 or 1."""
        rest, heard, ids, loss, at = f.detach(), torch.zeros_like(f), [], 0.0, 0
        whole = torch.zeros_like(f)
        for k, s in enumerate(self.c.scales):
            asked = getattr(self, f"down_{k}") @ rest
            chosen = self.nearest(asked, k)
            if self.training:
                self.follow(asked, chosen, k)
            codes = getattr(self, f"codes_{k}")[chosen]
            up = getattr(self, f"up_{k}")
            part = up @ codes
            rest, whole = rest - part, whole + part
            heard = heard + up @ (codes * known[:, at:at + s * s, None])
            loss = loss + ((whole - f) ** 2).mean()
            ids.append(chosen)
            at += s * s
        return heard, torch.cat(ids, 1), loss / len(self.c.scales)

    def codes_of(self, ids, known):
        """What a prefix of ids [B, tokens] stands for, [B, finest², D]."""
        return self.mixed([getattr(self, f"codes_{k}")[part] for k, part in enumerate(self.parts(ids))], known)

    def mixtures(self, logits, known):
        """The same of logits [B, tokens, vocab]: softmax(2 · logits) of codes each (HiMTok, arXiv 2503.13026 §3.3)."""
        return self.mixed([torch.softmax(2 * part, -1) @ getattr(self, f"codes_{k}") for k, part in enumerate(self.parts(logits))], known)

    def parts(self, x):
        return x.split([s * s for s in self.c.scales], 1)

    def mixed(self, codes, known):
        return sum(getattr(self, f"up_{k}") @ (part * there[..., None]) for k, (part, there) in enumerate(zip(codes, self.parts(known))))


class FramedTokenizer(nn.Module):
    def __init__(self, config):
        super().__init__()
        c = self.config = config
        a, b, d, e = c.widths
        self.encoder = nn.ModuleList([Conv(1, a, 2), Conv(a, b, 2), Conv(b, b), Conv(b, d, 2), Conv(d, d), Conv(d, e, 2), Conv(e, e), Conv(e, e)])
        self.to_codes, self.of_codes = nn.Conv2d(e, c.code_dim, 1), nn.Conv2d(c.code_dim, e, 1)
        self.decoder = nn.ModuleList([Conv(e, e), Conv(e, e), Conv(e, d), Conv(d, d), Conv(d, d), Conv(d, b), Conv(b, b), Conv(b, b), Conv(b, a), Conv(a, a)])
        self.doubles = (2, 5, 8)  # these of the decoder see their input twice as large
        self.out = nn.Conv2d(a, 4, 3, padding=1)
        self.quantiser = Quantiser(c)

    def known(self, counts):
        """Which of the shape's tokens are there where `counts` [B] of all tokens are."""
        return (torch.arange(self.config.shape_tokens, device=counts.device)[None] < counts[:, None] - 2).float()

    def features(self, frames):
        x = frames[:, None] * 2 - 1
        x = x.to(memory_format=torch.channels_last)
        for conv in self.encoder:
            x = conv(x)
        return self.to_codes(x).float().flatten(2).mT

    def painted(self, codes):
        """Codes [B, finest², D] -> logits of the frame's pixels [B, frame, frame]."""
        S = self.config.grid
        x = self.of_codes(codes.mT.unflatten(2, (S, S)).to(memory_format=torch.channels_last))
        for i, conv in enumerate(self.decoder):
            x = conv(F.interpolate(x, scale_factor=2) if i in self.doubles else x)
        return F.pixel_shuffle(self.out(x), 2)[:, 0].float()

    def forward(self, frames, counts):
        """-> logits of the frames from a prefix, commitment."""
        f = self.features(frames)
        with torch.autocast(f.device.type, enabled=False):
            heard, _, commitment = self.quantiser(f, self.known(counts))
        return self.painted(f + (heard - f).detach()), commitment

    def shape_ids(self, frames):
        f = self.features(frames)
        return self.quantiser(f, torch.ones(len(f), self.config.shape_tokens, device=f.device))[1]

    def encode(self, masks, boxes=None):
        """Masks [B, side, side] in 0 … 1 -> ids [B, tokens]. `boxes`: other ones than the masks' own."""
        boxes = boxes_of(masks, self.config.places) if boxes is None else boxes
        return torch.cat([ids_of_boxes(boxes, self.config.places), self.shape_ids(self.frames(masks, boxes))], 1)

    def frames(self, masks, boxes):
        """What is in the boxes, [B, frame, frame]."""
        return framed(masks, boxes, self.config)

    def decode(self, ids, counts):
        """The probability of each pixel of the canvas [B, side, side], of ids [B, n]; `counts` [B] tokens of each are there."""
        ids = F.pad(ids, (0, self.config.tokens - ids.shape[1]))
        shape = self.painted(self.quantiser.codes_of(ids[:, 2:], self.known(counts)))
        return placed(torch.sigmoid(shape), boxes_of_ids(ids, counts, self.config), self.config)

    def decode_softly(self, ids, logits, counts):
        """The same, each token of the shape a mixture by its logits [B, tokens, vocab]; the box is that of the ids."""
        shape = self.painted(self.quantiser.mixtures(logits[:, 2:], self.known(counts)))
        return placed(torch.sigmoid(shape), boxes_of_ids(ids, counts, self.config), self.config)


def boxes_of(masks, places):
    """The smallest boxes on the grid that hold all pixels above a half, [B, 4] whole numbers: top, left, bottom, right; the latter two
    behind the last place. A mask without a pixel has the whole canvas."""
    inside = masks > 0.5
    step = masks.shape[-1] // places

    def ends(line):  # [B, side] -> first place, and that behind the last
        n = line.shape[1]
        first, last = line.float().argmax(1), n - 1 - line.flip(1).float().argmax(1)
        return first // step, last // step + 1

    (top, bottom), (left, right) = ends(inside.any(2)), ends(inside.any(1))
    boxes = torch.stack([top, left, bottom, right], 1)
    return torch.where(inside.flatten(1).any(1)[:, None], boxes, torch.tensor([0, 0, places, places], device=boxes.device))


def ids_of_boxes(boxes, places):
    top, left, bottom, right = boxes.unbind(1)
    return torch.stack([top * places + left, (bottom - 1) * places + right - 1], 1)


def boxes_of_ids(ids, counts, config):
    """The way back. Of one token alone the box has its usual size; corners in the wrong order make a box of one place."""
    n = config.places
    top, left = ids[:, 0] // n, ids[:, 0] % n
    second = ids[:, 1] if ids.shape[1] > 1 else torch.zeros_like(top)
    bottom, right = (torch.where(counts > 1, end, (start + round(usual * n)).clamp(max=n)) for end, start, usual in
                     ((second // n + 1, top, config.usual[0]), (second % n + 1, left, config.usual[1])))
    return torch.stack([top, left, torch.maximum(bottom, top + 1), torch.maximum(right, left + 1)], 1)


def grid_over(boxes, places, size, grown=0.0):
    """Where grid_sample looks for a picture of `size` pixels of each box, grown by that part of its sides at every side."""
    top, left, bottom, right = (boxes.float() / places).unbind(1)
    spots = (torch.arange(size, device=boxes.device) + 0.5) / size
    along = lambda start, end: start[:, None] + (end - start)[:, None] * (spots * (1 + 2 * grown) - grown)[None]
    y, x = along(top, bottom) * 2 - 1, along(left, right) * 2 - 1
    return torch.stack([x[:, None, :].expand(-1, size, -1), y[:, :, None].expand(-1, -1, size)], -1)


def framed(masks, boxes, c):
    return F.grid_sample(masks[:, None], grid_over(boxes, c.places, c.frame), align_corners=False, padding_mode="border")[:, 0]


def placed(frames, boxes, c):
    """Frames [B, frame, frame] back on canvases [B, side, side], nothing outside of the box."""
    top, left, bottom, right = (boxes.float() / c.places).unbind(1)
    spots = ((torch.arange(c.side, device=boxes.device) + 0.5) / c.side)[None]
    y, x = (spots - top[:, None]) / (bottom - top)[:, None], (spots - left[:, None]) / (right - left)[:, None]
    grid = torch.stack([x[:, None, :].expand(-1, c.side, -1), y[:, :, None].expand(-1, -1, c.side)], -1) * 2 - 1
    within = (grid.abs() < 1).all(-1)
    return F.grid_sample(frames[:, None], grid, align_corners=False, padding_mode="border")[:, 0] * within
