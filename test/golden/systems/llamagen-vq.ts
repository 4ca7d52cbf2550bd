/** LlamaGen's VQ tokenizer against its golden cases: what it returns, and every map inside that the case lists. */
import type { Engine } from "../../../src/engine/engine.js";
import { GraphBuilder, type Value } from "../../../src/engine/graph.js";
import type { FloatTensor, Tensor } from "../../../src/engine/tensor.js";
import { downsampleOf } from "../../../src/tokenizers/image/codec-config.js";
import { parseVqConfig, type VqConfig } from "../../../src/tokenizers/image/vq-config.js";
import { vqCodes, vqFeatures, vqNearest, vqPixels } from "../../../src/tokenizers/image/vq-graphs.js";
import { openVqTokenizer } from "../../../src/tokenizers/image/vq-tokenizer.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import { type Comparison, compare, failed, matches, Unsupported } from "../compare.js";
import { storedPart, twoSmallest } from "../maps.js";

/** Names of the case that are inputs. */
const INPUTS = ["image"];

export async function* llamagenVq(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const config = configOf(golden);
  const io = await readTensors(folder);
  const image = io.get("image") as FloatTensor;
  const ids = gridOf(io.get("enc.ids") as Tensor, image, downsampleOf(config));
  await using weights = await openWeights(folder);

  // What users call, and then the same graphs once more with every intermediate map as an output.
  await using tokenizer = await openVqTokenizer(engine, config, weights);
  const encoded = await tokenizer.encode(image);
  const decoded = await tokenizer.decode(ids);
  const inside = new Map<string, Tensor>();
  for (const graph of [tappedEncoder(config), tappedDecoder(config)]) {
    await using program = await engine.compile(graph, weights);
    const input = graph.inputs.some((value) => value.source.kind === "input" && value.source.name === "ids");
    const results = await program.run(input ? { ids } : { pixels: image });
    for (const [name, result] of Object.entries(results)) inside.set(name, result);
  }

  const deepest = config.multipliers.length - 1;
  for (const [name, expected] of io) {
    if (INPUTS.includes(name)) continue;
    const actual =
      name === "enc.ids"
        ? flat(encoded)
        : name === "dec.image"
          ? decoded
          : name === "enc.two_smallest_distances"
            ? twoSmallest(inside.get("quantize.distances")!)
            : inside.get(pathOf(name, deepest, config.resBlocks));
    if (!actual) yield failed(name, "this version computes no such tensor");
    else yield compare(name, storedPart(actual, expected), expected, golden.tolerance);
  }
  for (const pattern of Object.keys(golden.tensors)) {
    if (![...io.keys()].some((name) => matches(pattern, name))) yield failed(pattern, "listed but not in the file");
  }
}

/** The config of the case in our names. */
export function configOf({ config }: GoldenCase): VqConfig {
  if (config.codebook_l2 !== true) throw new Unsupported("a codebook that is not l2-normalised");
  if (config.norm_eps !== 1e-6) throw new Unsupported(`group normalisation with epsilon ${config.norm_eps}`);
  return parseVqConfig("case.json config", {
    channels: config.channels ?? 3, // these two only in cases of our own variant
    patch: config.patch ?? 1,
    ch: config.ch,
    multipliers: config.ch_mult,
    resBlocks: config.res_blocks,
    groups: config.groups,
    zChannels: config.z_channels,
    codeDim: config.code_dim,
    vocab: config.vocab,
  });
}

function tappedEncoder(config: VqConfig) {
  const g = new GraphBuilder("vq-encoder-tapped");
  const outputs: Record<string, Value> = {};
  const tap = (path: string, value: Value) => (outputs[path] = value);
  const features = vqFeatures(g, config, g.input("pixels", ["B", config.channels, "Y", "X"]), tap);
  outputs["quantize.chosen"] = vqCodes(g, config, vqNearest(g, config, features, tap));
  return g.build(outputs);
}

function tappedDecoder(config: VqConfig) {
  const g = new GraphBuilder("vq-decoder-tapped");
  const outputs: Record<string, Value> = {};
  const tap = (path: string, value: Value) => (outputs[path] = value);
  vqPixels(g, config, vqCodes(g, config, g.input("ids", ["B", "h", "w"], "i32"), tap), tap);
  return g.build(outputs);
}

/** Where the golden names are in the checkpoint's own tree of modules. */
function pathOf(name: string, deepest: number, resBlocks: number): string {
  const rules: readonly (readonly [RegExp, string])[] = [
    [/^enc\.feature$/, "quant_conv"],
    [/^enc\.quantized$/, "quantize.chosen"],
    [/^dec\.codes$/, "quantize.codes"],
    [/^enc\.(conv_in|conv_out)$/, "encoder.$1"],
    [/^enc\.block(\d+)_res(\d+)$/, "encoder.conv_blocks.$1.res.$2"],
    [/^enc\.block(\d+)_down$/, "encoder.conv_blocks.$1.downsample"],
    [/^enc\.attn(\d+)$/, `encoder.conv_blocks.${deepest}.attn.$1`],
    [/^enc\.mid(\d)$/, "encoder.mid.$1"],
    [/^dec\.conv_in$/, "decoder.conv_in"],
    [/^dec\.mid(\d)$/, "decoder.mid.$1"],
    [/^dec\.attn(\d+)$/, "decoder.conv_blocks.0.attn.$1"],
    [/^dec\.block(\d+)_res_last$/, `decoder.conv_blocks.$1.res.${resBlocks}`],
    [/^dec\.block(\d+)_res(\d+)$/, "decoder.conv_blocks.$1.res.$2"],
    [/^dec\.block(\d+)_up$/, "decoder.conv_blocks.$1.upsample"],
  ];
  const rule = rules.find(([pattern]) => pattern.test(name));
  return rule ? name.replace(...rule) : name;
}

/** Ids [B, h·w] as the grid [B, h, w] that belongs to the picture. */
function gridOf(ids: Tensor, image: FloatTensor, downsample: number): Tensor {
  const [B, , Y, X] = image.shape as [number, number, number, number];
  return { shape: [B, Y / downsample, X / downsample], data: ids.data };
}

const flat = ({ shape: [B, h, w], data }: Tensor): Tensor => ({ shape: [B!, h! * w!], data });
