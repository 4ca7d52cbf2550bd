/** Signed distances of simple solids, negative inside, and what is made of them. Distances may be lower bounds; their signs are exact. */

export type Point = readonly [x: number, y: number, z: number];

/** A solid and a box that holds it. */
export interface Solid {
  readonly distance: (x: number, y: number, z: number) => number;
  readonly least: Point;
  readonly most: Point;
}

const { abs, max, min, hypot, cos, sin, PI } = Math;

/** A box by its centre and its three sizes, edges rounded by `round`. */
export function box([cx, cy, cz]: Point, [sx, sy, sz]: Point, round = 0): Solid {
  const [hx, hy, hz] = [sx / 2 - round, sy / 2 - round, sz / 2 - round];
  return {
    distance: (x, y, z) => {
      const [dx, dy, dz] = [abs(x - cx) - hx, abs(y - cy) - hy, abs(z - cz) - hz];
      return hypot(max(dx, 0), max(dy, 0), max(dz, 0)) + min(max(dx, dy, dz), 0) - round;
    },
    least: [cx - sx / 2, cy - sy / 2, cz - sz / 2],
    most: [cx + sx / 2, cy + sy / 2, cz + sz / 2],
  };
}

/** A box that stands on `bottom`, the middle of its lower side. */
export const block = ([x, y, z]: Point, [sx, sy, sz]: Point, round = 0) => box([x, y + sy / 2, z], [sx, sy, sz], round);

/** A ball or an ellipsoid by centre and radii. */
export function ellipsoid([cx, cy, cz]: Point, [rx, ry, rz]: Point): Solid {
  return {
    distance: (x, y, z) => (hypot((x - cx) / rx, (y - cy) / ry, (z - cz) / rz) - 1) * min(rx, ry, rz),
    least: [cx - rx, cy - ry, cz - rz],
    most: [cx + rx, cy + ry, cz + rz],
  };
}

export const ball = (centre: Point, radius: number) => ellipsoid(centre, [radius, radius, radius]);

/** A frustum from `a` (radius ra) to `b` (radius rb): a cylinder where both are equal, a cone where one is 0. */
export function rod(a: Point, b: Point, ra: number, rb = ra): Solid {
  const d: Point = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
  const length = hypot(...d);
  const u: Point = [d[0] / length, d[1] / length, d[2] / length];
  const reach = (axis: 0 | 1 | 2, r: number) => r * Math.sqrt(max(0, 1 - u[axis] * u[axis]));
  const lower = (i: 0 | 1 | 2) => min(a[i] - reach(i, ra), b[i] - reach(i, rb));
  const upper = (i: 0 | 1 | 2) => max(a[i] + reach(i, ra), b[i] + reach(i, rb));
  return {
    distance: (x, y, z) => {
      const [px, py, pz] = [x - a[0], y - a[1], z - a[2]];
      const t = px * u[0] + py * u[1] + pz * u[2];
      const r = hypot(px - t * u[0], py - t * u[1], pz - t * u[2]);
      return max(-t, t - length, r - (ra + ((rb - ra) * t) / length));
    },
    least: [lower(0), lower(1), lower(2)],
    most: [upper(0), upper(1), upper(2)],
  };
}

/** A rod with round ends. */
export function capsule(a: Point, b: Point, ra: number, rb = ra): Solid {
  const d: Point = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
  const square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
  return {
    distance: (x, y, z) => {
      const along = ((x - a[0]) * d[0] + (y - a[1]) * d[1] + (z - a[2]) * d[2]) / (square || 1);
      const t = min(1, max(0, along));
      return hypot(x - a[0] - t * d[0], y - a[1] - t * d[1], z - a[2] - t * d[2]) - (ra + (rb - ra) * t);
    },
    least: [min(a[0] - ra, b[0] - rb), min(a[1] - ra, b[1] - rb), min(a[2] - ra, b[2] - rb)],
    most: [max(a[0] + ra, b[0] + rb), max(a[1] + ra, b[1] + rb), max(a[2] + ra, b[2] + rb)],
  };
}

/** A square beam from a to b, `wide` in x and z. For legs that splay. */
export function beam(a: Point, b: Point, wide: number, wideEnd = wide): Solid {
  const [low, high, wl, wh] = a[1] < b[1] ? [a, b, wide, wideEnd] : [b, a, wideEnd, wide];
  return {
    distance: (x, y, z) => {
      const t = min(1, max(0, (y - low[1]) / (high[1] - low[1])));
      const half = (wl + (wh - wl) * t) / 2;
      const dx = abs(x - low[0] - t * (high[0] - low[0])) - half;
      const dz = abs(z - low[2] - t * (high[2] - low[2])) - half;
      return max(dx, dz, low[1] - y, y - high[1]);
    },
    least: [min(a[0] - wide / 2, b[0] - wideEnd / 2), low[1], min(a[2] - wide / 2, b[2] - wideEnd / 2)],
    most: [max(a[0] + wide / 2, b[0] + wideEnd / 2), high[1], max(a[2] + wide / 2, b[2] + wideEnd / 2)],
  };
}

/** A ring around an axis: 0 x, 1 y, 2 z. */
export function torus([cx, cy, cz]: Point, large: number, small: number, axis: 0 | 1 | 2 = 1): Solid {
  const reach: [number, number, number] = [large + small, large + small, large + small];
  reach[axis] = small;
  return {
    distance: (x, y, z) => {
      const p = [x - cx, y - cy, z - cz];
      const h = p[axis]!;
      const r = hypot(p[(axis + 1) % 3]!, p[(axis + 2) % 3]!);
      return hypot(r - large, h) - small;
    },
    least: [cx - reach[0], cy - reach[1], cz - reach[2]],
    most: [cx + reach[0], cy + reach[1], cz + reach[2]],
  };
}

/** A body of revolution around the vertical through (cx, cz): radius as a function of height, from y0 to y1. */
export function turned([cx, y0, cz]: Point, y1: number, radius: (y: number) => number): Solid {
  let widest = 0;
  for (let i = 0; i <= 64; i++) widest = max(widest, radius(y0 + ((y1 - y0) * i) / 64));
  return {
    distance: (x, y, z) => max(y0 - y, y - y1, hypot(x - cx, z - cz) - radius(min(y1, max(y0, y)))),
    least: [cx - widest, y0, cz - widest],
    most: [cx + widest, y1, cz + widest],
  };
}

/** A polygon of the plane of `axes`, extruded along the third axis from `from` to `to`. Vertices in order, either way round. */
export function prism(polygon: readonly (readonly [number, number])[], from: number, to: number, along: 0 | 1 | 2 = 2): Solid {
  const [u, v] = along === 2 ? [0, 1] : along === 1 ? [0, 2] : [2, 1];
  const least: [number, number, number] = [0, 0, 0];
  const most: [number, number, number] = [0, 0, 0];
  least[along] = from;
  most[along] = to;
  for (const [k, axis] of [u, v].entries()) {
    least[axis] = min(...polygon.map((p) => p[k]!));
    most[axis] = max(...polygon.map((p) => p[k]!));
  }
  return {
    distance: (x, y, z) => {
      const p = [x, y, z];
      return max(from - p[along]!, p[along]! - to, inPolygon(polygon, p[u]!, p[v]!) ? -1e-3 : 1e-3);
    },
    least,
    most,
  };
}

function inPolygon(polygon: readonly (readonly [number, number])[], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i]!;
    const [xj, yj] = polygon[j]!;
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** What is in the first and in none of the others. */
export function without(solid: Solid, ...cuts: readonly Solid[]): Solid {
  return { ...solid, distance: (x, y, z) => cuts.reduce((d, cut) => max(d, -cut.distance(x, y, z)), solid.distance(x, y, z)) };
}

/** What is in all of them. */
export function common(solid: Solid, ...others: readonly Solid[]): Solid {
  const all = [solid, ...others];
  const side = (pick: (s: Solid) => Point, of: (...n: number[]) => number): Point => {
    const [x, y, z] = [0, 1, 2].map((i) => of(...all.map((s) => pick(s)[i]!)));
    return [x!, y!, z!];
  };
  return {
    distance: (x, y, z) => all.reduce((d, s) => max(d, s.distance(x, y, z)), -Infinity),
    least: side((s) => s.least, max),
    most: side((s) => s.most, min),
  };
}

/** Turned about an axis (0 x, 1 y, 2 z) by an angle in degrees, around a point. */
export function rotated(solid: Solid, axis: 0 | 1 | 2, degrees: number, [cx, cy, cz]: Point = [0, 0, 0]): Solid {
  const [c, s] = [cos((degrees * PI) / 180), sin((degrees * PI) / 180)];
  const [u, v] = [(axis + 1) % 3, (axis + 2) % 3] as [0 | 1 | 2, 0 | 1 | 2];
  const centre = [cx, cy, cz];
  const turn = (p: number[], sign: number) => {
    const [a, b] = [p[u]! - centre[u]!, p[v]! - centre[v]!];
    p[u] = centre[u]! + a * c - b * s * sign;
    p[v] = centre[v]! + a * s * sign + b * c;
    return p;
  };
  const least = [Infinity, Infinity, Infinity];
  const most = [-Infinity, -Infinity, -Infinity];
  for (let corner = 0; corner < 8; corner++) {
    const p = turn([0, 1, 2].map((i) => ((corner >> i) & 1 ? solid.most : solid.least)[i]!), 1);
    for (let i = 0; i < 3; i++) {
      least[i] = min(least[i]!, p[i]!);
      most[i] = max(most[i]!, p[i]!);
    }
  }
  return {
    distance: (x, y, z) => {
      const p = turn([x, y, z], -1);
      return solid.distance(p[0]!, p[1]!, p[2]!);
    },
    least: least as unknown as Point,
    most: most as unknown as Point,
  };
}

/** Its mirror image at the plane x = 0. */
export function mirrored({ distance, least, most }: Solid): Solid {
  return {
    distance: (x, y, z) => distance(-x, y, z),
    least: [-most[0], least[1], least[2]],
    most: [-least[0], most[1], most[2]],
  };
}

/** Points on a circle of the ground, the first at the front (+z). */
export const around = (count: number, radius: number, start = 0): Point[] =>
  Array.from({ length: count }, (_, i) => {
    const angle = start + (2 * PI * i) / count;
    return [radius * sin(angle), 0, radius * cos(angle)];
  });
