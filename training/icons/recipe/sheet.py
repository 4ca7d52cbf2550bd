"""A sheet of pictures as a PNG, with nothing but numpy."""
import struct
import zlib
from pathlib import Path

import numpy as np


def png(rgb):
    """[H, W, 3] bytes -> a PNG file."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    height, width, _ = rgb.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), rgb.reshape(height, -1)], 1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines.tobytes(), 6)) + chunk(b"IEND", b"")


def save(pixels, file, columns=8):
    """Pixels [N, 4, H, W], premultiplied in [-1, 1], on white, row after row."""
    x = (np.clip(pixels, -1, 1) + 1) * 127.5
    x = np.clip(x[:, :3] + 255 - x[:, 3:], 0, 255).round().astype(np.uint8).transpose(0, 2, 3, 1)
    n, side = len(x), x.shape[1]
    rows = -(-n // columns)
    canvas = np.full((rows * columns, side, side, 3), 255, np.uint8)
    canvas[:n] = x
    canvas = canvas.reshape(rows, columns, side, side, 3).transpose(0, 2, 1, 3, 4).reshape(rows * side, columns * side, 3)
    Path(file).write_bytes(png(canvas))
