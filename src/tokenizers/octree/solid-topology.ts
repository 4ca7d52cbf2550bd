/** The topology of a solid of voxels, counted without making its surface. */

export interface SolidTopology {
  /** Parts that are joined by faces of voxels. */
  readonly pieces: number;
  /** Euler number of the whole surface: for each piece 2 - 2·genus. */
  readonly euler: number;
}

/** Counts a solid that `closeSolid` leaves as it is. */
export function topologyOfSolid(depth: number, solid: Uint8Array): SolidTopology {
  const R = 1 << depth;
  const S = R + 1;
  const seen = new Uint8Array(solid.length);
  const corners = new Uint8Array(S ** 3); // those of faces between solid and empty voxels
  let [pieces, faces, vertices] = [0, 0, 0];
  const addFace = (place: readonly number[], axis: number, way: number) => {
    faces++;
    for (let corner = 0; corner < 4; corner++) {
      const at = [...place] as [number, number, number];
      if (way === 1) at[axis]!++;
      at[(axis + 1) % 3]! += corner >> 1;
      at[(axis + 2) % 3]! += corner & 1;
      const vertex = (at[0] * S + at[1]) * S + at[2];
      if (!corners[vertex]) vertices++;
      corners[vertex] = 1;
    }
  };
  const stack: number[] = [];
  for (let first = 0; first < solid.length; first++) {
    if (!solid[first] || seen[first]) continue;
    pieces++;
    seen[first] = 1;
    stack.push(first);
    for (let voxel = stack.pop(); voxel !== undefined; voxel = stack.pop()) {
      const place = [Math.floor(voxel / (R * R)), Math.floor(voxel / R) % R, voxel % R];
      for (const [axis, stride] of [R * R, R, 1].entries()) {
        for (const way of [-1, 1]) {
          const [next, other] = [place[axis]! + way, voxel + way * stride];
          if (next < 0 || next >= R || !solid[other]) addFace(place, axis, way);
          else if (!seen[other]) {
            seen[other] = 1;
            stack.push(other);
          }
        }
      }
    }
  }
  return { pieces, euler: vertices - faces }; // a face has four edges, and an edge two faces: V - 2F + F
}
