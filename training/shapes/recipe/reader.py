"""A stream that is being drawn: what may come next, where it stands, what is known around it. The same as recipe/octree.py says of whole ones."""
import numpy as np

from . import octree
from .octree import BYTE, BYTE_KIND, COLOUR_KIND, CONTEXT, DEPTH, END, END_KIND, MIRROR, NOWHERE, PAD, PALETTE, PALETTE_ID
from .octree import PROFILE, UNCOLOURED, UNCOLOURED_ID, VARIED, VARIED_ID, VOCABULARY


class Reader:
    def __init__(self, depth):
        self.depth, self.ids, self.levels, self.level, self.open = depth, [], [], None, None
        self.kind, self.node, self.mirror = 0, 0, 0

    def allowed(self):
        ok = np.zeros(VOCABULARY, bool)
        if self.kind == 0:
            ok[DEPTH + self.depth - 1] = True
        elif self.kind == 1:
            ok[PROFILE] = True
        elif self.kind == 2:
            ok[MIRROR:MIRROR + 8] = True
        elif self.kind == "colour":
            ok[PALETTE_ID:PALETTE_ID + PALETTE] = ok[UNCOLOURED_ID] = True
            ok[VARIED_ID] = len(self.levels) < self.depth
        elif self.kind == "byte":
            ok[BYTE + 1:BYTE + 256] = True
            if len(self.levels) == 1:
                children = sum(1 << c for c in range(8) if c & self.mirror == 0)
                for byte in range(256):
                    ok[BYTE + byte] &= byte & ~children == 0
        elif self.kind == "end":
            ok[END] = True
        else:
            ok[PAD] = True
        return ok

    def place(self):
        """(kind, rows, context) of the next id."""
        if self.kind not in ("colour", "byte"):
            return self.kind if isinstance(self.kind, int) else END_KIND, [NOWHERE] * 3, np.zeros(CONTEXT, np.uint8)
        at, coords = len(self.levels) - 1, self.coords
        here = coords[self.node]
        rows = (1 << at) - 1 + here
        owners = self.ranks[tuple((here + np.floor_divide(octree.CELLS, 2) + 1).T)]
        undecided = owners >= (self.node if self.kind == "byte" else 0)
        occupied = (self.below[tuple((2 * here + octree.CELLS + 1).T)] == 1) & ~undecided
        colours = np.zeros(VARIED + 1, np.uint8)
        if self.kind == "byte":
            colours[self.level.colours[self.node]] = 1
        else:
            near = self.ranks[tuple((here + octree.AROUND + 1).T)]
            near = near[near >= 0]
            near = near[~self.open[near] | (near < self.node)]
            colours[self.level.colours[near]] = 1
        return (BYTE_KIND if self.kind == "byte" else COLOUR_KIND) + at, rows, np.concatenate([occupied, undecided, colours]).astype(np.uint8)

    def accept(self, id):
        if self.kind == "done":
            return
        self.ids.append(int(id))
        if self.kind in (0, 1):
            self.kind += 1
        elif self.kind == 2:
            self.mirror = int(id) - MIRROR
            self.enter(octree.Level(np.zeros(1, np.int64), np.array([VARIED])))
        elif self.kind == "colour":
            self.level.colours[self.node] = octree.state_of(np.array(int(id)))
            self.seek(self.node + 1)
        elif self.kind == "byte":
            self.level.bytes[self.node] = byte = int(id) - BYTE
            for child in range(8):
                if byte >> child & 1:
                    x, y, z = 2 * self.coords[self.node] + [child >> 2, child >> 1 & 1, child & 1] + 1
                    self.below[x, y, z] = 1
            self.node += 1
            if self.node == len(self.level.keys):
                if len(self.levels) == self.depth:
                    self.kind = "end"
                else:
                    self.enter(self.level.children())
        else:
            self.kind = "done"

    def enter(self, level):
        level.bytes = np.zeros(len(level.keys), np.int64)
        self.levels.append(level)
        self.level, at = level, len(self.levels) - 1
        self.open = level.inherited == VARIED
        self.coords = octree.coordinates(level.keys, at)
        self.ranks = octree.grid(at, self.coords, np.arange(len(level.keys)), 1, -1)
        self.below = np.zeros(((2 << at) + 2,) * 3, np.int8)
        self.seek(0)

    def seek(self, node):
        while node < len(self.level.keys) and not self.open[node]:
            node += 1
        self.kind, self.node = ("colour", node) if node < len(self.level.keys) else ("byte", 0)
