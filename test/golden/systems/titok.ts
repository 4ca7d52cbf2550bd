/** TiTok and HiMTok against their golden cases: what the tokenizers return, and every value inside that the cases list. */
import type { Engine } from "../../../src/engine/engine.js";
import type { GraphBuilder } from "../../../src/engine/graph.js";
import { type FloatTensor, f32, i32, type Tensor, tensor } from "../../../src/engine/tensor.js";
import { boxesIn } from "../../../src/tokenizers/mask/boxes.js";
import { openMaskTokenizer } from "../../../src/tokenizers/mask/mask-tokenizer.js";
import { parseTitokConfig, type TitokConfig } from "../../../src/tokenizers/mask/titok-config.js";
import {
  titokCodebook,
  titokCodes,
  titokFeatures,
  titokMixtures,
  titokPixels,
} from "../../../src/tokenizers/mask/titok-graphs.js";
import { TitokNetwork } from "../../../src/tokenizers/mask/titok-network.js";
import type { Tap } from "../../../src/tokenizers/tap.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import type { Comparison, Numbers } from "../compare.js";
import { judge } from "../judge.js";
import { headOf, shapedLike, tapped } from "./tapped.js";

export async function* titok(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const config = titokConfig(golden);
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const network = new TitokNetwork(engine, config, weights, "image tokenizer");
  const pictures = io.get("in.image") as FloatTensor;
  const ids = await network.encode(pictures);
  const pixels = await network.decode(ids);
  await network.close();
  const run = (build: (g: GraphBuilder, tap: Tap) => void, inputs: Readonly<Record<string, Tensor>>) =>
    tapped(engine, weights, build, inputs);
  const encoder = await run((g, tap) => encode(g, config, tap), { pictures });
  const decoder = await run((g, tap) => decode(g, config, tap), { ids, known: known(config, config.tokens) });

  const answers = new Map<string, Numbers>([
    ["out.ids", ids],
    ["out.pixels", pixels],
    [
      "out.pixels_clamped",
      tensor(
        pixels.shape,
        pixels.data.map((value) => Math.min(1, Math.max(0, value))),
      ),
    ],
    ["out.z", encoder["encoder.conv_out"]!],
    ["out.zq", turned(decoder.codes as FloatTensor)],
    ["out.enc_ln_pre", encoder["encoder.ln_pre"]!],
    ["out.enc_block0", encoder["encoder.transformer.0"]!],
    ["out.latents", encoder["encoder.ln_post"]!],
    ["out.dec_ln_post", decoder["decoder.ln_post"]!],
    ["out.ffn", decoder["decoder.ffn"]!],
    ...(config.form === "legacy" ? [["out.pixel_features", decoder.pixel_quantize!] as const] : []),
  ]);
  yield* judge(golden, io, ["in.image"], (name, expected) => {
    const actual = answers.get(name);
    return actual && firstIf(actual, expected);
  });
}

export async function* himtok(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const config = titokConfig(golden);
  const { side, tokens: N } = config;
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  await using tokenizer = await openMaskTokenizer(engine, config, weights);
  const pictures = io.get("in.mask_image") as FloatTensor;
  const logits = io.get("in.soft_logits") as FloatTensor;
  const ids = await tokenizer.encode(tensor([1, side, side], pictures.data.slice(0, side ** 2)));
  const inside = await tapped(engine, weights, (g, tap) => encode(g, config, tap), { pictures });
  const soft = await tapped(
    engine,
    weights,
    (g, tap) => {
      tap("mixtures", titokMixtures(g, config, g.input("logits", ["B", N, config.vocab])));
      tap("codebook", titokCodebook(g, config));
    },
    { logits },
  );
  const drawn = (n: number) => i32([logits.shape[0]!, n], new Int32Array(logits.shape[0]! * n)); // their number counts alone
  const answers = new Map<string, Numbers>([
    ["out.ids", ids],
    ["out.latents", inside["encoder.ln_post"]!],
    ["out.z", inside["encoder.conv_out"]!],
    ["out.codebook_effective", soft.codebook!],
    ["out.soft_z", turned(soft.mixtures as FloatTensor)],
    ["out.soft_mask", await tokenizer.decodeSoftly(drawn(N), logits)],
    ["out.box_pixels", boxPixels(io)],
  ]);
  const prefixes = new Float32Array(N * side ** 2);
  for (let n = 1; n <= N; n++) {
    const prefix = i32([1, n], ids.data.subarray(0, n));
    prefixes.set((await tokenizer.decode(prefix)).data, (n - 1) * side ** 2);
  }
  answers.set("out.prefix_masks", tensor([N, side, side], prefixes));
  for (const name of io.keys()) {
    const [, ffn, zeroed] = /^out\.(?:ffn_(\d+)|soft_mask_zeroed_after_(\d+))$/.exec(name) ?? [];
    if (ffn) {
      const inputs = { ids, known: known(config, Number(ffn)) };
      answers.set(name, (await tapped(engine, weights, (g, tap) => decode(g, config, tap), inputs))["decoder.ffn"]!);
    }
    if (zeroed) answers.set(name, await tokenizer.decodeSoftly(drawn(Number(zeroed)), logits));
  }
  const inputs = ["in.mask_image", "in.soft_logits", "in.box_in", "in.image_size"];
  yield* judge(golden, io, inputs, (name, expected) => {
    if (name === "out.prefix_binary") return binary(prefixes, io, golden.tolerance.abs);
    const actual = answers.get(name);
    return actual && shapedLike(actual, expected);
  });
}

/** The config of a case in our names; a case of masks is one that has no `is_legacy`. */
export function titokConfig({ config }: GoldenCase): TitokConfig {
  const tower = { width: config.W, layers: config.L, heads: config.H };
  const form = config.is_legacy === undefined ? "hierarchical" : config.is_legacy ? "legacy" : "plain";
  const decoder = config.pixel_decoder as Readonly<Record<string, unknown>> | null;
  return parseTitokConfig("case.json config", {
    ...{ form, side: config.img, patch: config.patch, tokens: config.N, codeDim: config.tok, vocab: config.cb },
    ...{ encoder: tower, decoder: tower },
    ...(form === "legacy" && { pixelCodes: config.K }),
    ...(decoder && {
      pixelDecoder: {
        zChannels: decoder.z_channels,
        ch: decoder.hidden_channels,
        multipliers: decoder.channel_mult,
        resBlocks: decoder.num_res_blocks,
      },
    }),
  });
}

const encode = (g: GraphBuilder, config: TitokConfig, tap: Tap) =>
  titokFeatures(g, config, g.input("pictures", ["B", 3, config.side, config.side]), tap);

function decode(g: GraphBuilder, config: TitokConfig, tap: Tap): void {
  const codes = tap("codes", titokCodes(g, config, g.input("ids", ["B", config.tokens], "i32")));
  tap("pixels", titokPixels(g, config, codes, g.input("known", [1, config.tokens, 1]), tap));
}

const known = ({ tokens: N }: TitokConfig, n: number) => f32([1, N, 1], new Float32Array(N).fill(1, 0, n));

/** Most inner values are stored of the first picture only. */
const firstIf = (actual: Numbers, expected: Numbers): Numbers =>
  actual.shape.length === expected.shape.length + 1
    ? headOf({ shape: [1, ...actual.shape.slice(1)], data: actual.data } as Numbers, expected)
    : actual;

/** [B, N, C] as [B, C, N]. */
function turned({ shape, data }: FloatTensor): FloatTensor {
  const [B, N, C] = shape as [number, number, number];
  const at = (i: number) => (Math.floor(i / (N * C)) * N + (i % N)) * C + (Math.floor(i / N) % C);
  return tensor(
    [B, C, N],
    Float32Array.from(data, (_, i) => data[at(i)]!),
  );
}

/** The thresholded masks; where the expected probability lies within `margin` of the threshold, either side is right. */
function binary(probabilities: Float32Array, io: ReadonlyMap<string, Numbers>, margin: number): Numbers {
  const { shape, data } = io.get("out.prefix_binary")!;
  const exact = io.get("out.prefix_masks")!.data;
  const flags = Uint8Array.from(probabilities, (p, i) => {
    return Math.abs(exact[i]! - 0.5) <= margin ? data[i]! : p > 0.5 ? 1 : 0;
  });
  return { shape, data: flags };
}

/** Boxes as a model would write them, read back and scaled to the picture. */
function boxPixels(io: ReadonlyMap<string, Numbers>): Numbers {
  const { shape, data } = io.get("in.box_in")!;
  const [width, height] = io.get("in.image_size")!.data as Int32Array;
  const rows = Array.from({ length: shape[0]! }, (_, i) => `[${data.slice(4 * i, 4 * i + 4).join(",")}]`);
  const boxes = boxesIn(`<box>[${rows.join(",")}]</box>`);
  return f32(
    [boxes.length, 4],
    boxes.flatMap(([top, left, bottom, right]) => [left * width!, top * height!, right * width!, bottom * height!]),
  );
}
