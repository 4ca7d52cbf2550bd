"""Trains the mask tokenizer.   python train_tokenizer.py --archive data/archive.npz --run runs/tokenizer [--steps N] [--minutes M]

Resumable: continues from checkpoint.pt. Half of the masks are drawn from all tokens, half from a prefix by lot, so that every prefix is a mask.
Logged: IoU on masks of held-out icons by 2, 4, 8, 16 and all tokens."""
import torch
import torch.nn.functional as F

from recipe.archive import Archive
from recipe.framed import FramedConfig, FramedTokenizer, boxes_of, framed
from recipe.scenes import SceneMaker
from recipe.training import arguments, device_of, iou, kept_config, train

LENGTHS = (1, 2, 3, 7, 8, 16, 32)


def main():
    a = arguments("runs/tokenizer", 60_000, 128, 2e-3).parse_args()
    device, config = device_of(), FramedConfig()
    torch.manual_seed(a.seed)
    archive = Archive(a.archive, device)
    kept_config(a.run, config)
    model = FramedTokenizer(config).to(device, memory_format=torch.channels_last)
    maker, tested = (SceneMaker(archive, pool, config.side) for pool in (archive.trained, archive.tested))

    def loss_of(step, plan):
        lots = torch.Generator().manual_seed(step)
        with torch.no_grad():
            masks = maker.masks(plan)
            frames = framed(masks, boxes_of(masks, config.places), config)
            turned = torch.rand(len(frames), generator=lots).to(device) < 0.5
            frames = torch.where(turned[:, None, None], frames.flip(2), frames)
        counts = torch.randint(2, config.tokens + 1, (len(frames),), generator=lots)
        counts[::2] = config.tokens
        logits, commitment = model(frames, counts.to(device))
        p = torch.sigmoid(logits)
        dice = 1 - ((2 * (p * frames).flatten(1).sum(1) + 1) / ((p + frames).flatten(1).sum(1) + 1)).mean()
        crossed = F.binary_cross_entropy_with_logits(logits, frames)
        return crossed + 0.5 * dice + 0.25 * commitment, {"crossed": crossed.detach(), "dice": dice.detach(), "commitment": commitment.detach()}

    @torch.no_grad()
    def look(average):
        trained = FramedTokenizer(config).to(device).eval()
        trained.load_state_dict(average)
        masks = tested.masks(tested.planner.plan(1, 0, 256, whole=True))
        ids = trained.encode(masks)
        at = lambda n: iou(trained.decode(ids, torch.full((len(ids),), n, device=device)), masks).mean().item()
        used = [len(part.unique()) for part in trained.quantiser.parts(ids[:, 2:])]
        return {f"iou_{n}": at(n) for n in LENGTHS} | {"used": str(used)}

    train(a, model, maker.plans, loss_of, look)


if __name__ == "__main__":
    main()
