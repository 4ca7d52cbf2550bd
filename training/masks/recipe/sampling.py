"""The most probable mask tokens, one by one."""
import torch


@torch.no_grad()
def greedy(model, pictures, there, captions):
    """Ids [B, tokens] and the logits that they were chosen from."""
    ids = torch.zeros(len(pictures), model.config.tokens, dtype=torch.long, device=pictures.device)
    for n in range(model.config.tokens):
        logits = model(pictures, there, captions, ids).float()
        ids[:, n] = logits[:, n].argmax(-1)
    return ids, logits
