"""A model so small that tests can carry it, with random weights, and what the recipe makes of an input.   python make_fixtures.py --words data/words.json --out ../../test/fixtures/masks"""
import argparse
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from safetensors.torch import save_file

from export import write_folder
from recipe.segmenter import Segmenter, SegmenterConfig
from recipe.tokenizer import MaskTokenizer, TokenizerConfig

TOKENS = TokenizerConfig(side=8, patch=4, tokens=6, code_dim=4, vocab=24, width=16, layers=1, heads=2, ch=32, multipliers=(1, 1, 1), res_blocks=1, z_channels=16)
SIZES = SegmenterConfig(side=16, patch=2, cells=4, stem=8, layers=2, heads=2, width=16, hidden=24, mask_ids=24, words=280, caption_slots=5, tokens=6)
TEXTS = ["the blue umbrella", "the red car", "umbrella", "car"]


def few_words(path):
    """Byte-level BPE without merges."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = Tokenizer(models.BPE({"<pad>": 0, **{letter: 1 + i for i, letter in enumerate(alphabet)}}, []))
    words.normalizer = normalizers.Lowercase()
    words.pre_tokenizer, words.decoder = pre_tokenizers.ByteLevel(add_prefix_space=True), decoders.ByteLevel()
    words.add_special_tokens(["<pad>"])
    words.save(str(path))


@torch.no_grad()
def main():
    p = argparse.ArgumentParser()
    p.add_argument("--out", default="../../test/fixtures/masks")
    a = p.parse_args()
    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(5)
    tokenizer, segmenter = MaskTokenizer(TOKENS).eval(), Segmenter(SIZES).eval()
    for w in segmenter.parameters():
        if w.dim() > 1:
            w.mul_(6)  # so that what it says depends on what it is shown
    segmenter.lm_head.weight.mul_(1.6)
    few_words(out / "words.json")
    write_folder(out, (TOKENS, tokenizer.state_dict()), (SIZES, segmenter.state_dict()), out / "words.json", name="tiny-masks", temperature=1.0, exact=True)
    masks = (torch.rand(2, 4, 4) > 0.5).float().repeat_interleave(2, 1).repeat_interleave(2, 2)
    _, ids, _ = tokenizer.encode(masks)
    pictures, captions, there = torch.rand(2, 3, 16, 16) * 2 - 1, torch.tensor([[5, 9, 11, 0, 0], [7, 0, 0, 0, 0]]), torch.tensor([1.0, 0.0])
    logits = segmenter(pictures, there, captions + SIZES.mask_ids, ids)
    prefixes = torch.stack([tokenizer.decode(ids, torch.full((2,), n)) for n in (1, 3, 6)])
    soft = torch.sigmoid(tokenizer.logits(tokenizer.mixtures(logits), torch.full((2,), 6)))
    save_file({"masks": masks, "ids": ids.int(), "pictures": pictures, "captions": captions.int(), "logits": logits.contiguous(),
               "prefixes": prefixes.contiguous(), "soft": soft.contiguous()}, out / "io.safetensors")
    print(json.dumps({f.name: f.stat().st_size for f in sorted(out.iterdir())}))


if __name__ == "__main__":
    main()
