"""The segmenter: a Llama decoder that looks twice. It reads words and the whole picture and says the box of what is meant, two mask tokens;
then it looks at the picture within that box, larger, and says the shape. Its line of slots:

    caption | patches of the picture | begin, corner, corner | patches of the box | closer, shape tokens

Words and patches see each other. Weight names are the SDK's."""
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn

from recipe.conv import Conv, folded
from recipe.framed import boxes_of_ids, grid_over

FINER = 4     # parts of a patch's side that are told apart by `found`
GROWN = 0.125  # of the box's sides, which the second look takes in beyond it at every side


@dataclass
class SegmenterConfig:
    side: int = 128           # pixels of the picture
    stem: tuple = ((24, 2), (48, 2), (48, 1), (96, 2), (96, 1), (160, 2), (160, 1))  # channels and stride of each convolution
    layers: int = 4
    heads: int = 5
    width: int = 160
    hidden: int = 384
    joint: int = 128          # numbers of a point on the sphere where words and patches meet
    mask_ids: int = 1024      # ids of mask tokens, 0 and up; then words; `begin` and `closer` are the last rows
    words: int = 1024
    caption_slots: int = 16
    tokens: int = 32
    corners: int = 2          # tokens before the second look
    rope_base: float = 10000.0
    norm_eps: float = 1e-5

    @property
    def across(self):
        size = self.side
        for _, stride in self.stem:
            size //= stride
        return size

    @property
    def patches(self):
        return self.across ** 2

    @property
    def lead(self):
        return self.caption_slots + self.patches + 1

    @property
    def rows(self):
        return self.mask_ids + self.words + 2

    def for_sdk(self):
        return {"side": self.side, "stem": [{"channels": c, "stride": s} for c, s in self.stem], "layers": self.layers, "heads": self.heads,
                "width": self.width, "hidden": self.hidden, "joint": self.joint, "grown": GROWN, "vocabulary": self.mask_ids, "words": self.words,
                "captionSlots": self.caption_slots, "positions": self.tokens, "ropeBase": self.rope_base, "normEpsilon": self.norm_eps}

    def as_json(self):
        return asdict(self)


def rotated(x, angles):  # [B, H, T, D] in halves
    cos, sin = angles.cos(), angles.sin()
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        C, linear = c.width, lambda i, o: nn.Linear(i, o, bias=False)
        self.heads = c.heads
        self.input_layernorm, self.post_attention_layernorm = nn.RMSNorm(C, eps=c.norm_eps), nn.RMSNorm(C, eps=c.norm_eps)
        self.self_attn = nn.ModuleDict({n: linear(C, C) for n in ("q_proj", "k_proj", "v_proj", "o_proj")})
        self.mlp = nn.ModuleDict({"gate_proj": linear(C, c.hidden), "up_proj": linear(C, c.hidden), "down_proj": linear(c.hidden, C)})

    def forward(self, x, angles, seen):
        n = self.input_layernorm(x)
        q, k, v = (self.self_attn[f"{p}_proj"](n).unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in "qkv")
        scores = rotated(q, angles).to(v.dtype) @ rotated(k, angles).to(v.dtype).mT * q.shape[-1] ** -0.5
        y = torch.softmax(scores + seen, -1).to(v.dtype) @ v  # by hand: on processors the fused kernel takes thrice as long backwards
        x = x + self.self_attn["o_proj"](y.transpose(1, 2).flatten(2))
        n = self.post_attention_layernorm(x)
        return x + self.mlp["down_proj"](F.silu(self.mlp["gate_proj"](n)) * self.mlp["up_proj"](n))


class Segmenter(nn.Module):
    def __init__(self, config, tokens):
        """`tokens` is the config of the mask tokenizer, whose boxes it looks into."""
        super().__init__()
        c = self.config = config
        C = c.width
        self.boxes = tokens
        self.model = nn.ModuleDict({
            "embed_tokens": nn.Embedding(c.rows, C),
            "layers": nn.ModuleList(Layer(c) for _ in range(c.layers)),
            "norm": nn.RMSNorm(C, eps=c.norm_eps),
        })
        widths = [3, *(w for w, _ in c.stem)]
        self.stem = nn.ModuleList(Conv(a, b, s) for a, (b, s) in zip(widths, c.stem))
        self.places = nn.Parameter(torch.randn(2, c.patches, C) * 0.02)  # of the first look and of the second
        self.meaning = nn.ModuleDict({"0": nn.Linear(C, 2 * c.joint), "2": nn.Linear(2 * c.joint, c.joint, bias=False)})
        self.joint = nn.Linear(C, c.joint, bias=False)
        self.likeness = nn.Parameter(torch.randn(C) * 0.1)
        self.lm_head = nn.Linear(C, c.mask_ids, bias=False)
        self.finds, self.sharpness = nn.Linear(C, FINER ** 2), nn.Parameter(torch.tensor(3.0))  # trained beside, not shipped
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02 if module is not self.joint and module not in self.meaning.values() else module.in_features ** -0.5)
        T = c.lead + c.corners + c.patches + 1 + c.tokens - c.corners - 1
        half = C // c.heads // 2
        frequencies = c.rope_base ** -(torch.arange(half) / half)
        self.register_buffer("angles", torch.arange(T)[:, None] * frequencies[None], persistent=False)
        ranks = torch.cat([torch.zeros(c.lead), torch.arange(1, c.corners + 1), torch.full((c.patches,), c.corners + 1),
                           torch.arange(c.tokens - c.corners) + c.corners + 2])
        self.register_buffer("seen", torch.where(ranks[None] <= ranks[:, None], 0.0, -1e4).bfloat16(), persistent=False)

    def features(self, pictures):  # [B, 3, side, side] in -1 … 1 -> [B, patches, C]
        x = pictures.to(memory_format=torch.channels_last)
        for conv in self.stem:
            x = conv(x)
        return x.flatten(2).mT

    def point(self, captions):
        """Where words lie on the sphere, [B, slots] rows of the table -> [B, joint]: of the mean of the words, in no order."""
        there = (captions > self.config.mask_ids)[..., None]
        mean = (self.model["embed_tokens"](captions) * there).sum(1) / there.sum(1).clamp(min=1)
        return F.normalize(self.meaning["2"](F.silu(self.meaning["0"](mean))).float(), dim=-1)

    def near(self, features):
        """Where patches lie on the sphere, [B, patches, joint]."""
        return F.normalize(self.joint(features).float(), dim=-1)

    def look(self, look, pictures, there, point):
        """What the slots of a look hold, and where its patches lie on the sphere."""
        features = self.features(pictures)
        near = self.near(features)
        alike = (near * point[:, None]).sum(-1, keepdim=True)
        return (features + self.places[look] + alike * self.likeness) * there[:, None, None], near

    def closer(self, pictures, ids):
        """The pictures within the boxes of the first two tokens, as large as the whole ones; grey beyond the edge."""
        boxes = boxes_of_ids(ids, torch.full((len(ids),), 2, device=ids.device), self.boxes)
        grid = grid_over(boxes, self.boxes.places, self.config.side, GROWN)
        return F.grid_sample(pictures, grid, align_corners=False)

    def hidden(self, pictures, there, captions, ids):
        """Every slot [B, T, C], and where the patches of the first look lie. `captions` [B, slots] are rows of the table; a picture that is not
        `there` [B] is zeros."""
        c, table = self.config, self.model["embed_tokens"]
        point = self.point(captions)
        first, near = self.look(0, pictures, there, point)
        second, _ = self.look(1, self.closer(pictures, ids), there, point)
        begin, closer = (torch.full_like(captions[:, :1], c.rows - k) for k in (2, 1))
        n = c.corners
        x = torch.cat([table(captions), first, table(begin), table(ids[:, :n]), second, table(closer), table(ids[:, n:-1])], 1)
        T = x.shape[1]
        for layer in self.model["layers"]:
            x = layer(x, self.angles[:T], self.seen[:T, :T])
        return self.model["norm"](x), near

    def said(self, hidden):
        """Logits of all mask tokens, [B, tokens, mask_ids]."""
        c, n = self.config, self.config.corners
        asked = torch.cat([hidden[:, c.lead - 1:c.lead - 1 + n], hidden[:, c.lead + n + c.patches:]], 1)
        return self.lm_head(asked)

    def found(self, hidden, look):
        """What the sigmoid makes the probability that a part of the picture, or of the box, is meant, [B, size, size]: FINER parts a patch's side."""
        c = self.config
        begin = c.caption_slots if look == 0 else c.lead + c.corners
        own = self.finds(hidden[:, begin:begin + c.patches]).view(-1, c.across, c.across, FINER, FINER)
        return own.transpose(2, 3).reshape(-1, c.across * FINER, c.across * FINER)

    def forward(self, *inputs):
        return self.said(self.hidden(*inputs)[0])


BESIDE = ("finds.", "sharpness")


def shipped(state):
    """Weights as they are shipped: normalisation within convolutions, without what is only trained beside."""
    return {name: w.flatten(1) if name == "places" else w for name, w in folded(state).items() if not name.startswith(BESIDE)}
