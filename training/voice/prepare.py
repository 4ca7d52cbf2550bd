"""Makes the training archive: the teachers read sentences of voice/sentences.py, phones and pitch are written down with them.

  npm ci && python prepare.py [--hours 1.6] [--data data]     # data/voice.npz, at most 40 MB

Needs Debian's festival, festvox-us-slt-hts and flite; numpy and scipy. Deterministic. Resumable: what has been read out lies in
data/read/, whole or not at all. The archive has
  rows     JSON: per utterance its voice, kind, text, whether held out, phones, ends of phones (5 ms), samples, bytes
  waves    all utterances, voice/codec.py
  f0       Hz per 20 ms, float16, one utterance after the other
Texts that sentences.held_out names are in it, marked, to validate."""
import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

from voice.codec import encode
from voice.lexicon import cmudict, pronounce
from voice.phones import PAUSES, label, of_teacher
from voice.pitch import f0_of
from voice.sentences import held_out, pool
from voice.teachers import RATE, VOICES, say

TOKEN = 640  # samples of one semantic token: utterances are whole tokens
AT_ONCE = 25
LOUDNESS = 0.08


def utterance(read, kind, text, words):
    """One row and its arrays; None when the teacher said something else than the front end."""
    x, names, ends = read
    phones, wrong = label(pronounce(text, words), [of_teacher(n) for n in names])
    phones[0], phones[-1] = "^", pronounce(text, words)[-1]
    if wrong > 0.34 * len(phones) or of_teacher(names[0]) or of_teacher(names[-1]):
        return None
    x = x[:len(x) // TOKEN * TOKEN]
    loud = np.sqrt(np.mean(x[np.abs(x) > 0.01] ** 2))
    x = x * min(LOUDNESS / loud, 0.95 / np.abs(x).max())
    row = {"kind": kind, "text": text, "heldOut": held_out(text), "phones": " ".join(phones), "ends": [round(e * 200) for e in ends], "samples": len(x), "differs": wrong}
    return row, encode(x), f0_of(x).astype(np.float16)


def read_out(voice, hours, folder, words):
    """Reads until there are enough hours of that voice."""
    seconds, texts = 0.0, pool(words, seed=list(VOICES).index(voice))
    for number in range(10**6):
        if seconds >= hours * 3600:
            return
        batch = [t for _, t in zip(range(AT_ONCE), texts)]
        file = folder / voice / f"{number:04}.npz"
        if not file.exists():
            began, done = time.time(), []
            for (kind, text), read in zip(batch, say(voice, [t for _, t in batch])):
                done.append(utterance(read, kind, text, words))
            done = [d for d in done if d]
            rows = [{**row, "voice": voice, "bytes": len(data)} for row, data, _ in done]
            part = file.with_suffix(".part")
            part.parent.mkdir(parents=True, exist_ok=True)
            with open(part, "wb") as f:
                np.savez(f, rows=np.frombuffer(json.dumps(rows).encode(), np.uint8), f0=np.concatenate([f for _, _, f in done]),
                         waves=np.frombuffer(b"".join(d for _, d, _ in done), np.uint8))
            os.replace(part, file)
            print(f"{voice} {number}: {len(rows)} of {len(batch)}, {time.time() - began:.1f} s", flush=True)
        saved = np.load(file)
        rows = json.loads(bytes(saved["rows"]))
        seconds += sum(r["samples"] for r in rows) / RATE
        yield rows, saved["waves"], saved["f0"]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", default="data")
    p.add_argument("--hours", type=float, default=1.6)
    a = p.parse_args()
    words, folder = cmudict(), Path(a.data)
    rows, waves, f0 = [], [], []
    for voice, (_, share) in VOICES.items():
        for r, w, f in read_out(voice, a.hours * share, folder / "read", words):
            rows += r
            waves.append(w)
            f0.append(f)
    spoken = [p for r in rows for p in r["phones"].split() if p not in PAUSES]
    print(f"{len(rows)} utterances, {sum(r['samples'] for r in rows) / RATE / 3600:.2f} h, front end and teachers differ in "
          f"{100 * sum(r['differs'] for r in rows) / len(spoken):.1f} % of the phones")
    part, file = folder / "voice.npz.part", folder / "voice.npz"
    with open(part, "wb") as out:
        np.savez(out, rows=np.frombuffer(json.dumps(rows).encode(), np.uint8), waves=np.concatenate(waves), f0=np.concatenate(f0))
    os.replace(part, file)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")
    if file.stat().st_size > 40e6:
        raise SystemExit("The archive is larger than 40 MB: fewer --hours.")


if __name__ == "__main__":
    main()
