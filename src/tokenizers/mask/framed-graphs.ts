/**
 * The shape in a frame as mathematics: pixels -> a grid of vectors -> ids -> codes -> pixels. The grid is quantised from coarse to fine, each
 * scale what those before it left over (VAR, arXiv 2404.02905 §3.2), with a table of codes and two small matrices for each scale.
 */
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { siluConvolution } from "../../engine/blocks/silu-convolution.js";
import { opsOf } from "../../engine/ops/index.js";
import { nearestCode } from "../image/nearest-code.js";
import { untapped } from "../tap.js";
import { deriveFramed, type FramedConfig, shapeTokens } from "./framed-config.js";

/** How much a mixture prefers its likelier codes (HiMTok, arXiv 2503.13026 §3.3). */
const SHARPNESS = 2;

/** The graphs of a tokenizer; together they name all its weights. Shapes are [B, frame, frame] in [0, 1]. */
export function framedPrograms(config: FramedConfig) {
  const { frame, codeDim } = config;
  const { vocab, grid } = deriveFramed(config);
  const N = shapeTokens(config);
  const graph = (name: string, outputs: (g: GraphBuilder) => Parameters<GraphBuilder["build"]>[0]): Graph => {
    const g = new GraphBuilder(name);
    return g.build(outputs(g));
  };
  return {
    encoder: graph("framed-mask-encoder", (g) => ({
      ids: quantised(g, config, g.input("shapes", ["B", frame, frame])),
    })),
    codes: graph("framed-mask-codes", (g) => {
      const parts = partsOf(g, config, g.input("ids", ["B", N], "i32"), g.input("known", [1, N, 1]));
      return { codes: spread(g, config, parts, (ids, codes) => opsOf(g).embedding(ids, codes)) };
    }),
    mixtures: graph("framed-mask-mixtures", (g) => {
      const o = opsOf(g);
      const parts = partsOf(g, config, g.input("logits", ["B", N, vocab]), g.input("known", [1, N, 1]));
      const mixed = (logits: Value, codes: Value) =>
        o.matmul(o.softmax(o.affine(logits, { scale: SHARPNESS }), { axis: -1 }), codes);
      return { codes: spread(g, config, parts, mixed) };
    }),
    decoder: graph("framed-mask-decoder", (g) => ({
      shapes: painted(g, config, g.input("codes", ["B", grid ** 2, codeDim])),
    })),
  };
}

/** Weights of a scale: its codes [vocab, D], from the finest grid to it [s², S²], and back [S², s²]. */
function scaleWeights(g: GraphBuilder, config: FramedConfig, k: number) {
  const { vocab, grid } = deriveFramed(config);
  const own = config.scales[k]! ** 2;
  return {
    codes: g.weight(`quantiser.codes.${k}`, [vocab, config.codeDim]),
    gather: g.weight(`quantiser.gather.${k}`, [own, grid ** 2]),
    spread: g.weight(`quantiser.spread.${k}`, [grid ** 2, own]),
  };
}

/** Shapes to ids [B, N]. */
function quantised(g: GraphBuilder, config: FramedConfig, shapes: Value): Value {
  const o = opsOf(g);
  const { frame, codeDim, encoder } = config;
  const { grid } = deriveFramed(config);
  let x = o.affine(o.reshape(shapes, { shape: [0, 1, frame, frame] }), { scale: 2, offset: -1 });
  for (const [i, row] of encoder.entries()) x = siluConvolution(g, `encoder.${i}`, x, row);
  const kernel = g.weight("to_codes.weight", [codeDim, encoder.at(-1)!.channels, 1, 1]);
  const map = o.conv2d(x, kernel, g.weight("to_codes.bias", [codeDim]));
  const turn = { permutation: [0, 2, 1] };
  let rest = o.transpose(o.reshape(map, { shape: [0, codeDim, grid ** 2] }), turn); // [B, S², D]
  const ids = config.scales.map((_, k) => {
    const { codes, gather, spread } = scaleWeights(g, config, k);
    const own = nearestCode(g, o.matmul(gather, rest), codes, untapped);
    rest = o.sub(rest, o.matmul(spread, o.embedding(own, codes)));
    return own;
  });
  return o.concat(...ids, { axis: 1 });
}

/** What stands for each scale, and which of its tokens are there. */
function partsOf(g: GraphBuilder, { scales }: FramedConfig, tokens: Value, known: Value) {
  const o = opsOf(g);
  let start = 0;
  return scales.map((side) => {
    const range = { axis: 1, start, end: start + side * side };
    start = range.end;
    return { tokens: o.slice(tokens, range), known: o.slice(known, range) };
  });
}

/** The codes of all scales together, on the finest grid [B, S², D]. */
function spread(
  g: GraphBuilder,
  config: FramedConfig,
  parts: ReturnType<typeof partsOf>,
  coded: (tokens: Value, codes: Value) => Value,
): Value {
  const o = opsOf(g);
  return parts
    .map(({ tokens, known }, k) => {
      const { codes, spread } = scaleWeights(g, config, k);
      return o.matmul(spread, o.mul(coded(tokens, codes), known));
    })
    .reduce((sum, part) => o.add(sum, part));
}

/** Codes to the probability of each pixel of the frame. */
function painted(g: GraphBuilder, config: FramedConfig, codes: Value): Value {
  const o = opsOf(g);
  const { frame, codeDim, decoder } = config;
  const { grid } = deriveFramed(config);
  const map = o.reshape(o.transpose(codes, { permutation: [0, 2, 1] }), { shape: [0, codeDim, grid, grid] });
  const first = decoder[0]!.channels;
  let x = o.conv2d(map, g.weight("of_codes.weight", [first, codeDim, 1, 1]), g.weight("of_codes.bias", [first]));
  for (const [i, { channels, factor }] of decoder.entries()) {
    const larger = factor > 1 ? o.resizeNearest(x, { factor }) : x;
    x = siluConvolution(g, `decoder.${i}`, larger, { channels, stride: 1 });
  }
  const kernel = g.weight("out.weight", [4, decoder.at(-1)!.channels, 3, 3]);
  const quarters = o.conv2d(x, kernel, g.weight("out.bias", [4]), { pads: [1, 1, 1, 1] });
  return o.reshape(o.sigmoid(o.depthToSpace(quarters, { size: 2 })), { shape: [0, frame, frame] });
}
