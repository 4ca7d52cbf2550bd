"""Colour words: which colour a picture has, and the same picture in another, so that captions can say it exactly."""
import hashlib

import numpy as np

COLOURS = {"red": 0, "orange": 28, "yellow": 52, "green": 120, "blue": 215, "purple": 275, "pink": 325}  # degrees of hue
NAMES = set(COLOURS) | {"brown", "black", "white", "grey", "gray", "gold", "golden", "silver", "rainbow", "light", "dark"}
NEAR, SPREAD = 45, 40  # degrees: what turns with the main colour, and what counts as having it


def hsv(rgb):  # [..., 3] in 0 … 1 -> hue in degrees, saturation, value
    most, least = rgb.max(-1), rgb.min(-1)
    span = np.maximum(most - least, 1e-9)
    r, g, b = np.moveaxis(rgb, -1, 0)
    hue = np.where(most == r, (g - b) / span % 6, np.where(most == g, (b - r) / span + 2, (r - g) / span + 4)) * 60
    return hue, (most - least) / np.maximum(most, 1e-9), most


def rgb_of(hue, saturation, value):
    at = (np.array([5, 3, 1]) + hue[..., None] / 60) % 6
    return value[..., None] * (1 - saturation[..., None] * np.clip(np.minimum(at, 4 - at), 0, 1))


def apart(a, b):  # degrees between hues
    return np.abs((a - b + 180) % 360 - 180)


def straight(picture):  # [H, W, 4] premultiplied bytes -> colours in 0 … 1, alpha in 0 … 1
    alpha = picture[..., 3:].astype(np.float32) / 255
    return np.clip(picture[..., :3] / 255 / np.maximum(alpha, 1 / 255), 0, 1), alpha[..., 0]


def main_hue(picture):
    """The hue of the larger part of the opaque area, or None where no colour has it."""
    rgb, alpha = straight(picture)
    hue, saturation, value = hsv(rgb)
    opaque = alpha > 0.5
    vivid = opaque & (saturation > 0.35) & (value > 0.35)
    if vivid.sum() < max(1, 0.4 * opaque.sum()):
        return None
    bins = np.bincount((hue[vivid] / 10).astype(int) % 36, minlength=36).astype(float)
    peak = (bins + np.roll(bins, 1) + np.roll(bins, -1)).argmax() * 10 + 5
    near = vivid & (apart(hue, peak) < SPREAD)
    if near.sum() < 0.7 * vivid.sum() or value[near].mean() < 0.7 or saturation[near].mean() < 0.5:  # brown, olive and pastel are others
        return None
    angles = np.deg2rad(hue[near])
    return np.rad2deg(np.arctan2(np.sin(angles).mean(), np.cos(angles).mean())) % 360


def name_of(hue):
    """The word for a hue, or None between two."""
    name, at = min(COLOURS.items(), key=lambda item: apart(item[1], hue))
    return name if apart(at, hue) < 16 else None


def recoloured(picture, hue, colour):
    """The picture with its main colour, at that hue, turned into another; premultiplied bytes."""
    rgb, alpha = straight(picture)
    own, saturation, value = hsv(rgb)
    turned = np.where(apart(own, hue) < NEAR, (own + COLOURS[colour] - hue) % 360, own)
    out = np.concatenate([rgb_of(turned, saturation, value) * alpha[..., None], alpha[..., None]], -1)
    return np.round(out * 255).astype(np.uint8)


def lot(*words):
    """A number in [0, 1) that depends on the words alone."""
    return int.from_bytes(hashlib.sha256("|".join(words).encode()).digest()[:4], "big") / 2 ** 32


def held_out(concept, colour):
    """A tenth of (concept, colour) pairs is never seen in training."""
    return lot("colour", concept, colour) < 0.1


def other_colour(row, hue):
    """The colour that this picture is also shown in, or None: by lot, far enough from its own."""
    far = [c for c, at in COLOURS.items() if apart(at, hue) > 40 and not held_out(row["concept"], c)]
    return min(far, key=lambda c: lot("recolour", row["concept"], row["style"], c)) if far else None
