/** Pictures of meshes on the CPU, without a display: a depth buffer, smooth shading, a transparent background. */
import { check, isIntegerIn, isNumberIn, type Options, withDefaults } from "../base/check.js";
import { boundsOf, type Mesh, smoothNormals } from "../tokenizers/octree/mesh.js";

/** How a mesh is looked at. */
export interface View {
  /** Pixels of a side, 1 to 4096. */
  readonly size: number;
  /** Degrees about the vertical: 0 looks at the front (+z), 90 at the right side (+x). */
  readonly azimuth: number;
  /** Degrees above the horizon, -90 to 90. */
  readonly elevation: number;
  /** Samples of a pixel's side, 1 to 4. */
  readonly samples: number;
  /** sRGB of faces without colours of their own, each from 0 to 1. */
  readonly colour: readonly [number, number, number];
}

const DEFAULT_VIEW: View = { size: 256, azimuth: 30, elevation: 25, samples: 2, colour: [0.72, 0.73, 0.76] };

/** 8-bit red, green, blue and alpha (not premultiplied), row by row from the top. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const KEY_LIGHT = unit([-0.45, 0.75, 0.65]);
const FILL_LIGHT = unit([0.8, 0.25, 0.35]);

/** Draws the mesh, fitted into the picture by the ball around its bounding box, so that a turning model does not jump. */
export function rasterise(mesh: Mesh, options: Options<View> = {}): Raster {
  const view = withDefaults("view", DEFAULT_VIEW, options);
  check("view.size", "a size from 1 to 4096", view.size, isIntegerIn(1, 4096));
  check("view.samples", "1 to 4 samples", view.samples, isIntegerIn(1, 4));
  check("view.azimuth", "finite degrees", view.azimuth, Number.isFinite);
  check("view.elevation", "degrees from -90 to 90", view.elevation, isNumberIn(-90, 90));
  const side = view.size * view.samples;
  const camera = cameraOf(mesh, view, side);
  const normals = mesh.normals ?? smoothNormals(mesh);
  const vertices = mesh.positions.length / 3;
  const screen = new Float64Array(mesh.positions.length);
  const shades = new Float32Array(mesh.positions.length);
  for (let v = 0; v < vertices; v++) {
    camera.project(mesh.positions, 3 * v, screen);
    const light = lightOn(camera.turned(normals, 3 * v));
    for (let c = 0; c < 3; c++) shades[3 * v + c] = linear(mesh.colours?.[3 * v + c] ?? view.colour[c]!) * light;
  }
  const depth = new Float64Array(side * side).fill(-Infinity);
  const image = new Float32Array(3 * side * side);
  for (let f = 0; f < mesh.faces.length; f += 3)
    fillTriangle(side, screen, shades, mesh.faces[f]!, mesh.faces[f + 1]!, mesh.faces[f + 2]!, depth, image);
  return resolve(view, image, depth);
}

interface Camera {
  /** Writes pixel column, pixel row and nearness of a vertex. */
  project(positions: Float32Array, at: number, out: Float64Array): void;
  /** A direction as the camera sees it: x right, y up, z towards the camera. */
  turned(vectors: Float32Array, at: number): [number, number, number];
}

function cameraOf(mesh: Mesh, { azimuth, elevation }: View, side: number): Camera {
  const { least, most } = boundsOf(mesh);
  const centre = least.map((low, axis) => (low + most[axis]!) / 2) as [number, number, number];
  const radius = Math.hypot(...least.map((low, axis) => most[axis]! - low)) / 2 || 1;
  const [sa, ca] = [Math.sin((azimuth * Math.PI) / 180), Math.cos((azimuth * Math.PI) / 180)];
  const [se, ce] = [Math.sin((elevation * Math.PI) / 180), Math.cos((elevation * Math.PI) / 180)];
  const turn = (x: number, y: number, z: number): [number, number, number] => {
    const [u, w] = [ca * x - sa * z, sa * x + ca * z];
    return [u, ce * y - se * w, se * y + ce * w];
  };
  const scale = (side * 0.48) / radius;
  return {
    project(positions, at, out) {
      const [x, y, z] = turn(
        positions[at]! - centre[0],
        positions[at + 1]! - centre[1],
        positions[at + 2]! - centre[2],
      );
      out[at] = side / 2 + x * scale;
      out[at + 1] = side / 2 - y * scale;
      out[at + 2] = z * scale;
    },
    turned: (vectors, at) => turn(vectors[at]!, vectors[at + 1]!, vectors[at + 2]!),
  };
}

/** Light from above, a key light and a fill light, in the camera's frame. */
function lightOn(normal: readonly [number, number, number]): number {
  const [, y] = normal;
  const towards = (light: readonly number[]) =>
    Math.max(0, normal[0] * light[0]! + y * light[1]! + normal[2] * light[2]!);
  return 0.28 + 0.12 * y + 0.62 * towards(KEY_LIGHT) + 0.22 * towards(FILL_LIGHT);
}

/** Fills the pixels whose centres lie in a triangle, where nothing nearer was drawn. Both sides are drawn. */
function fillTriangle(
  side: number,
  screen: Float64Array,
  shades: Float32Array,
  a: number,
  b: number,
  c: number,
  depth: Float64Array,
  image: Float32Array,
): void {
  const [ax, ay, bx, by, cx, cy] = [a, b, c].flatMap((v) => [screen[3 * v]!, screen[3 * v + 1]!]) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]; // prettier-ignore
  const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  if (!(Math.abs(area) > 1e-12)) return;
  const left = Math.max(0, Math.ceil(Math.min(ax, bx, cx) - 0.5));
  const right = Math.min(side - 1, Math.floor(Math.max(ax, bx, cx) - 0.5));
  const top = Math.max(0, Math.ceil(Math.min(ay, by, cy) - 0.5));
  const bottom = Math.min(side - 1, Math.floor(Math.max(ay, by, cy) - 0.5));
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const [x, y] = [column + 0.5, row + 0.5];
      const wa = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area;
      const wb = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area;
      const wc = 1 - wa - wb;
      if (wa < -1e-9 || wb < -1e-9 || wc < -1e-9) continue;
      const near = wa * screen[3 * a + 2]! + wb * screen[3 * b + 2]! + wc * screen[3 * c + 2]!;
      const at = row * side + column;
      if (near <= depth[at]!) continue;
      depth[at] = near;
      for (let k = 0; k < 3; k++)
        image[3 * at + k] = wa * shades[3 * a + k]! + wb * shades[3 * b + k]! + wc * shades[3 * c + k]!;
    }
  }
}

/** Averages the samples of each pixel in linear light. */
function resolve({ size, samples }: View, image: Float32Array, depth: Float64Array): Raster {
  const data = new Uint8Array(4 * size * size);
  const side = size * samples;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const sum = [0, 0, 0];
      let covered = 0;
      for (let s = 0; s < samples * samples; s++) {
        const at = (row * samples + Math.floor(s / samples)) * side + column * samples + (s % samples);
        if (depth[at] === -Infinity) continue;
        covered++;
        for (let k = 0; k < 3; k++) sum[k]! += image[3 * at + k]!;
      }
      const out = 4 * (row * size + column);
      if (covered === 0) continue;
      for (let k = 0; k < 3; k++) data[out + k] = Math.round(255 * encoded(sum[k]! / covered));
      data[out + 3] = Math.round((255 * covered) / (samples * samples));
    }
  }
  return { width: size, height: size, data };
}

/** sRGB to linear light and back, by the power of 2.2 that is near enough for a thumbnail. */
const linear = (channel: number) => Math.max(0, channel) ** 2.2;
const encoded = (light: number) => Math.min(1, Math.max(0, light)) ** (1 / 2.2);

function unit([x, y, z]: readonly [number, number, number]): readonly [number, number, number] {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}
