/** VAR's multi-scale tokenizer against its golden cases: what it returns, and every map inside that the case lists. */
import type { Engine } from "../../../src/engine/engine.js";
import { GraphBuilder } from "../../../src/engine/graph.js";
import { opsOf } from "../../../src/engine/ops/index.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../../../src/engine/tensor.js";
import type { Checkpoint } from "../../../src/engine/weights/checkpoint.js";
import {
  type MultiScaleConfig,
  parseMultiScaleConfig,
  phiOf,
} from "../../../src/tokenizers/image/multi-scale-config.js";
import { multiScaleFeatures, multiScalePixels } from "../../../src/tokenizers/image/multi-scale-graphs.js";
import {
  type MultiScaleTokenizer,
  openMultiScaleTokenizer,
} from "../../../src/tokenizers/image/multi-scale-tokenizer.js";
import { nearestCode } from "../../../src/tokenizers/image/nearest-code.js";
import { area, resampled, turned } from "../../../src/tokenizers/image/resample.js";
import type { Tap } from "../../../src/tokenizers/tap.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import { type Comparison, compare, type Numbers, Unsupported } from "../compare.js";
import { first, judge } from "../judge.js";
import { storedPart, twoSmallest } from "../maps.js";
import { tapped } from "./tapped.js";

const INPUTS = ["image", "rect.in"];

export async function* varVae(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const config = vaeConfig(golden.config);
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const image = io.get("image") as FloatTensor;
  const answers = new Map<string, Numbers>();

  await using tokenizer = await openMultiScaleTokenizer(engine, config, weights);
  const ids = await tokenizer.encode(image);
  const { canvases, next } = await painted(tokenizer, ids);
  answers.set("enc.ids", ids);
  answers.set("enc.fhat_per_scale", stacked(canvases));
  answers.set("var_input", next);
  answers.set("dec.image", await tokenizer.decode(ids));
  if (io.has("dec.previews")) {
    const previews: FloatTensor[] = [];
    for (const canvas of canvases) previews.push(await tokenizer.render(first(canvas)));
    const { shape, data } = stacked(previews);
    answers.set("dec.previews", tensor([shape[0]!, ...shape.slice(2)], data));
  }

  // The same graphs once more with every intermediate map as an output.
  const encoder = (g: GraphBuilder, tap: Tap) =>
    multiScaleFeatures(g, config, g.input("pixels", ["B", config.channels, "Y", "X"]), tap);
  const decoder = (g: GraphBuilder, tap: Tap) =>
    multiScalePixels(g, config, g.input("canvas", ["B", config.codeDim, "h", "w"]), tap);
  const inside = {
    ...(await tapped(engine, weights, encoder, { pixels: image })),
    ...(await tapped(engine, weights, decoder, { canvas: canvases.at(-1)! })),
  };
  const features = inside.quant_conv as FloatTensor;
  answers.set("enc.two_smallest_distances", await twoSmallestOf(engine, weights, config, features, canvases));

  if (golden.config.rect_scales !== undefined) {
    const rect = vaeConfig({ ...golden.config, patch_nums: golden.config.rect_scales });
    await using other = await openMultiScaleTokenizer(engine, rect, weights);
    const rectIds = await other.encode(io.get("rect.in") as FloatTensor);
    answers.set("rect.ids", rectIds);
    answers.set("rect.fhat", (await painted(other, rectIds)).canvases.at(-1)!);
    answers.set("rect.image", await other.decode(rectIds));
  }

  yield* judge(golden, io, INPUTS, (name, expected) => {
    const actual = answers.get(name) ?? inside[pathOf(name, config.resBlocks)];
    // Ids and stacks are compared whole; maps inside are stored in part.
    return actual && /^(enc|dec)\./.test(name) ? storedPart(actual as Tensor, expected) : actual;
  });
  yield* phiTables(golden, config);
}

/** Which phi serves which scale, as far as the case says it. */
function* phiTables(golden: GoldenCase, { phi }: MultiScaleConfig): Iterable<Comparison> {
  for (const name of ["phi_index_per_scale", "rect_phi_index"]) {
    const expected = golden.config[name] as number[] | undefined;
    if (expected === undefined) continue;
    const table = expected.map((_, scale) => phiOf(phi, scale, expected.length));
    yield compare(name, i32([table.length], table), i32([expected.length], expected), golden.tolerance);
  }
}

/** The config of a codec in our names; `patch_nums` are its scales. */
export function vaeConfig(config: GoldenCase["config"]): MultiScaleConfig {
  if (config.codebook_l2 === true) throw new Unsupported("a codebook that is l2-normalised");
  if ((config.norm_eps ?? 1e-6) !== 1e-6) throw new Unsupported(`group normalisation with epsilon ${config.norm_eps}`);
  return parseMultiScaleConfig("case.json config", {
    channels: config.channels ?? 3,
    patch: config.patch ?? 1,
    ch: config.ch,
    multipliers: config.ch_mult,
    resBlocks: config.res_blocks,
    groups: config.groups,
    codeDim: config.code_dim,
    vocab: config.vocab,
    phi: { share: config.phi_share, ratio: config.phi_ratio },
    scales: config.patch_nums,
  });
}

/** The canvas after every scale, and what the scales behind the first are fed, [B, positions - 1, D]. */
export async function painted(tokenizer: MultiScaleTokenizer, ids: Tensor) {
  const { scales, positions } = tokenizer;
  const canvases: FloatTensor[] = [];
  const inputs: FloatTensor[] = [];
  let start = 0;
  for (const [scale, [rows, columns]] of scales.entries()) {
    const cells = Array.from({ length: ids.shape[0]! }, (_, item) =>
      ids.data.subarray(item * positions + start, item * positions + start + rows * columns),
    );
    start += rows * columns;
    const { canvas, next } = await tokenizer.paint(canvases.at(-1) ?? null, scale, cells);
    canvases.push(canvas);
    if (next) inputs.push(next);
  }
  return { canvases, next: joined(inputs) };
}

/** Parts [B, n, D] one behind the other along axis 1. */
export function joined(parts: readonly FloatTensor[]): FloatTensor {
  const [B, , D] = parts[0]!.shape as [number, number, number];
  const length = parts.reduce((sum, { shape }) => sum + shape[1]!, 0);
  const data = new Float32Array(B * length * D);
  for (let item = 0, at = 0; item < B; item++) {
    for (const part of parts) {
      const size = part.shape[1]! * D;
      data.set(part.data.subarray(item * size, (item + 1) * size), at);
      at += size;
    }
  }
  return tensor([B, length, D], data);
}

/** Tensors of one shape along a new axis in front. */
export function stacked(parts: readonly FloatTensor[]): FloatTensor {
  const data = new Float32Array(parts.length * parts[0]!.data.length);
  parts.forEach((part, i) => data.set(part.data, i * part.data.length));
  return tensor([parts.length, ...parts[0]!.shape], data);
}

/** The two smallest distances of every position, [B, positions, 2]: of what the canvases leave of the features. */
async function twoSmallestOf(
  engine: Engine,
  weights: Checkpoint,
  { codeDim, vocab, scales }: MultiScaleConfig,
  features: FloatTensor,
  canvases: readonly FloatTensor[],
): Promise<FloatTensor> {
  const [h, w] = scales.at(-1)!;
  const parts: FloatTensor[] = [];
  for (const [scale, [p, q]] of scales.entries()) {
    const before = canvases[scale - 1]?.data;
    const rest = tensor(
      features.shape,
      features.data.map((value, i) => value - (before?.[i] ?? 0)),
    );
    const found = await tapped(
      engine,
      weights,
      (g, tap) => {
        const cells = resampled(
          g,
          g.input("rest", ["B", codeDim, h, w]),
          g.constant(area(h, p)),
          g.constant(turned(area(w, q))),
        );
        const z = opsOf(g).transpose(cells, { permutation: [0, 2, 3, 1] });
        nearestCode(g, z, g.weight("quantize.embedding.weight", [vocab, codeDim]), tap);
      },
      { rest },
    );
    parts.push(twoSmallest(found["quantize.distances"]!) as FloatTensor);
  }
  return joined(parts);
}

/** Where the golden names are in the checkpoint's own tree of modules. */
function pathOf(name: string, resBlocks: number): string {
  const rules: readonly (readonly [RegExp, string])[] = [
    [/^enc\.feature$/, "quant_conv"],
    [/^enc\.level(\d+)_block(\d+)$/, "encoder.down.$1.block.$2"],
    [/^enc\.level(\d+)_down$/, "encoder.down.$1.downsample"],
    [/^enc\.mid_(\w+)$/, "encoder.mid.$1"],
    [/^enc\.(\w+)$/, "encoder.$1"],
    [/^dec\.post_quant_conv$/, "post_quant_conv"],
    [/^dec\.unclamped$/, "decoder.conv_out"],
    [/^dec\.level(\d+)_block_last$/, `decoder.up.$1.block.${resBlocks}`],
    [/^dec\.level(\d+)_up$/, "decoder.up.$1.upsample"],
    [/^dec\.mid_(\w+)$/, "decoder.mid.$1"],
    [/^dec\.(\w+)$/, "decoder.$1"],
  ];
  const rule = rules.find(([pattern]) => pattern.test(name));
  return rule ? name.replace(...rule) : name;
}
