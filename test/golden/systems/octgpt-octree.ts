/** The system "octgpt", cases of octrees alone: keys, children, neighbours, features and split bits of points. */
import {
  shapeKey,
  neighboursOf,
  pointFeatures,
  pointOctree,
  splitSequence,
} from "../../../src/tokenizers/octree/point-octree.js";
import { type GoldenCase, readTensors, wordsOf } from "../case.js";
import type { Comparison, Numbers } from "../compare.js";
import { judge } from "../judge.js";

export async function* octgptOctree(folder: string, golden: GoldenCase): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const floats = (name: string) => io.get(name)!.data as Float32Array;
  const { depth, full_depth: fullDepth } = golden.config as { readonly depth: number; readonly full_depth: number };
  const cloud = { points: floats("in.points"), normals: floats("in.normals"), shapes: io.get("in.batch_id")!.data };
  const octree = pointOctree(cloud, depth, fullDepth);
  const { means, normals, features } = pointFeatures(cloud, octree);
  const split = octree.children.map((of) => of.reduce((count, child) => count + (child >= 0 ? 1 : 0), 0));
  const keys = (of: ArrayLike<number>): Numbers => ({ shape: [of.length, 2], data: wordsOf(Array.from(of, BigInt)) });
  const whole = (of: ArrayLike<number>): Numbers => ({ shape: [of.length], data: Int32Array.from(of) });
  // The list names what there is one of for each depth without its prefix.
  const tensors = Object.fromEntries(
    Object.entries(golden.tensors).map(([name, about]) => [name.includes(".") ? name : `out.${name}`, about]),
  );
  yield* judge(
    { ...golden, tensors },
    io,
    [...io.keys()].filter((name) => name.startsWith("in.")),
    (name, expected) => {
      const [, what, of] = /^out\.(.+?)_?(\d*)$/.exec(name)!;
      switch (what) {
        case "table_key": {
          const [xyz, shapes] = [io.get("in.table_xyz")!.data, io.get("in.table_batch")!.data];
          return keys(Array.from(shapes, (shape, i) => shapeKey(shape, xyz[3 * i]!, xyz[3 * i + 1]!, xyz[3 * i + 2]!)));
        }
        case "nnum":
          return whole(octree.keys.map(({ length }) => length));
        case "nnum_nempty":
          return whole(split);
        case "keys":
          return keys(octree.keys[Number(of)]!);
        case "children":
          return whole(octree.children[Number(of)]!);
        case "feature_ND":
          return { shape: [features.length / 4, 4], data: features };
        case "mean_points":
          return { shape: [means.length / 3, 3], data: means };
        case "mean_normals":
          return { shape: [normals.length / 3, 3], data: normals };
        case "neigh":
          return { shape: expected.shape, data: neighboursOf(octree, Number(of)).slice(0, expected.data.length) };
        case "split_sequence":
          return whole(splitSequence(octree));
        default:
          return undefined;
      }
    },
  );
}
