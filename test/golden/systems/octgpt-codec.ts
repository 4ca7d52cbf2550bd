/** The system "octgpt": layers on dual graphs, and the autoencoder of shapes, against the authors' own code. */
import type { Engine } from "../../../src/engine/engine.js";
import { GraphBuilder } from "../../../src/engine/graph.js";
import { type FloatTensor, f32, type Tensor, tensor } from "../../../src/engine/tensor.js";
import {
  codeDepthOf,
  fullDepthOf,
  parseShapeCodecConfig,
  type ShapeCodecConfig,
} from "../../../src/tokenizers/octgpt/config.js";
import { countsOf, graphFeeds, mergeFeeds, sparseFeeds, splitFeeds } from "../../../src/tokenizers/octgpt/feeds.js";
import {
  graphBlock,
  graphConvolution,
  graphDownsample,
  type GraphNodes,
  graphUpsample,
} from "../../../src/tokenizers/octgpt/graph-convolution.js";
import { encoderGraph } from "../../../src/tokenizers/octgpt/graphs.js";
import { marchingCubes } from "../../../src/tokenizers/octgpt/marching-cubes.js";
import { NeuralMpu } from "../../../src/tokenizers/octgpt/neural-mpu.js";
import { rowNorm } from "../../../src/tokenizers/octgpt/row-norm.js";
import {
  type DecodedDepth,
  openShapeCodec,
  type ShapeCode,
  splitBits,
} from "../../../src/tokenizers/octgpt/shape-codec.js";
import { dualGraph } from "../../../src/tokenizers/octree/dual-graph.js";
import { boundsOf } from "../../../src/tokenizers/octree/mesh.js";
import {
  type PointCloud,
  pointFeatures,
  type PointOctree,
  pointOctree,
  shapeCell,
} from "../../../src/tokenizers/octree/point-octree.js";
import { type GoldenCase, openWeights, readTensors, wordsOf } from "../case.js";
import { type Comparison, compare, type Numbers } from "../compare.js";
import { judge, type Tensors } from "../judge.js";
import { tapped } from "./tapped.js";

/** The list names what there is one of for each depth or block without its prefix. */
export const listed = (golden: GoldenCase): GoldenCase => ({
  ...golden,
  tensors: Object.fromEntries(
    Object.entries(golden.tensors).map(([name, about]) => [/^(in|out)\./.test(name) ? name : `*.${name}`, about]),
  ),
});

export const inputsOf = (io: Tensors): string[] => [...io.keys()].filter((name) => name.startsWith("in."));

/** The points of each shape of a case. */
export function cloudsOf(io: Tensors): PointCloud[] {
  const floats = (name: string) => io.get(name)!.data as Float32Array;
  const [points, normals, shapes] = [floats("in.points"), floats("in.normals"), io.get("in.batch_id")!.data];
  return Array.from({ length: Math.max(...shapes) + 1 }, (_, shape) => {
    const own = (of: Float32Array) => of.filter((_, i) => shapes[Math.floor(i / 3)] === shape);
    return { points: own(points), normals: own(normals), shapes: new Uint8Array(own(points).length / 3) };
  });
}

/** Layers on the graph of the last depth. Shapes are computed one by one; the case has their rows together. */
export async function* octgptGraph(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const sizes = golden.config as Readonly<Record<"depth" | "full_depth" | "cin" | "cout" | "n_node_type", number>>;
  const { depth, full_depth: fullDepth, cin, cout, n_node_type: types } = sizes;
  const cloud = {
    points: io.get("in.points")!.data as Float32Array,
    normals: io.get("in.normals")!.data as Float32Array,
  };
  const merged = pointOctree({ ...cloud, shapes: io.get("in.batch_id")!.data }, depth, fullDepth);
  const [fine, coarse] = [dualGraph(merged, depth), dualGraph(merged, depth - 1)];
  const rowsOf = (keys: Float64Array, shape: number) =>
    Array.from(keys.keys()).filter((row) => shapeCell(keys[row]!).shape === shape);
  const answers = new Map<string, Float32Array>();
  for (const [shape, own] of cloudsOf(io).entries()) {
    const octree = pointOctree(own, depth, fullDepth);
    const rows = { fine: rowsOf(fine.keys, shape), coarse: rowsOf(coarse.keys, shape) };
    const part = (name: string, some: readonly number[]) => {
      const { data } = io.get(name)!;
      return f32(
        [some.length, cin],
        some.flatMap((row) => [...data.subarray(cin * row, cin * (row + 1))]),
      );
    };
    const feeds = {
      ...graphFeeds(octree, depth, types),
      ...mergeFeeds(octree, depth),
      ...splitFeeds(octree, depth - 1),
      x: part("in.x", rows.fine),
      coarse: part("in.x_coarse", rows.coarse),
    };
    const found = await tapped(
      engine,
      weights,
      (g, tap) => {
        const graph = graphInputs(g, feeds, depth, depth - fullDepth);
        const x = g.input("x", feeds.x.shape);
        const [children, own] = inputs(g, feeds, `children.${depth - 1}`, `merged.${depth - 1}`);
        const [leaves, split] = inputs(g, feeds, `leaves.${depth - 1}`, `split.${depth - 1}`);
        const conv = tap("conv", graphConvolution(g, "conv", x, graph, cout));
        tap("conv_norm", rowNorm(g, "norm.norm", conv));
        tap(
          "block",
          graphBlock(g, "block", x, graph, cin / weights.entries.get("block.conva.conv.weights")!.shape[1]!),
        );
        tap("down", graphDownsample(g, "down", x, { children: children!, rows: own! }, cout));
        tap(
          "up",
          graphUpsample(g, "up", g.input("coarse", feeds.coarse.shape), { leaves: leaves!, split: split! }, cout),
        );
      },
      feeds,
    );
    for (const [name, { shape, data }] of Object.entries(found)) {
      const C = shape[1]!;
      const where = name === "down" ? rows.coarse : rows.fine;
      const all = answers.get(name) ?? new Float32Array((name === "down" ? coarse : fine).keys.length * C);
      for (const [i, row] of where.entries()) all.set((data as Float32Array).subarray(C * i, C * (i + 1)), C * row);
      answers.set(name, all);
    }
  }
  yield* judge(listed(golden), io, inputsOf(io), (name, { shape }) => {
    const what = name.slice("out.".length);
    const computed = answers.get(what);
    if (computed) return { shape, data: computed };
    const whole = (of: ArrayLike<number>): Numbers => ({ shape: [of.length], data: Int32Array.from(of) });
    switch (what) {
      case "edges":
        return { shape: [fine.edges.length / 3, 3], data: fine.edges };
      case "node_key": {
        const keys = Array.from(fine.keys, (key, row) => BigInt(key) | (BigInt(fine.depths[row]!) << 58n));
        return { shape: [keys.length, 2], data: wordsOf(keys) };
      }
      case "node_depth":
        return whole(fine.depths);
      case "node_batch":
        return whole(Array.from(fine.keys, (key) => shapeCell(key).shape));
      case "node_child":
        return whole(fine.children);
      case "octree_mask": {
        const flags = merged.children.flatMap((of, d) =>
          d < fullDepth ? [] : Array.from(of, (child) => Number(d === depth || child < 0)),
        );
        return { shape: [flags.length], data: Uint8Array.from(flags) };
      }
      default:
        return undefined;
    }
  });
}

const inputs = (g: GraphBuilder, feeds: Readonly<Record<string, Tensor>>, ...names: readonly string[]) =>
  names.map((name) => g.input(name, feeds[name]!.shape, feeds[name]!.data instanceof Float32Array ? "f32" : "i32"));

function graphInputs(
  g: GraphBuilder,
  feeds: Readonly<Record<string, Tensor>>,
  depth: number,
  height: number,
): GraphNodes {
  const [types, slots] = inputs(g, feeds, `types.${depth}`, `slots.${depth}`);
  const sums = Array.from({ length: height }, (_, i) => {
    const [rows, shares] = inputs(g, feeds, `sums.${depth}.${i}`, `shares.${depth}.${i}`);
    return { rows: rows!, shares: shares! };
  });
  return { types: types!, slots: slots!, sums };
}

/** The autoencoder of a case in our names. */
export function codecConfig({ config }: GoldenCase): ShapeCodecConfig {
  const tower = (channels: unknown) => ({ channels, blocks: (channels as readonly number[]).map(() => 1) });
  return parseShapeCodecConfig({
    ...{ depth: config.depth, bits: config.bits, bottleneck: config.bottleneck, nodeTypes: config.n_node_type },
    ...{ encoder: tower(config.enc), graphEncoder: tower(config.de), graphDecoder: tower(config.dd) },
    ...{ headWidth: config.head_channel, pointsScale: 1 },
  });
}

export async function* octgptCodec(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const config = codecConfig(golden);
  const { depth, bits } = config;
  const [codeDepth, fullDepth] = [codeDepthOf(config), fullDepthOf(config)];
  await using weights = await openWeights(folder);
  await using codec = await openShapeCodec(engine, config, weights);
  const shapes = await Promise.all(
    cloudsOf(io).map(async (cloud) => {
      const octree = pointOctree(cloud, depth, fullDepth);
      const { features } = pointFeatures(cloud, octree);
      const inside = await insideEncoder(engine, config, weights, {
        features: tensor([features.length / 4, 4], features),
        ...sparseFeeds(octree, codeDepth),
      });
      const code: ShapeCode = await codec.encode(cloud.points, cloud.normals);
      const taught = await all(codec.decode(code, octree));
      return { octree, inside, code, taught, made: await all(codec.decode(code)) };
    }),
  );
  const fields = (of: (shape: (typeof shapes)[number]) => DecodedDepth) => {
    const own = shapes.map((shape) => new NeuralMpu(of(shape).octree, of(shape).signals));
    const [query, which] = [io.get("in.query")!.data, io.get("in.query_batch")!.data];
    return f32(
      [which.length],
      Array.from(which, (shape, i) => own[shape]!.at(query[3 * i]!, query[3 * i + 1]!, query[3 * i + 2]!)),
    );
  };
  const joined = (parts: readonly FloatTensor[]): FloatTensor =>
    f32(
      [parts.reduce((sum, { shape }) => sum + shape[0]!, 0), ...parts[0]!.shape.slice(1)],
      parts.flatMap(({ data }) => [...data]),
    );
  const { grid } = golden.config as { readonly grid: number };
  const step = 1.8 / grid;
  const finest = shapes[0]!.made.at(-1)!;
  const field = new NeuralMpu(finest.octree, finest.signals).grid({ points: grid, least: -0.9, step });
  const surface = marchingCubes(field, grid, 0.002);
  const { least, most } = boundsOf({ positions: surface.positions.map((p) => p * step - 0.9) });

  yield* judgedApart(golden, io, (name, { shape }) => {
    const [, what, at, part] = /^out\.(.+?)(?:_(\d+))?(_tail|_head)?$/.exec(name)!;
    const level = Number(at) - codeDepth;
    switch (what) {
      case "enc_conv1":
        return leading(joined(shapes.map(({ inside }) => inside["encoder.conv1"] as FloatTensor)), shape);
      case "enc_down0":
        return leading(joined(shapes.map(({ inside }) => inside["encoder.downsample.0"] as FloatTensor)), shape);
      case "code":
        return joined(shapes.map(({ inside }) => inside.codes as FloatTensor));
      case "bits":
        return { shape, data: Int32Array.from(shapes.flatMap(({ code }) => [...code.bits])) };
      case "zq_row0":
        return f32(
          [bits],
          Array.from(shapes[0]!.code.bits.subarray(0, bits), (bit) => (2 * bit - 1) / Math.sqrt(bits)),
        );
      case "teacher_logits":
        return joined(shapes.map(({ taught }) => taught[level]!.split));
      case "gen_logits":
        return leading(joined(shapes.map(({ made }) => made[level]!.split)), shape);
      case "teacher_signal": {
        const own = joined(shapes.map(({ taught }) => signalsAtDepth(taught[level]!)));
        return part === "_tail" ? f32(shape, own.data.subarray(own.data.length - 4 * shape[0]!)) : own;
      }
      case "teacher_sdf":
        return fields(({ taught }) => taught[level]!);
      case "gen_nnum": {
        const counts = (octree: PointOctree) => octree.keys.map(({ length }) => length);
        const sums = counts(finest.octree).map((_, d) =>
          shapes.reduce((sum, { made }) => sum + counts(made.at(-1)!.octree)[d]!, 0),
        );
        return { shape, data: Int32Array.from(sums) };
      }
      case "gen_split":
        return { shape, data: Int32Array.from(shapes.flatMap(({ made }) => [...splitBits(made[level]!.split)])) };
      case "gen_sdf":
        return fields(({ made }) => made.at(-1)!);
      case "grid_sdf":
        return tensor([grid, grid, grid], field);
      case "mesh_counts":
        return { shape, data: Int32Array.of(surface.positions.length / 3, surface.faces.length / 3) };
      case "mesh_bounds":
        return f32([2, 3], [...least, ...most]);
      default:
        return undefined;
    }
  });
}

/** Mesh counts may differ by a hundredth, for tables of marching cubes differ where corners are ambiguous. */
function* judgedApart(
  golden: GoldenCase,
  io: Tensors,
  answer: (name: string, expected: Numbers) => Numbers | undefined,
): Iterable<Comparison> {
  const counts = "out.mesh_counts";
  yield* judge(listed(golden), io, [...inputsOf(io), counts], answer);
  const expected = io.get(counts)!;
  const floats = (of: Numbers) => f32(of.shape, of.data);
  yield compare(counts, floats(answer(counts, expected)!), floats(expected), { abs: 0, rel: 0.01 });
}

const signalsAtDepth = ({ octree, signals }: DecodedDepth): FloatTensor => {
  const { coarser } = countsOf(octree, octree.depth);
  return f32([signals.shape[0]! - coarser, 4], signals.data.subarray(4 * coarser));
};

/** The leading rows. */
const leading = ({ data }: FloatTensor, shape: readonly number[]): Numbers =>
  f32(
    shape,
    data.subarray(
      0,
      shape.reduce((a, b) => a * b, 1),
    ),
  );

async function insideEncoder(
  engine: Engine,
  config: ShapeCodecConfig,
  weights: Parameters<Engine["compile"]>[1],
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, Tensor>>> {
  const values: Parameters<GraphBuilder["build"]>[0] = {};
  const graph = encoderGraph(config, (path, value) => ((values as Record<string, typeof value>)[path] = value));
  await using program = await engine.compile({ ...graph, outputs: { ...graph.outputs, ...values } }, weights);
  return await program.run(feeds);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
