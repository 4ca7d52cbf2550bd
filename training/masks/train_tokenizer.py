"""Trains the mask tokenizer.   python train_tokenizer.py --archive data/archive.npz --run runs/tokenizer [--steps N] [--minutes M]

Resumable: continues from checkpoint.pt. Each mask is decoded from a prefix of one to all of its tokens, by lot, so that they run from coarse to
fine (HiMTok, arXiv 2503.13026 §3.1). Logged: IoU on masks of held-out icons by 1, 2, 4 … 32 tokens."""
import torch
import torch.nn.functional as F

from recipe.archive import Archive
from recipe.scenes import SceneMaker
from recipe.tokenizer import MaskTokenizer, TokenizerConfig
from recipe.training import arguments, device_of, iou, kept_config, train

LENGTHS = (1, 2, 4, 8, 16, 32)


def main():
    a = arguments("runs/tokenizer", 60_000, 32, 6e-4).parse_args()
    device, config = device_of(), TokenizerConfig()
    torch.manual_seed(a.seed)
    archive = Archive(a.archive, device)
    kept_config(a.run, config)
    model = MaskTokenizer(config).to(device)
    maker, tested = (SceneMaker(archive, pool, config.side) for pool in (archive.trained, archive.tested))

    def loss_of(step, scenes):
        masks = scenes.masks
        counts = torch.randint(1, config.tokens + 1, (a.batch,), generator=torch.Generator().manual_seed(step)).to(device)
        codes, ids, commitment = model.encode(masks)
        logits = model.logits(codes, counts).float()
        p = torch.sigmoid(logits)
        dice = 1 - ((2 * (p * masks).flatten(1).sum(1) + 1) / ((p + masks).flatten(1).sum(1) + 1)).mean()
        crossed = F.binary_cross_entropy_with_logits(logits, masks)
        return crossed + 0.5 * dice + 0.1 * commitment, {"crossed": crossed.detach(), "dice": dice.detach()}

    @torch.no_grad()
    def look(average):
        trained = MaskTokenizer(config).to(device).eval()
        trained.load_state_dict(average)
        masks = tested.batch(1, 0, 128 if device.type == "cuda" else 64).masks
        ids = trained.encode(masks)[1]
        at = lambda n: iou(trained.decode(ids, torch.full((len(ids),), n, device=device)), masks).mean().item()
        return {f"iou_{n}": at(n) for n in LENGTHS if n <= config.tokens}

    train(a, model, maker, loss_of, look)


if __name__ == "__main__":
    main()
