"""Streams of shape ids as arrays: levels, what stands at each place, and what is known around it. The grammar is that of
src/tokenizers/octree/walk.ts and the places are those of src/core/octree/places.ts; a test compares them."""
import numpy as np

PALETTE, UNCOLOURED, VARIED = 32, 32, 33          # colour states
PAD, BEGIN, END, DEPTH, MIRROR, PROFILE = 0, 1, 2, 3, 11, 19
UNCOLOURED_ID, VARIED_ID, PALETTE_ID, BYTE = 21, 22, 23, 55
VOCABULARY = 375

HEADER_KINDS, COLOUR_KIND, BYTE_KIND, END_KIND, KINDS = 3, 3, 11, 19, 20   # rows of the table of kinds: colour and byte by level
NOWHERE, ROWS = 255, 256                          # rows of the tables of axes: 2^level - 1 + coordinate; headers are nowhere
CELLS = np.array([(x, y, z) for x in range(-1, 3) for y in range(-1, 3) for z in range(-1, 3)
                  if not all(0 <= c <= 1 for c in (x, y, z))])             # around the 2 x 2 x 2 children of a node
AROUND = np.array([(x, y, z) for x in range(-1, 2) for y in range(-1, 2) for z in range(-1, 2) if (x, y, z) != (0, 0, 0)])
CONTEXT = 2 * len(CELLS) + VARIED + 1             # occupied, undecided; colours


def coordinates(keys, level):
    """[n, 3] of Morton keys: bit i of x, y, z stands at bit 3i+2, 3i+1, 3i."""
    out = np.zeros((len(keys), 3), np.int64)
    for i in range(level):
        for axis in range(3):
            out[:, axis] |= ((keys >> (3 * i + 2 - axis)) & 1) << i
    return out


def state_of(ids):
    return np.where(ids == UNCOLOURED_ID, UNCOLOURED, np.where(ids == VARIED_ID, VARIED, ids - PALETTE_ID))


def id_of(state):
    return np.where(state == UNCOLOURED, UNCOLOURED_ID, np.where(state == VARIED, VARIED_ID, state + PALETTE_ID))


class Level:
    def __init__(self, keys, inherited):
        self.keys, self.inherited = keys, inherited   # colour states as the parents leave them
        self.colours, self.bytes = inherited.copy(), None

    def children(self):
        bits = (self.bytes[:, None] >> np.arange(8)) & 1 == 1
        return Level((self.keys[:, None] * 8 + np.arange(8))[bits], np.repeat(self.colours, bits.sum(1)))


def parse(ids):
    """(mirror, levels) of a whole stream of profile "shell"."""
    depth, levels, at = int(ids[0]) - DEPTH + 1, [], 3
    level = Level(np.zeros(1, np.int64), np.array([VARIED]))
    for _ in range(depth):
        open_ = level.inherited == VARIED
        level.colours[open_] = state_of(ids[at:at + open_.sum()])
        at += open_.sum()
        level.bytes = ids[at:at + len(level.keys)].astype(np.int64) - BYTE
        at += len(level.keys)
        levels.append(level)
        level = level.children()
    assert ids[at] == END and at + 1 == len(ids)
    return int(ids[2]) - MIRROR, levels


def cut(levels, depth):
    """The same shape, coarser: the last level's colours, which may not be varied, become the most frequent below."""
    if depth == len(levels):
        return levels
    kept = levels[:depth]
    last, below = kept[-1], levels[depth]
    votes = np.zeros((len(last.keys), VARIED + 1), np.int64)
    owner = np.repeat(np.arange(len(last.keys)), ((last.bytes[:, None] >> np.arange(8)) & 1).sum(1))
    weight = ((below.bytes[:, None] >> np.arange(8)) & 1).sum(1)
    for state in np.unique(below.colours):
        np.add.at(votes[:, state], owner[below.colours == state], weight[below.colours == state])
    votes[:, VARIED] = 0
    varied = last.colours == VARIED
    coarse = Level(last.keys, last.inherited)
    coarse.bytes = last.bytes
    coarse.colours = np.where(varied, votes.argmax(1), last.colours)
    return kept[:-1] + [coarse]


def grid(level, coords, values, margin, empty):
    """A dense grid of a level with a margin on all sides."""
    side = (1 << level) + 2 * margin
    out = np.full((side,) * 3, empty, np.int64)
    out[tuple((coords + margin).T)] = values
    return out


def known_around(level_index, coords, before, below):
    """[n, 112]: for the cells around the children of each node, whether they are occupied, and whether that is still undecided:
    their parents are occupied and come at `before` or later. `below`: coordinates of the next level, or None if nothing is decided."""
    ranks = grid(level_index, coords, np.arange(len(coords)), 1, -1)
    owners = coords[:, None] + np.floor_divide(CELLS, 2)
    rank = ranks[tuple((owners + 1).transpose(2, 0, 1))]
    undecided = rank >= before[:, None]
    occupied = np.zeros_like(undecided)
    if below is not None:
        cells = grid(level_index + 1, below, 1, 1, 0)
        occupied = (cells[tuple((2 * coords[:, None] + CELLS + 1).transpose(2, 0, 1))] == 1) & ~undecided
    return np.concatenate([occupied, undecided], 1).astype(np.uint8)


def places(mirror, levels):
    """(ids, kinds, rows [n, 3], context [n, CONTEXT]) of a stream, of profile "shell": what stands there, and what is known before it."""
    depth = len(levels)
    ids, kinds = [[DEPTH + depth - 1, PROFILE, MIRROR + mirror]], [[0, 1, 2]]
    rows, context = [np.full((3, 3), NOWHERE)], [np.zeros((3, CONTEXT), np.uint8)]
    for at, level in enumerate(levels):
        coords = coordinates(level.keys, at)
        own_rows = (1 << at) - 1 + coords
        count = np.arange(len(coords))
        open_ = level.inherited == VARIED
        if open_.any():
            near = known_around(at, coords, np.zeros(len(coords), np.int64), None)[open_]
            states = grid(at, coords, level.colours, 1, -1)
            known = grid(at, coords, np.where(open_, count, -1), 1, 1 << 60)
            cells = tuple((coords[open_][:, None] + AROUND + 1).transpose(2, 0, 1))
            seen = (known[cells] < count[open_][:, None]) & (states[cells] >= 0)
            colours = np.zeros((open_.sum(), VARIED + 1), np.uint8)
            node, cell = np.nonzero(seen)
            colours[node, states[cells][node, cell]] = 1
            ids.append(id_of(level.colours[open_]))
            kinds.append(np.full(open_.sum(), COLOUR_KIND + at))
            rows.append(own_rows[open_])
            context.append(np.concatenate([near, colours], 1))
        near = known_around(at, coords, count, coordinates(level.children().keys, at + 1))
        colours = (level.colours[:, None] == np.arange(VARIED + 1)).astype(np.uint8)
        ids.append(level.bytes + BYTE)
        kinds.append(np.full(len(coords), BYTE_KIND + at))
        rows.append(own_rows)
        context.append(np.concatenate([near, colours], 1))
    return tuple(np.concatenate(x) for x in (ids, kinds, rows, context))


def voxels(mirror, levels):
    """[R, R, R] colour states of the shell, -1 where there is none."""
    depth = len(levels)
    last = levels[-1].children()
    out = grid(depth, coordinates(last.keys, depth), last.inherited, 0, -1)
    for axis in range(3):
        if mirror >> (2 - axis) & 1:
            out = np.maximum(out, np.flip(out, axis))
    return out
