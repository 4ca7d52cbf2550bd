"""Speckle and haze of pictures with transparency."""
import numpy as np


def parts_of(opaque):
    """Sizes of the 4-connected parts of a map of booleans, by spreading the least number of each part."""
    number = np.where(opaque, np.arange(1, opaque.size + 1).reshape(opaque.shape), opaque.size + 1)
    while True:
        padded = np.pad(number, 1, constant_values=opaque.size + 1)
        least = np.minimum.reduce([padded[1:-1, 1:-1], padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]])
        least = np.where(opaque, least, opaque.size + 1)
        if (least == number).all():
            return np.unique(number[opaque], return_counts=True)[1]
        number = least


def speckle(images):
    """Of pictures [4, H, W] in [-1, 1]."""
    faint, small, area, edge = 0, 0, 0, 0
    for image in images:
        alpha = ((image[3].numpy() + 1) * 127.5).round()
        opaque = alpha >= 128
        sizes = parts_of(opaque)
        faint += ((alpha > 0) & (alpha < 32)).mean()
        small, area = small + sizes[sizes < 12].sum(), area + sizes.sum()
        edge += (opaque[1:] != opaque[:-1]).sum() + (opaque[:, 1:] != opaque[:, :-1]).sum()
    return {"faint %": round(float(100 * faint / len(images)), 2), "in small parts %": round(float(100 * small / max(area, 1)), 3),
            "edge": round(float(edge / len(images)), 1)}
