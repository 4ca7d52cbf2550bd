"""Does a colour word change the colour? Draws "<colour> <thing>" with default settings and seed 0, and looks at the mean hue of the opaque area,
weighted by how vivid its pixels are: obeyed where the word asked for is the nearest of the seven.

  npm run build (at the top), then
  python measure_colours.py [--order next-scale] [--model ../../models/tessera-icons]

The things were written down before anything was drawn. A tenth of (concept, colour) pairs is never shown in training."""
import argparse
from collections import Counter

import numpy as np
import torch

from recipe.colours import COLOURS, apart, hsv, straight
from recipe.drawn import MODEL, drawn, load

THINGS = "car, apple, heart, balloon, flower, book, bird, fish, hat, umbrella, star, butterfly, dress, guitar, house".split(", ")


def mean_hue(file):
    bytes_ = ((load(file) + 1) * 127.5).round().permute(1, 2, 0).numpy().astype(np.uint8)
    rgb, alpha = straight(bytes_)
    hue, saturation, value = hsv(rgb)
    angles, weights = np.deg2rad(hue), saturation * value * (alpha >= 0.5)
    return np.rad2deg(np.arctan2((np.sin(angles) * weights).sum(), (np.cos(angles) * weights).sum())) % 360


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--order", default="next-scale")
    p.add_argument("--model", default=MODEL)
    p.add_argument("--run", default="runs/colours")
    a = p.parse_args()
    asked = [(colour, thing) for thing in THINGS for colour in COLOURS]
    files = drawn([(f"{colour} {thing}", "fluent-3d") for colour, thing in asked], a.run, a.model, {"decoding": a.order})
    obeyed, per = 0, Counter()
    for (colour, thing), file in zip(asked, files):
        hue = mean_hue(file)
        nearest = min(COLOURS, key=lambda c: apart(COLOURS[c], hue))
        obeyed += nearest == colour
        per[colour] += nearest == colour
        if nearest != colour:
            print(f"{colour} {thing}: {nearest}, hue {hue:.0f}")
    print(f"{a.order}: {obeyed} of {len(asked)} obeyed, {100 * obeyed / len(asked):.0f} %; of {len(THINGS)} each: {dict(per)}")


if __name__ == "__main__":
    main()
