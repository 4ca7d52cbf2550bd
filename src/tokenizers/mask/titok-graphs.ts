/**
 * TiTok (arXiv 2406.07550 §3.2) and HiMTok (arXiv 2503.13026 §3.1) as mathematics: a picture -> patches and latents -> ids, and
 * ids -> codes -> patches -> a picture. Weight names are those of the files. A `tap` sees intermediate values by their paths.
 */
import type { GraphBuilder, Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { codecBlocks } from "../image/codec-blocks.js";
import { nearestCode } from "../image/nearest-code.js";
import { type Tap, untapped } from "../tap.js";
import { pixelDecoder } from "./pixel-decoder.js";
import { GROUPS, gridOf, TITOK_FORMS, type TitokConfig } from "./titok-config.js";
import { causalLatents, visionTower } from "./vision-tower.js";

/** Pictures [B, 3, Y, X] in [0, 1] to features [B, codeDim, N], not normalised. */
export function titokFeatures(g: GraphBuilder, config: TitokConfig, pictures: Value, tap: Tap = untapped): Value {
  const o = opsOf(g);
  const { patch, tokens: N, codeDim } = config;
  const { width: C } = config.encoder;
  const P = gridOf(config) ** 2;
  const { weight, norm, run } = visionTower(g, "encoder", config.encoder, tap);
  const { reading, sight } = TITOK_FORMS[config.form];

  const kernel = weight("patch_embed.weight", [C, 3, patch, patch]);
  const map = o.conv2d(pictures, kernel, weight("patch_embed.bias", [C]), { stride: patch }); // [B, C, h, w]
  const patches = o.transpose(o.reshape(map, { shape: [0, C, P] }), { permutation: [0, 2, 1] });
  // What every picture has in its rows: [class | patches | latents]. Patches are added to it.
  const { first, others } = positions(g, "encoder", C, P);
  const latents = o.add(g.weight("latent_tokens", [N, C]), weight("latent_token_positional_embedding", [N, C]));
  const rows = o.concat(o.add(weight("class_embedding", [1, C]), first), others, latents, { axis: 0 });
  const x = o.add(o.pad(patches, { axis: 1, before: 1, after: N, mode: "zero" }), rows);

  const bias = sight === "causal" ? causalLatents(g, 1 + P, N) : null;
  const seen = tap("encoder.ln_post", norm("ln_post", o.tail(run(x, bias), { axis: 1, count: N }))); // [B, N, C]
  const turned = reading === "turned" ? o.transpose(seen, { permutation: [0, 2, 1] }) : seen;
  const read = o.reshape(turned, { shape: [0, C, N, 1] });
  const z = o.conv2d(read, weight("conv_out.weight", [codeDim, C, 1, 1]), weight("conv_out.bias", [codeDim]));
  return tap("encoder.conv_out", o.reshape(z, { shape: [0, codeDim, N] }));
}

/** The code nearest to each feature by the angle between them: [B, codeDim, N] to ids [B, N]. */
export function titokNearest(g: GraphBuilder, config: TitokConfig, features: Value, tap: Tap = untapped): Value {
  const z = unit(g, opsOf(g).transpose(features, { permutation: [0, 2, 1] }));
  return nearestCode(g, z, unit(g, titokCodebook(g, config)), tap);
}

/** Ids [B, N] to codes of unit length [B, N, codeDim]. */
export const titokCodes = (g: GraphBuilder, config: TitokConfig, ids: Value): Value =>
  opsOf(g).embedding(ids, unit(g, titokCodebook(g, config)));

/**
 * Logits [B, N, K] to mixtures of codes [B, N, codeDim]: softmax(2 · logits) times the codebook, whose rows keep their length
 * (HiMTok, arXiv 2503.13026 §3.3).
 */
export function titokMixtures(g: GraphBuilder, config: TitokConfig, logits: Value): Value {
  const o = opsOf(g);
  return o.matmul(o.softmax(o.affine(logits, { scale: SHARPNESS }), { axis: -1 }), titokCodebook(g, config));
}

const SHARPNESS = 2;

/** The codebook [K, codeDim], not normalised. */
export function titokCodebook(g: GraphBuilder, { form, vocab, codeDim }: TitokConfig): Value {
  const rows = g.weight("quantize.embedding.weight", [vocab, codeDim]);
  if (TITOK_FORMS[form].codebook === "rows") return rows;
  return opsOf(g).linear(rows, g.weight("quantize.embedding_proj.weight", [codeDim, codeDim]), null);
}

/**
 * Codes [B, N, codeDim] to pixels [B, 3, Y, X], about [0, 1] and not clamped. `known` [1, N, 1] has a 1 for every token that is
 * there and a 0 for those that a prefix leaves out, whose rows are zeros before positions are added.
 */
export function titokPixels(
  g: GraphBuilder,
  config: TitokConfig,
  codes: Value,
  known: Value,
  tap: Tap = untapped,
): Value {
  const o = opsOf(g);
  const { tokens: N, codeDim } = config;
  const { width: C } = config.decoder;
  const P = gridOf(config) ** 2;
  const { weight, norm, run } = visionTower(g, "decoder", config.decoder, tap);

  const embedding = [weight("decoder_embed.weight", [C, codeDim]), weight("decoder_embed.bias", [C])] as const;
  const latents = o.mul(o.linear(codes, ...embedding), known); // [B, N, C]
  const { first, others } = positions(g, "decoder", C, P);
  const blanks = o.add(o.reshape(weight("mask_token", [1, 1, C]), { shape: [1, C] }), others); // [P, C]
  const places = weight("latent_token_positional_embedding", [N, C]);
  const rows = o.concat(o.add(weight("class_embedding", [1, C]), first), blanks, places, { axis: 0 });
  const x = run(o.add(o.pad(latents, { axis: 1, before: 1 + P, after: 0, mode: "zero" }), rows), null);
  const patches = tap("decoder.ln_post", norm("ln_post", o.slice(x, { axis: 1, start: 1, end: 1 + P }))); // [B, P, C]
  return painted(g, config, patches, tap);
}

/** Rows of patches [B, P, C] to pixels [B, 3, Y, X]. */
function painted(g: GraphBuilder, config: TitokConfig, patches: Value, tap: Tap): Value {
  const o = opsOf(g);
  const { conv } = codecBlocks(g, { groups: GROUPS, projections: "q k v" });
  const { patch } = config;
  const { width: C } = config.decoder;
  const h = gridOf(config);
  const map = o.reshape(o.transpose(patches, { permutation: [0, 2, 1] }), { shape: [0, C, h, h] });

  if (config.form === "plain") {
    // The head's channels run over row and column within the patch and then colour; depthToSpace wants colour first.
    const channels = conv("decoder.ffn.0", map, 3 * patch ** 2, 1);
    const split = o.reshape(channels, { shape: [0, patch ** 2, 3, h * h] });
    const blocks = o.reshape(o.transpose(split, { permutation: [0, 2, 1, 3] }), { shape: [0, 3 * patch ** 2, h, h] });
    return conv("decoder.conv_out", tap("decoder.ffn", o.depthToSpace(blocks, { size: patch })), 3, 3);
  }
  const bent = o.tanh(conv("decoder.ffn.0", map, 2 * C, 1));
  const { zChannels } = config.pixelDecoder;
  if (config.form === "hierarchical")
    return pixelDecoder(g, config.pixelDecoder, tap("decoder.ffn", conv("decoder.ffn.2", bent, zChannels, 1)));

  const K = config.pixelCodes;
  const scores = tap("decoder.ffn", conv("decoder.ffn.2", bent, K, 1)); //                         [B, K, h, w]
  const shares = o.softmax(o.transpose(o.reshape(scores, { shape: [0, K, h * h] }), { permutation: [0, 2, 1] }), {
    axis: -1,
  });
  const mixed = o.matmul(shares, g.weight("pixel_quantize.embedding.weight", [K, zChannels])); //  [B, h·w, z]
  const features = o.reshape(o.transpose(mixed, { permutation: [0, 2, 1] }), { shape: [0, zChannels, h, h] });
  return pixelDecoder(g, config.pixelDecoder, tap("pixel_quantize", features));
}

/** The position of the class row [1, C], and those of the patches [P, C]. */
function positions(g: GraphBuilder, tower: string, C: number, P: number) {
  const o = opsOf(g);
  const all = g.weight(`${tower}.positional_embedding`, [1 + P, C]);
  return {
    first: o.slice(all, { axis: 0, start: 0, end: 1 }),
    others: o.slice(all, { axis: 0, start: 1, end: 1 + P }),
  };
}

/** Along the last axis, x / max(|x|, 1e-12). */
const unit = (g: GraphBuilder, x: Value): Value => opsOf(g).l2Normalize(x, { axis: -1, epsilon: 1e-12 });
