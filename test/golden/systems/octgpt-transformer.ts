/** The system "octgpt": passes of the transformer and runs of its decode loop, against the authors' own code. */
import { OCTGPT } from "../../../src/core/octgpt/architecture.js";
import { type OctgptConfig, parseOctgptConfig } from "../../../src/core/octgpt/config.js";
import { type Node, type OctgptStart, passFeeds, type Shape } from "../../../src/core/octgpt/feeder.js";
import { octgptGraph } from "../../../src/core/octgpt/graph.js";
import { depthOf } from "../../../src/core/octgpt/octree.js";
import { type BitDraws, bitLogits, bitOf, octreeGroups } from "../../../src/core/octgpt/unmasking.js";
import type { GroupsOf } from "../../../src/core/decode/masked/group.js";
import { masked } from "../../../src/core/decode/masked/masked.js";
import { decode } from "../../../src/core/decode/loop.js";
import { rowOf } from "../../../src/core/decode/sampler.js";
import type { Forward, Prediction, Sampler } from "../../../src/core/decode/step.js";
import { openModel } from "../../../src/core/model.js";
import { openSession } from "../../../src/core/session.js";
import type { Engine } from "../../../src/engine/engine.js";
import { f32, type FloatTensor, i32, type Tensor, tensor } from "../../../src/engine/tensor.js";
import type { Checkpoint } from "../../../src/engine/weights/checkpoint.js";
import { pointOctree, shapeCell } from "../../../src/tokenizers/octree/point-octree.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import type { Comparison, Numbers } from "../compare.js";
import { judge, type Tensors } from "../judge.js";
import { inputsOf, listed } from "./octgpt-codec.js";

/** The transformer of a case in our names. */
function transformerConfig({ config }: GoldenCase, weights: Checkpoint): OctgptConfig {
  const depths = (config.depth_high as number) - (config.depth_low as number) + 1;
  const passes = (config.iters ?? new Array<number>(depths).fill(1)) as readonly number[];
  const temperatures = (config.temps ?? passes) as readonly number[];
  const blocks = (config.blocks as number) / 2;
  return parseOctgptConfig({
    ...{ width: config.C, heads: config.heads, encoderBlocks: blocks, decoderBlocks: blocks },
    ...{ window: config.P, dilation: config.D, buffer: config.buffer, bits: config.bits },
    positions: config.pe === "SinPosEmb" ? "sinusoidal" : "absolute",
    norm: config.norm === "LayerNorm" ? "layer" : "rms",
    condition:
      config.cond === "none"
        ? { kind: "class", classes: weights.entries.get("class_emb.weight")!.shape[0] }
        : { kind: "context", rows: config.ctxlen, width: config.ctx },
    ...{ fullDepth: config.depth_low, codeDepth: config.depth_high },
    unmasking: passes.map((count, i) => ({ passes: count, temperature: temperatures[i] })),
  });
}

/** What a shape of a case is made after. */
function startOf({ condition }: OctgptConfig, io: Tensors, item: number): OctgptStart {
  if (condition.kind === "class") return { kind: "class", label: io.get("in.label")?.data[item] ?? 0 };
  const { shape, data } = io.get("in.context") as FloatTensor;
  const size = shape[1]! * shape[2]!;
  return { kind: "context", rows: tensor(shape.slice(1), data.slice(item * size, (item + 1) * size)) };
}

/** The list names inputs that only other kinds of conditions have. */
const conditioned = (golden: GoldenCase): GoldenCase => {
  const { context: _, label: __, ...tensors } = golden.tensors;
  return listed({ ...golden, tensors });
};

/** One pass over a batch of octrees with a given mask. */
export async function* octgptPass(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const config = transformerConfig(golden, weights);
  const { bits, buffer, width, codeDepth, fullDepth } = config;
  const cloud = {
    points: io.get("in.points")!.data as Float32Array,
    normals: io.get("in.normals")!.data as Float32Array,
    shapes: io.get("in.batch_id")!.data,
  };
  // The octree of the case is as deep as its codes are.
  const octree = pointOctree(cloud, codeDepth, fullDepth);
  const items = octree.batch;
  const [split, codes, mask] = ["in.split", "in.bits", "in.mask"].map((name) => io.get(name)!.data) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  // Rows of the case: depth by depth, shapes within a depth; behind the condition rows of all shapes.
  const nodes: { readonly item: number; readonly node: Node }[] = [];
  for (let depth = fullDepth, at = 0; depth <= codeDepth; depth++) {
    for (const key of octree.keys[depth]!) {
      const { shape, cell } = shapeCell(key);
      const i = nodes.length;
      const code = () => {
        let value = 0;
        for (let bit = 0; bit < bits; bit++) value |= codes[at * bits + bit]! << bit;
        at++;
        return value;
      };
      const value = depth < codeDepth ? split[i]! : code();
      nodes.push({ item: shape, node: { depth, cell, value: mask[i] ? null : value } });
    }
  }
  const shapes = Array.from({ length: items }, (_, item): Shape => {
    return { start: startOf(config, io, item), nodes: nodes.filter((of) => of.item === item).map(({ node }) => node) };
  });
  const { feeds, all, known } = passFeeds(config, shapes);
  // Row k of the sequence is row order[k] of [conditions; nodes].
  const order = orderOf(
    items,
    buffer,
    nodes.map(({ item }) => item),
  );
  const visible = order.filter((row) => row < items * buffer || !mask[row - items * buffer]);
  const rank = new Map(visible.toSorted((a, b) => a - b).map((row, i) => [row, i]));
  const places = new Map(order.map((row, k) => [row - items * buffer, k]));
  const rows = nodes.map((_, i) => places.get(i)!);

  const names = [...io.keys()].flatMap((name) => {
    const [, stack, what, i] = /^out\.(enc|dec)_(pe|attn|block)(\d+)$/.exec(name) ?? [];
    return stack ? [`${STACKS[stack]}.${PARTS[what!]}${i}`] : [];
  });
  const graph = octgptGraph(config, [...names, "hidden", "tokens"], items);
  await using program = await engine.compile(graph, weights);
  const found = await program.run({ ...feeds, rows: i32([rows.length], rows) });
  const everything = await tokensOf(config, weights, engine, nodes, split, codes);
  const logits = found.logits as FloatTensor;
  const columns = (from: number, to: number, first: number, end: number) =>
    f32(
      [end - first, to - from],
      Array.from({ length: end - first }, (_, i) => [...rowOf(logits, 0, first + i).subarray(from, to)]).flat(),
    );
  const whole = (of: readonly number[]): Numbers => ({ shape: [of.length], data: Int32Array.from(of) });
  const head = ({ data }: Tensor, { shape }: Numbers): Numbers =>
    f32(
      shape,
      (data as Float32Array).subarray(
        0,
        shape.reduce((a, b) => a * b, 1),
      ),
    );
  yield* judge(conditioned(golden), io, inputsOf(io), (name, expected) => {
    const [, stack, what, i] = /^out\.(enc|dec)_(pe|attn|block)(\d+)$/.exec(name) ?? [];
    if (stack) return head(found[`${STACKS[stack]}.${PARTS[what!]}${i}`]!, expected);
    switch (name.slice("out.".length)) {
      case "token_embeddings_head":
        return head(everything, expected);
      case "dec_order":
        return whole(order);
      case "dec_batch":
        return whole(all.map(({ item }) => item));
      case "dec_depth_index":
        return whole(all.map(({ depth }) => depth));
      case "dec_xyz":
        return { shape: [all.length, 3], data: Int32Array.from(all.flatMap(({ place }) => [...place])) };
      case "enc_order":
        return visible.length === known.length ? whole(visible.map((row) => rank.get(row)!)) : undefined;
      case "out_head": {
        const hidden = found.hidden!.data as Float32Array;
        const some = Array.from({ length: expected.shape[0]! }, (_, row) => rows[row]!);
        return f32(
          expected.shape,
          some.flatMap((row) => [...hidden.subarray(row * width, (row + 1) * width)]),
        );
      }
      case "split_logits":
        return columns(0, 2, 0, split.length);
      case "vq_logits":
        return columns(2, 2 + 2 * bits, split.length, nodes.length);
      default:
        return undefined;
    }
  });
}

const STACKS: Readonly<Record<string, string>> = { enc: "encoder", dec: "decoder" };
const PARTS: Readonly<Record<string, string>> = { pe: "position", attn: "attention", block: "block" };

/** Rows of [conditions; nodes], those of the first shape first. */
const orderOf = (items: number, buffer: number, itemOf: readonly number[]): number[] =>
  Array.from({ length: items }, (_, item) => [
    ...Array.from({ length: buffer }, (_, i) => item * buffer + i),
    ...itemOf.flatMap((of, i) => (of === item ? [items * buffer + i] : [])),
  ]).flat();

/** What stands at all nodes before any is masked: the rows of a pass in which all are known, in the order of the case. */
async function tokensOf(
  config: OctgptConfig,
  weights: Checkpoint,
  engine: Engine,
  nodes: readonly { readonly item: number; readonly node: Node }[],
  split: Int32Array,
  codes: Int32Array,
): Promise<FloatTensor> {
  const { bits, width, buffer } = config;
  const start: OctgptStart =
    config.condition.kind === "class"
      ? { kind: "class", label: 0 }
      : { kind: "context", rows: f32([1, config.condition.width], new Float32Array(config.condition.width)) };
  const known = nodes.map(({ node }, i): Node => {
    if (i < split.length) return { ...node, value: split[i]! };
    let value = 0;
    for (let bit = 0; bit < bits; bit++) value |= codes[(i - split.length) * bits + bit]! << bit;
    return { ...node, value };
  });
  const { feeds } = passFeeds(config, [{ start, nodes: known }]);
  await using program = await engine.compile(octgptGraph(config, ["tokens"], 1), weights);
  const { tokens } = await program.run({ ...feeds, rows: i32([1], [0]) });
  return f32(
    [nodes.length, width],
    (tokens!.data as Float32Array).slice(buffer * width, (buffer + nodes.length) * width),
  );
}

/** The decode loop, with the orders and uniform numbers of the case. */
export async function* octgptGenerate(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const config = transformerConfig(golden, weights);
  const { fullDepth, codeDepth, bits } = config;
  await using model = await openModel(engine, OCTGPT, config, weights);
  await using session = await openSession(model, startOf(config, io, 0), { guided: false });

  const uniforms = io.get("in.uniforms")!.data;
  let used = 0;
  let drawing: readonly number[] | null = null; // the positions that a pass draws, where not all of `fill`
  const reopened: number[] = [];
  const logits = new Map<number, { readonly first: readonly number[]; readonly last: readonly number[] }>();
  const groups: GroupsOf<number, BitDraws> = (n, item, values) => {
    const group = octreeGroups(config)(n, item, values);
    return (
      group && {
        ...group,
        revision: {
          after: golden.config.remask_stage as number,
          doubtful(board, draws) {
            const again = group.revision!.doubtful(board, draws);
            const fresh = board.positions.filter((at) => board.value(at) === null && !board.staysMasked(at));
            drawing = [...new Set([...again, ...fresh])].sort((a, b) => a - b);
            reopened.push(again.length);
            return again;
          },
        },
      }
    );
  };
  const ranks = new Map<number, ReadonlyMap<number, number>>();
  const rank = (_: number, position: number) => ranks.get(depthOf(config, position))!.get(position)!;
  // An order lists rows of a depth, those first that stay masked longest.
  const ranked: GroupsOf<number, BitDraws> = (n, item, values) => {
    const group = groups(n, item, values);
    if (group) {
      const order = io.get(`in.order_${fullDepth + n}`)!.data;
      ranks.set(fullDepth + n, new Map(Array.from(order, (row, i) => [group.positions[row]!, -i])));
    }
    return group;
  };
  // The case shows logits of the first nodes of a depth, whichever are drawn.
  const watched: Forward = {
    items: 1,
    async forward(step) {
      const depth = depthOf(config, step.fill[0]!);
      const all = [...ranks.get(depth)!.keys()].sort((a, b) => a - b);
      const { conditional } = await session.forward({ ...step, fill: all });
      const rows = all.map((position, k) => bitLogits(config, position, rowOf(conditional, 0, k)));
      const last = rows.flatMap((row) => [...row]);
      logits.set(depth, { first: logits.get(depth)?.first ?? last, last });
      const V = conditional.shape[2]!;
      const picked = step.fill.flatMap((position) => [...rowOf(conditional, 0, all.indexOf(position))]);
      return { conditional: f32([1, step.fill.length, V], picked), unconditional: null };
    },
  };
  const sampler: Sampler<number, Prediction, BitDraws> = {
    guided: () => false,
    draws({ fill, drawings }, { conditional }) {
      const { temperature } = drawings![0]!;
      const own = (_: number, k: number) => bitLogits(config, fill[k]!, rowOf(conditional, 0, k));
      const count = own(0, 0).length / 2;
      const start = used;
      let places: ReadonlyMap<number, number> | null = null;
      drawing = null;
      return {
        logits: own,
        value(_, k) {
          const now = drawing ?? fill;
          if (!places || places.size !== now.length) {
            places = new Map(now.map((position, i) => [position, i]));
            used = start + now.length * count;
          }
          const at = places.get(fill[k]!);
          if (at === undefined) return 0;
          let value = 0;
          for (let bit = 0; bit < count; bit++) {
            const coin = uniforms[start + at * count + bit] ?? 0;
            value |= bitOf(own(0, k)[2 * bit]!, own(0, k)[2 * bit + 1]!, temperature, coin) << bit;
          }
          return value;
        },
      };
    },
  };
  let line: readonly number[] = [];
  for await (const event of decode(watched, masked(1, 1e9, ranked, rank), sampler))
    if (event.type === "decode-end") line = event.values[0]!;

  const values = new Map<number, number[]>();
  for (const [key, value] of Object.entries(line)) {
    const depth = depthOf(config, Number(key));
    values.set(depth, [...(values.get(depth) ?? []), value]);
  }
  const bytes = (of: readonly number[]): Numbers => ({ shape: [of.length], data: Uint8Array.from(of) });
  yield* judge(conditioned(golden), io, [...inputsOf(io), "out.margin"], (name, expected) => {
    const [, what, depth, which] = /^out\.(\w+?)(?:_(\d+))?(?:_(first|last))?$/.exec(name)!;
    switch (what) {
      case "nnum":
        return {
          shape: expected.shape,
          data: Int32Array.from({ length: codeDepth + 1 }, (_, d) => values.get(d)?.length ?? 8 ** d),
        };
      case "split":
        return bytes(values.get(Number(depth))!);
      case "bits": {
        const codes = values.get(codeDepth)!;
        const flat = codes.flatMap((code) => Array.from({ length: bits }, (_, bit) => (code >>> bit) & 1));
        return { shape: [codes.length, bits], data: Uint8Array.from(flat) };
      }
      case "remasked_per_call":
        return { shape: [reopened.length], data: Int32Array.from(reopened) };
      case "logits": {
        const all = logits.get(Number(depth))![which as "first" | "last"];
        return f32(expected.shape, all.slice(0, expected.data.length));
      }
      default:
        return undefined;
    }
  });
}
