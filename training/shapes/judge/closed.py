"""Whether meshes are solids, by trimesh: closed, manifold, facing outwards, no face without area.   python judge/closed.py FOLDER

Needs trimesh and scipy. Reads the GLB files as they are: nothing is merged or repaired."""
import sys
from pathlib import Path

import numpy as np
import trimesh


def faults(mesh):
    found = []
    if not mesh.is_watertight:
        found.append("open")
    if not mesh.is_winding_consistent:
        found.append("turned faces")
    if not mesh.volume > 0:
        found.append("inside out")
    if any(part.volume <= 0 for part in mesh.split(only_watertight=False)):
        found.append("a part inside out")
    if not mesh.nondegenerate_faces().all() or not (mesh.area_faces > 0).all():
        found.append("degenerate faces")
    if pinched(mesh):
        found.append("pinched vertices")
    return found


def pinched(mesh):
    """Vertices whose faces are not one fan: corners of neighbouring faces are joined where they share an edge."""
    corner = lambda faces, vertices: 3 * faces + (mesh.faces[faces] == vertices[:, None]).argmax(1)
    (one, other), edges = mesh.face_adjacency.T, mesh.face_adjacency_edges
    joined = np.concatenate([np.stack([corner(one, v), corner(other, v)], 1) for v in edges.T])
    labels = trimesh.graph.connected_component_labels(joined, node_count=3 * len(mesh.faces))
    return len(np.unique(labels)) - len(np.unique(mesh.faces))


def main():
    files, wrong, empty = sorted(Path(sys.argv[1]).glob("*.glb")), 0, 0
    for file in files:
        scene = trimesh.load(file, process=False)
        if not scene.geometry:
            empty += 1
            continue
        mesh, = scene.geometry.values()
        found = faults(mesh)
        if found:
            wrong += 1
            print(f"{file.name}: {', '.join(found)}")
    print(f"{len(files)} meshes: {wrong} with faults, {empty} empty")
    sys.exit(wrong + empty > 0)


if __name__ == "__main__":
    main()
