"""Writes test/fixtures/shape-places/case.json: what the recipe says of the places of some streams, which the SDK must say, too.

  python make_places_fixture.py data ../../test/fixtures/shape-places"""
import json
import sys
from pathlib import Path

import numpy as np

from recipe import octree
from recipe.data import Archive

archive, cases = Archive(sys.argv[1], 1), []
for i in (3, 17, 40):
    for depth in (3, 4):
        mirror, levels = octree.parse(archive.streams[i])
        ids, kinds, rows, context = octree.places(mirror, octree.cut(levels, depth))
        bits = np.packbits(context, axis=1)
        cases.append({"ids": ids.tolist(), "kinds": kinds.tolist(), "rows": rows.tolist(), "context": [row.tobytes().hex() for row in bits]})
Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
(Path(sys.argv[2]) / "case.json").write_text(json.dumps(cases, separators=(",", ":")))
