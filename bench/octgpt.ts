/**
 * OctGPT at its published sizes with random weights on two threads, beside the same networks in eager PyTorch in the same run: a pass of
 * the transformer over an octree whose last depth is half unmasked, and the autoencoder's decoder.   npm run bench -- octgpt
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { uniform } from "../src/base/random.js";
import { OCTGPT_CONFIGS } from "../src/core/octgpt/config.js";
import { type Node, passFeeds } from "../src/core/octgpt/feeder.js";
import { octgptGraph } from "../src/core/octgpt/graph.js";
import { openEngine } from "../src/engine/open.js";
import { type FloatTensor, i32, type Tensor } from "../src/engine/tensor.js";
import { writeSafetensors } from "../src/engine/weights/safetensors-write.js";
import { codeDepthOf, fullDepthOf, SHAPE_CODECS, typesAt } from "../src/tokenizers/octgpt/config.js";
import { codeFeeds, graphFeeds, mergeFeeds, splitFeeds } from "../src/tokenizers/octgpt/feeds.js";
import { shapeCodecGraphs } from "../src/tokenizers/octgpt/graphs.js";
import { dualGraph } from "../src/tokenizers/octree/dual-graph.js";
import { type PointOctree, pointOctree, shapeCell } from "../src/tokenizers/octree/point-octree.js";
import { pytorch } from "./pytorch.js";
import { randomWeights } from "./random-weights.js";
import { type Speed, timed } from "./speed.js";

const THREADS = 2;
const RUNS = 2;

export async function octgpt(): Promise<void> {
  await transformer();
  await decoder();
}

/** A sphere of points as the octree of one shape. */
function sphere(radius: number, depth: number, fullDepth: number, count: number): PointOctree {
  const points = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) {
    // Points of a spiral, as even as there are any.
    const z = 1 - (2 * i + 1) / count;
    const turn = Math.PI * (1 + Math.sqrt(5)) * i;
    const flat = Math.sqrt(1 - z * z);
    points.set([radius * flat * Math.cos(turn), radius * flat * Math.sin(turn), radius * z], 3 * i);
  }
  return pointOctree({ points, normals: points, shapes: new Uint8Array(count) }, depth, fullDepth);
}

async function transformer(): Promise<void> {
  const config = OCTGPT_CONFIGS.category;
  const octree = sphere(0.3, 5, config.fullDepth, 20_000);
  const coin = (position: number) => uniform({ seed: 1, item: 0, position, purpose: "noise" });
  const nodes = octree.keys.slice(config.fullDepth, 6).flatMap((keys, i) =>
    Array.from(keys, (key, row): Node => {
      const depth = config.fullDepth + i;
      const bit = octree.children[depth]![row]! >= 0 ? 1 : 0;
      return {
        depth,
        cell: shapeCell(key).cell as [number, number, number],
        value: depth === 5 && coin(row) < 0.5 ? null : bit,
      };
    }),
  );
  const { feeds, known, all } = passFeeds(config, [{ start: { kind: "class", label: 0 }, nodes }]);
  const asked = i32(
    [64],
    Array.from({ length: 64 }, (_, i) => all.length - 64 + i),
  );
  await using engine = await openEngine({ device: "cpu", threads: THREADS });
  const graph = octgptGraph(config);
  await using program = await engine.compile(graph, randomWeights(graph));
  const seconds = await timed(() => program.run({ ...feeds, rows: asked }), RUNS);
  const { width, heads, encoderBlocks, window, dilation } = config;
  const sizes = [width, heads, encoderBlocks, window, dilation, known.length, all.length].join();
  const columns = { known, all };
  const reference = await withTensors(
    Object.entries(columns).flatMap(([name, rows]): [string, FloatTensor][] => [
      [
        `${name}.rows`,
        floats(
          [rows.length, 4],
          rows.flatMap(({ place, depth }) => [...place, depth]),
        ),
      ],
    ]),
    (file) => pytorch("octgpt_transformer.py", file, sizes, String(RUNS), String(THREADS)),
  );
  report(
    `OctGPT's transformer, 170 M weights, a pass over ${all.length} rows of which ${known.length} are known`,
    seconds,
    reference,
  );
}

async function decoder(): Promise<void> {
  const config = SHAPE_CODECS.large;
  const [codeDepth, fullDepth] = [codeDepthOf(config), fullDepthOf(config)];
  const octree = sphere(0.25, config.depth, fullDepth, 100_000);
  const { trunk, stages } = shapeCodecGraphs(config);
  await using engine = await openEngine({ device: "cpu", threads: THREADS });
  const weights = randomWeights(trunk, ...stages);
  const programs = await Promise.all([trunk, ...stages].map((graph) => engine.compile(graph, weights)));
  const n = octree.keys[codeDepth]!.length;
  const codes = floats(
    [n, config.bits],
    Array.from({ length: n * config.bits }, (_, i) => ((i * 7919) % 2 ? 1 : -1) / Math.sqrt(config.bits)),
  );
  const first: Record<string, Tensor> = { codes, ...codeFeeds(octree, codeDepth) };
  for (let d = fullDepth; d <= codeDepth; d++) {
    Object.assign(first, graphFeeds(octree, d, typesAt(config, d)));
    if (d > fullDepth) Object.assign(first, mergeFeeds(octree, d), splitFeeds(octree, d - 1));
  }
  const further = stages.map((_, i) => ({
    ...splitFeeds(octree, codeDepth + i),
    ...graphFeeds(octree, codeDepth + 1 + i, typesAt(config, codeDepth + 1 + i)),
  }));
  const seconds = await timed(async () => {
    let said = await programs[0]!.run(first);
    for (const [i, feeds] of further.entries()) said = await programs[i + 1]!.run({ ...feeds, above: said.x! });
  }, RUNS);
  const tensors: [string, FloatTensor][] = [["codes", codes]];
  for (let d = fullDepth; d <= config.depth; d++) {
    const { edges, depths } = dualGraph(octree, d);
    tensors.push(
      [`edges.${d}`, floats([edges.length / 3, 3], edges)],
      [`depths.${d}`, floats([depths.length], depths)],
    );
    if (d > fullDepth) {
      const numbers = octree.children[d - 1]!;
      tensors.push([`children.${d - 1}`, floats([numbers.length], numbers)]);
    }
  }
  const towers = [config.graphEncoder, config.graphDecoder].map(({ channels, blocks }) => [channels, blocks]);
  const reference = await withTensors(tensors, (file) =>
    pytorch(
      "octgpt_decoder.py",
      file,
      JSON.stringify([fullDepth, codeDepth, config.depth, config.nodeTypes, towers]),
      String(RUNS),
      String(THREADS),
    ),
  );
  const nodes = dualGraph(octree, config.depth).keys.length;
  report(
    `OctGPT's autoencoder "large", 33.8 M weights, decoding to a dual graph of ${nodes} nodes`,
    seconds,
    reference,
  );
  for (const program of programs) await program.close();
}

const floats = (shape: readonly number[], values: ArrayLike<number>): FloatTensor => ({
  shape,
  data: Float32Array.from(values),
});

async function withTensors<T>(
  tensors: readonly (readonly [string, FloatTensor])[],
  use: (file: string) => T,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "tessera-bench-"));
  try {
    const file = join(folder, "inputs.safetensors");
    await writeSafetensors(file, tensors, {});
    return use(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function report(what: string, own: Speed, reference: Readonly<Record<string, number>> | null): void {
  console.log(what);
  const row = (name: string, { seconds, coreSeconds }: Speed) =>
    `${name.padEnd(22)} ${seconds.toFixed(2)} s, ${coreSeconds.toFixed(2)} core seconds`;
  if (!reference) return console.log(row("tessera cpu f32", own));
  const of = reference as unknown as Speed;
  const ratio = (name: keyof Speed) => `${(of[name] / own[name]).toFixed(2)}x`;
  console.log(row("PyTorch eager float32", of));
  console.log(`${row("tessera cpu f32", own)}  ${ratio("seconds")}, ${ratio("coreSeconds")}`);
}
