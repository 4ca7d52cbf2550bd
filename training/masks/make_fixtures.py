"""A model so small that tests can carry it, with random weights, and what the recipe makes of an input.   python make_fixtures.py --out ../../test/fixtures/masks"""
import argparse
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from safetensors.torch import save_file

from export import write_folder
from recipe.conv import Conv
from recipe.framed import FramedConfig, FramedTokenizer
from recipe.segmenter import Segmenter, SegmenterConfig

TOKENS = FramedConfig(side=16, places=8, frame=32, scales=(1, 2), code_dim=4, widths=(4, 6, 8, 10), usual=(0.5, 0.25))
SIZES = SegmenterConfig(side=16, stem=((8, 4), (16, 2), (16, 1)), layers=2, heads=2, width=16, hidden=24, joint=6, mask_ids=TOKENS.vocab, words=280,
                        caption_slots=5, tokens=TOKENS.tokens)


def few_words(path):
    """Byte-level BPE without merges."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = Tokenizer(models.BPE({"<pad>": 0, **{letter: 1 + i for i, letter in enumerate(alphabet)}}, []))
    words.normalizer = normalizers.Lowercase()
    words.pre_tokenizer, words.decoder = pre_tokenizers.ByteLevel(add_prefix_space=True), decoders.ByteLevel()
    words.add_special_tokens(["<pad>"])
    words.save(str(path))


def stirred(model):
    """With normalisations that matter."""
    for module in model.modules():
        if isinstance(module, Conv):
            module.norm.running_mean.normal_(std=0.2)
            module.norm.running_var.uniform_(0.2, 0.6)
    return model.eval()


@torch.no_grad()
def main():
    p = argparse.ArgumentParser()
    p.add_argument("--out", default="../../test/fixtures/masks")
    a = p.parse_args()
    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(5)
    tokenizer, segmenter = stirred(FramedTokenizer(TOKENS)), stirred(Segmenter(SIZES, TOKENS))
    tokenizer.of_codes.weight.mul_(20)  # so that what it paints depends on its codes
    tokenizer.out.weight.mul_(20)
    for w in segmenter.parameters():
        if w.dim() > 1:
            w.mul_(6)  # so that what it says depends on what it is shown
    segmenter.seen = segmenter.seen.float()
    few_words(out / "words.json")
    write_folder(out, (TOKENS, tokenizer.state_dict()), (SIZES, segmenter.state_dict()), out / "words.json", name="tiny-masks", temperature=1.0, exact=True)
    masks = torch.zeros(2, 16, 16)
    masks[0, 3:9, 5:14], masks[1, 10:13, 1:2] = 1, 0.8
    masks[0, 3:5, 5:8] = 0.2
    ids = tokenizer.encode(masks)
    pictures, captions, there = torch.rand(2, 3, 16, 16) * 2 - 1, torch.tensor([[5, 9, 11, 0, 0], [7, 0, 0, 0, 0]]), torch.tensor([1.0, 0.0])
    logits = segmenter(pictures, there, captions + SIZES.mask_ids, ids)
    n = lambda count: torch.full((2,), count)
    prefixes = torch.stack([tokenizer.decode(ids, n(count)) for count in (1, 2, 3, 5, TOKENS.tokens)])
    soft = tokenizer.decode_softly(ids, logits, n(TOKENS.tokens))
    save_file({"masks": masks, "ids": ids.int(), "pictures": pictures, "captions": captions.int(), "logits": logits.contiguous(),
               "prefixes": prefixes.contiguous(), "soft": soft.contiguous()}, out / "io.safetensors")
    print(json.dumps({f.name: f.stat().st_size for f in sorted(out.iterdir())}), ids.tolist())


if __name__ == "__main__":
    main()
