"""Judges the voice by pocketsphinx, which reads 16 kHz full band, and by its samples.

  python evaluate.py [--runs runs] [--stages teacher,vocoder,flow,lm] [--voices slt-hts,...] [--digits 8] [--closed 20] [--open 40] [--sound 100]

Each stage replaces one more step of the teacher: `vocoder` its mel to a wave, `flow` its tokens too, `lm` everything: only text is given.
  digits   word error on strings of five digits, with a grammar of digits
  closed   share of the twenty sentences of sentences.CLOSED that are recognised among themselves
  open     word error on held-out sentences with pocketsphinx's own language model
  sound    clicks, clipped samples and pauses over 0.6 s in held-out sentences
Writes runs/evaluate/report.json after every figure, and the waves. Needs Debian's pocketsphinx and pocketsphinx-en-us, and the teachers."""
import argparse
import itertools
import json
import random
import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
from scipy.io import wavfile

from pronounce import distance
from voice.audio import RATE, TOKEN
from voice.lexicon import cmudict, pronounce
from voice.sentences import CLOSED, ONES, held_out, made, prose
from voice.speak import STAGES, Speaker
from voice.teachers import VOICES, say

LOUDNESS = 0.08


def words_of(text):
    return re.findall(r"[a-z']+", text.lower())


def digits(count):
    r = random.Random(5)
    return [" ".join(r.choice(ONES[:10]) for _ in range(5)).capitalize() + "." for _ in range(count)]


def unseen(count):
    """Held-out prose and made sentences, half each, 4 to 14 words, all in the dictionary."""
    words, r = cmudict(), random.Random(7)
    fits = lambda s: held_out(s) and 4 <= len(s.split()) <= 14 and pronounce(s, words)
    found = sorted({s for s in prose() if fits(s)})
    r.shuffle(found)
    own = (s for s in (made(r) for _ in range(10**6)) if fits(s))
    return found[:count - count // 2] + list(itertools.islice(dict.fromkeys(own), count // 2))


def grammar(name, sentence):
    return f"#JSGF V1.0;\ngrammar {name};\npublic <{name}> = {sentence};\n"


GRAMMARS = {"digits": grammar("digits", f"( {' | '.join(ONES[:10])} )+"),
            "closed": grammar("closed", " | ".join(" ".join(words_of(s)) for s in CLOSED)), "open": None}


def heard(files, rules):
    """What pocketsphinx understands, a list of words per file."""
    with tempfile.TemporaryDirectory() as folder:
        extra = []
        if rules:
            (Path(folder) / "rules.jsgf").write_text(rules)
            extra = ["-jsgf", f"{folder}/rules.jsgf"]
        return [words_of(subprocess.run(["pocketsphinx_continuous", "-infile", str(f), "-logfn", "/dev/null", *extra], check=True, text=True,
                                        stdout=subprocess.PIPE).stdout) for f in files]


def loud(x):
    x = x[:len(x) // TOKEN * TOKEN]
    return x * min(LOUDNESS / np.sqrt(np.mean(x[np.abs(x) > 0.01] ** 2)), 0.95 / np.abs(x).max())


def flaws(x):
    """Clicks (a sample off the line of its neighbours by 0.08, and by twelve times what is usual within 40 ms), clipped samples, and the
    longest pause inside."""
    bend = np.abs(x[1:-1] - (x[:-2] + x[2:]) / 2)
    usual = np.convolve(bend, np.ones(641) / 641, "same")
    level = np.sqrt((x[:len(x) // 320 * 320].reshape(-1, 320) ** 2).mean(1))
    quiet = level < 0.003
    inside = np.flatnonzero(~quiet)
    longest = 0
    if len(inside):
        runs = [len(list(g)) for q, g in itertools.groupby(quiet[inside[0]:inside[-1] + 1]) if q]
        longest = max(runs, default=0)
    return {"clicks": int(((bend > 0.08) & (bend > 12 * usual)).sum()), "clipped": int((np.abs(x) >= 0.985).sum()), "pause": longest * 0.02}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--runs", default="runs")
    p.add_argument("--stages", default="teacher,vocoder,flow,lm")
    p.add_argument("--voices", default=",".join(VOICES))
    for name, count in (("digits", 8), ("closed", 20), ("open", 40), ("sound", 100)):
        p.add_argument(f"--{name}", type=int, default=count)
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    speaker, folder, report = Speaker(a.runs), Path(a.runs) / "evaluate", {}
    sets = {"digits": digits(a.digits), "closed": CLOSED[:a.closed], "open": unseen(a.open), "sound": unseen(a.sound)}
    for voice in a.voices.split(","):
        read = {name: [loud(x) for x, _, _ in say(voice, texts)] if texts else [] for name, texts in sets.items()}
        for stage in a.stages.split(","):
            scores = report.setdefault(voice, {})[stage] = {}
            for name, texts in sets.items():
                if not texts:
                    continue
                files, waves = [], []
                for i, (text, x) in enumerate(zip(texts, read[name])):
                    y = np.asarray(STAGES[stage](speaker, torch.from_numpy(x).float(), voice, text, i))
                    files.append(folder / voice / stage / f"{name}-{i:03}.wav")
                    files[-1].parent.mkdir(parents=True, exist_ok=True)
                    wavfile.write(files[-1], RATE, (y * 32767).astype(np.int16))
                    waves.append(y)
                if name == "sound":
                    found = [flaws(y) for y in waves]
                    scores["sound"] = {"clicks": sum(f["clicks"] for f in found), "clipped": sum(f["clipped"] for f in found),
                                       "pauses over 0.6 s": sum(f["pause"] > 0.6 for f in found)}
                else:
                    said = heard(files, GRAMMARS[name])
                    true = [words_of(t) for t in texts]
                    if name == "closed":
                        scores[name] = sum(s == t for s, t in zip(said, true)) / len(true)
                    else:
                        scores[name] = sum(distance(s, t) for s, t in zip(said, true)) / sum(map(len, true))
                print(voice, stage, name, scores[name], flush=True)
                (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
