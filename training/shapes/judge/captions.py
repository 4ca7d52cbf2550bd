"""Writes held-out captions, each with what is true of it.   python judge/captions.py --data data --out runs/judge/captions.json [--n 500]"""
import argparse
import json
from pathlib import Path

import numpy as np

from judge import truths  # noqa: F401  puts the recipe on the path
from recipe.captions import SLOTS, caption, words_of
from recipe.data import Archive


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", default="data")
    p.add_argument("--out", default="runs/judge/captions.json")
    p.add_argument("--n", type=int, default=500)
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    archive = Archive(a.data)
    chosen = np.random.default_rng(a.seed).permutation(archive.held_out)
    lines = []
    for i in chosen:
        row = archive.rows[i]
        said = caption(row, np.random.default_rng(a.seed), every=True)
        if len(words_of(said)) <= SLOTS:  # all of it is read
            lines.append({"prompt": said, **{name: row[name] for name in ("category", "before", "after")}})
    assert len(lines) >= a.n, f"{len(lines)} held-out shapes; make a larger archive"
    Path(a.out).parent.mkdir(parents=True, exist_ok=True)
    Path(a.out).write_text(json.dumps(lines[:a.n]))
    print(f"{a.n} captions of {len({line['category'] for line in lines[:a.n]})} categories in {a.out}")


if __name__ == "__main__":
    main()
