/**
 * OctGPT's autoencoder of shapes as mathematics (arXiv 2504.09975 §3.2): features of the finest nodes -> codes; codes -> features of the
 * dual graph -> for each depth from the codes' on, which nodes are split, and a distance field. Weight names are those of the files.
 * A `tap` sees intermediate values by their paths.
 */
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { type Tap, untapped } from "../tap.js";
import { codeDepthOf, fullDepthOf, type ShapeCodecConfig, typesAt } from "./config.js";
import {
  graphBlock,
  graphDownsample,
  type GraphNodes,
  graphUpsample,
  type Merge,
  pointLayer,
  SLOTS,
  type Split,
} from "./graph-convolution.js";
import { rowNormRelu } from "./row-norm.js";
import { childConvolution, sparseBlock, sparseConvolution } from "./sparse-convolution.js";

/** Numbers that describe a finest node: see pointFeatures. */
export const FEATURES = 4;

/** Numbers of the field at a node: gradient and offset. */
export const SIGNALS = 4;

/** The input `features` [n, 4] of the finest nodes, and what sparseNodes says of each depth, to `codes` [n, bits] of the code depth. */
export function encoderGraph(config: ShapeCodecConfig, tap: Tap = untapped): Graph {
  const { depth, bits, bottleneck, encoder } = config;
  const g = new GraphBuilder("shape-encoder");
  const o = opsOf(g);
  const nodesAt = (d: number) => ({ neighbours: g.input(`neighbours.${d}`, [`n${d}`, 27], "i32") });
  const features = g.input("features", [`n${depth}`, FEATURES]);
  const first = sparseConvolution(g, "encoder.conv1.conv", features, nodesAt(depth), encoder.channels[0]!);
  let x = tap("encoder.conv1", rowNormRelu(g, "encoder.conv1.gn", first));
  for (const [i, blocks] of encoder.blocks.entries()) {
    const d = depth - i;
    for (let k = 0; k < blocks; k++) x = sparseBlock(g, `encoder.blocks.${i}.resblks.${k}`, x, nodesAt(d), bottleneck);
    if (d === codeDepthOf(config)) break;
    const path = `encoder.downsample.${i}`;
    const children = g.input(`children.${d - 1}`, [`S${d - 1}`, 8], "i32");
    const merged = childConvolution(g, `${path}.conv`, x, children, encoder.channels[i + 1]!);
    // Nodes without children get a row of zeros, which counts in the norm.
    const padded = o.pad(merged, { axis: 0, before: 0, after: 1, mode: "zero" });
    const all = o.gather(padded, g.input(`merged.${d - 1}`, [`n${d - 1}`], "i32"), { axis: 0 });
    x = tap(path, rowNormRelu(g, `${path}.gn`, all));
  }
  const C = encoder.channels.at(-1)!;
  return g.build({ codes: o.linear(x, g.weight("pre_proj.weight", [bits, C]), g.weight("pre_proj.bias", [bits])) });
}

/**
 * The decoder from the codes to the code depth. Inputs: `codes` [n, bits] as numbers, `code.rows` [N] for each node of the graph its code or
 * n, and what graphFeeds, mergeFeeds and splitFeeds say of the graphs. Outputs: `x` [N, C], `split` [N, 2] logits, `signals` [N, 4].
 */
export function trunkGraph(config: ShapeCodecConfig): Graph {
  const { bits, bottleneck, graphEncoder, graphDecoder } = config;
  const [codeDepth, fullDepth] = [codeDepthOf(config), fullDepthOf(config)];
  const g = new GraphBuilder("shape-decoder");
  const o = opsOf(g);
  const graphs = new Map<number, GraphNodes>();
  for (let d = fullDepth; d <= codeDepth; d++) graphs.set(d, graphNodes(g, config, d));
  const blocks = (path: string, count: number, d: number, x: Value) => {
    for (let k = 0; k < count; k++) x = graphBlock(g, `${path}.resblks.${k}`, x, graphs.get(d)!, bottleneck);
    return x;
  };

  const first = graphEncoder.channels[0]!;
  const codes = g.input("codes", [`n${codeDepth}`, bits]);
  const projected = o.linear(codes, g.weight("post_proj.weight", [first, bits]), g.weight("post_proj.bias", [first]));
  const padded = o.pad(projected, { axis: 0, before: 0, after: 1, mode: "zero" });
  let x = o.gather(padded, g.input("code.rows", [nodesName(config, codeDepth)], "i32"), { axis: 0 });
  const skips = new Map<number, Value>();
  for (const [i, count] of graphEncoder.blocks.entries()) {
    const d = codeDepth - i;
    x = blocks(`decoder.encoder.${i}`, count, d, x);
    skips.set(d, x);
    if (d > fullDepth)
      x = graphDownsample(g, `decoder.downsample.${i}`, x, merge(g, config, d), graphEncoder.channels[i + 1]!);
  }
  for (let i = 0, d = fullDepth; d <= codeDepth; i++, d++) {
    if (d > fullDepth) {
      const up = graphUpsample(g, `decoder.upsample.${i - 1}`, x, split(g, d - 1), graphDecoder.channels[i]!);
      x = o.add(up, skips.get(d)!);
    }
    x = blocks(`decoder.decoder.${i}`, graphDecoder.blocks[i]!, d, x);
  }
  return g.build({ x, ...heads(g, config, 0, x) });
}

/** The decoder from one depth to the next, `depth`: inputs `above`, the `x` of the graph above, and the graph; outputs as those of the trunk. */
export function stageGraph(config: ShapeCodecConfig, depth: number): Graph {
  const { graphDecoder, bottleneck } = config;
  const i = depth - fullDepthOf(config);
  const g = new GraphBuilder(`shape-decoder-${depth}`);
  const above = g.input("above", [nodesName(config, depth - 1), graphDecoder.channels[i - 1]!]);
  const graph = graphNodes(g, config, depth);
  let x = graphUpsample(g, `decoder.upsample.${i - 1}`, above, split(g, depth - 1), graphDecoder.channels[i]!);
  for (let k = 0; k < graphDecoder.blocks[i]!; k++)
    x = graphBlock(g, `decoder.decoder.${i}.resblks.${k}`, x, graph, bottleneck);
  return g.build({ x, ...heads(g, config, depth - codeDepthOf(config), x) });
}

/** All graphs of an autoencoder; together they name all its weights. The stages are those of the depths below the codes. */
export function shapeCodecGraphs(config: ShapeCodecConfig) {
  const depths = Array.from({ length: config.depth - codeDepthOf(config) }, (_, i) => codeDepthOf(config) + 1 + i);
  return {
    encoder: encoderGraph(config),
    trunk: trunkGraph(config),
    stages: depths.map((depth) => stageGraph(config, depth)),
  };
}

function heads(g: GraphBuilder, { headWidth }: ShapeCodecConfig, i: number, x: Value) {
  const o = opsOf(g);
  const head = (name: string, O: number) => {
    const inner = pointLayer(g, `decoder.${name}.${i}.conv1`, x, headWidth);
    const path = `decoder.${name}.${i}.conv2.linear`;
    return o.linear(inner, g.weight(`${path}.weight`, [O, headWidth]), g.weight(`${path}.bias`, [O]));
  };
  return { split: head("predict", 2), signals: head("regress", SIGNALS) };
}

/** How the number of nodes of a graph is called: below the full depth it is that of the leaves above and of the new children. */
const nodesName = (config: ShapeCodecConfig, depth: number): string =>
  depth === fullDepthOf(config) ? "N" : `L${depth - 1}+8*S${depth - 1}`;

function graphNodes(g: GraphBuilder, config: ShapeCodecConfig, depth: number): GraphNodes {
  const N = nodesName(config, depth);
  return {
    types: g.input(`types.${depth}`, [N, typesAt(config, depth)]),
    sums: Array.from({ length: depth - fullDepthOf(config) }, (_, i) => ({
      rows: g.input(`sums.${depth}.${i}`, [`G${depth}.${i}`, 4], "i32"),
      shares: g.input(`shares.${depth}.${i}`, [`G${depth}.${i}`, 1]),
    })),
    slots: g.input(`slots.${depth}`, [N, SLOTS], "i32"),
  };
}

const merge = (g: GraphBuilder, config: ShapeCodecConfig, depth: number): Merge => ({
  children: g.input(`children.${depth - 1}`, [`S${depth - 1}`, 8], "i32"),
  rows: g.input(`merged.${depth - 1}`, [nodesName(config, depth - 1)], "i32"),
});

const split = (g: GraphBuilder, depth: number): Split => ({
  leaves: g.input(`leaves.${depth}`, [`L${depth}`], "i32"),
  split: g.input(`split.${depth}`, [`S${depth}`], "i32"),
});
