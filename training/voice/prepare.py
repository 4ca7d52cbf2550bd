"""Makes the training archive: the teachers read sentences of voice/sentences.py, phones and pitch are written down with them.

  npm ci && python prepare.py [--hours 1.6] [--codec mdct] [--workers N] [--data data]     # data/voice.npz, at most 40 MB
  python prepare.py --hours 7 --codec pcm                                                 # 800 MB without loss, to train where it is read out

Needs Debian's festival, festvox-us-slt-hts and flite; numpy and scipy. Deterministic. Resumable: what has been read out lies in
data/read/, whole or not at all. The archive has
  rows     JSON: per utterance its voice, kind, text, whether held out, phones, ends of phones (5 ms), samples, bytes, codec
  waves    all utterances, voice/codec.py
  f0       Hz per 20 ms, float16, one utterance after the other
Texts that sentences.held_out names are in it, marked, to validate."""
import argparse
import itertools
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from voice.codec import CODECS
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
    return row, x, f0_of(x).astype(np.float16)


def read_batch(file, batch, voice, codec, words):
    """Has some texts read out into a file, where it is not there yet."""
    if file.exists():
        return
    began, encode = time.time(), CODECS[codec].encode
    done = [utterance(read, kind, text, words) for (kind, text), read in zip(batch, say(voice, [t for _, t in batch]))]
    done = [(row, encode(x), f0) for row, x, f0 in filter(None, done)]
    rows = [{**row, "voice": voice, "codec": codec, "bytes": len(data)} for row, data, _ in done]
    part = file.with_suffix(".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    with open(part, "wb") as f:
        np.savez(f, rows=np.frombuffer(json.dumps(rows).encode(), np.uint8), f0=np.concatenate([f for _, _, f in done]),
                 waves=np.frombuffer(b"".join(d for _, d, _ in done), np.uint8))
    os.replace(part, file)
    print(f"{voice} {file.stem}: {len(rows)} of {len(batch)}, {time.time() - began:.1f} s", flush=True)


def read_out(voice, hours, folder, words, codec, workers):
    """Reads until there are enough hours of that voice, in so many processes."""
    seconds, texts = 0.0, pool(words, seed=list(VOICES).index(voice))
    batches = iter(lambda: list(itertools.islice(texts, AT_ONCE)), [])
    files = (folder / codec / voice / f"{number:04}.npz" for number in itertools.count())
    read = partial(read_batch, voice=voice, codec=codec, words=words)
    with ProcessPoolExecutor(workers) as processes:
        while ahead := [(next(files), batch) for batch in itertools.islice(batches, workers)]:
            list(processes.map(read, *zip(*ahead)))
            for file, _ in ahead:
                if seconds >= hours * 3600:
                    return
                saved = np.load(file)
                rows = json.loads(bytes(saved["rows"]))
                seconds += sum(r["samples"] for r in rows) / RATE
                yield rows, saved["waves"], saved["f0"]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", default="data")
    p.add_argument("--hours", type=float, default=1.6)
    p.add_argument("--codec", choices=CODECS, default="mdct")
    p.add_argument("--workers", type=int, default=os.cpu_count())
    a = p.parse_args()
    words, folder = cmudict(), Path(a.data)
    rows, waves, f0 = [], [], []
    for voice, (_, share) in VOICES.items():
        for r, w, f in read_out(voice, a.hours * share, folder / "read", words, a.codec, a.workers):
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
    if a.codec == "mdct" and file.stat().st_size > 40e6:
        raise SystemExit("The archive is larger than 40 MB: fewer --hours.")


if __name__ == "__main__":
    main()
