/**
 * Mimi (Moshi, arXiv 2410.00037 §3.3): audio to ids of 12.5 frames a second and back. One book says what is said, the others how it
 * sounds, each refining those before it. The network is that of latent-codec.ts, with a quantizer in the middle.
 */
import { ArgumentError } from "../../../base/errors.js";
import type { Engine } from "../../../engine/engine.js";
import { type Graph, GraphBuilder } from "../../../engine/graph.js";
import { i32 } from "../../../engine/tensor.js";
import type { Checkpoint } from "../../../engine/weights/checkpoint.js";
import { settle } from "../../../engine/weights/settle.js";
import { renamed, type Rename, stacked } from "../../../engine/weights/views.js";
import { compiledOnce, type LazyProgram } from "../../lazy-program.js";
import { type LatentCodecConfig, latentsOf, placeInputs, soundInputs, soundOf } from "./latent-codec.js";
import { type SplitRvqConfig, splitIds, splitLatents } from "./split-rvq.js";

export interface MimiConfig {
  /** `latent` and `encoded` are its width. */
  readonly codec: LatentCodecConfig;
  readonly quantizer: SplitRvqConfig;
}

export function mimiEncoder({ codec, quantizer }: MimiConfig): Graph {
  const g = new GraphBuilder("mimi-encoder");
  const books = splitIds(g, quantizer, latentsOf(g, codec, g.input("samples", [1, 1, "L"])));
  return g.build(Object.fromEntries(books.map((ids, i) => [`ids ${i}`, ids])));
}

/** Ids of the first books, [1, F] each, to samples. */
export function mimiDecoder({ codec, quantizer }: MimiConfig, books = quantizer.books): Graph {
  const g = new GraphBuilder("mimi-decoder");
  const ids = Array.from({ length: books }, (_, i) => g.input(`ids ${i}`, [1, "F"], "i32"));
  return g.build({ samples: soundOf(g, codec, splitLatents(g, quantizer, ids)) });
}

export interface Mimi extends AsyncDisposable {
  readonly config: MimiConfig;
  /** Mono samples to the ids of each book; silence is added up to a whole frame. */
  encode(samples: Float32Array): Promise<Int32Array[]>;
  /** Ids of the first book, or of the first few, to samples. @throws ArgumentError for books of other lengths or numbers. */
  decode(books: readonly ArrayLike<number>[]): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Opens weights in the names of the Hugging Face hub. @throws WeightsError listing all that are missing, misshapen or unused. */
export function openMimi(engine: Engine, config: MimiConfig, checkpoint: Checkpoint): Mimi {
  const weights = stacked(renamed(checkpoint, namesOf(config)), ["q_proj", "k_proj", "v_proj"], "in_proj");
  const graphs = { encoder: mimiEncoder(config), decoder: mimiDecoder(config) };
  settle(weights, Object.values(graphs));
  const encoder = compiledOnce(engine, graphs.encoder, weights);
  const decoders = new Map<number, LazyProgram>();
  const decoderOf = (books: number): LazyProgram => {
    const known = decoders.get(books) ?? compiledOnce(engine, mimiDecoder(config, books), weights);
    decoders.set(books, known);
    return known;
  };
  const close = async () => {
    await Promise.all([encoder, ...decoders.values()].map((program) => program.close()));
  };
  return {
    config,
    async encode(samples) {
      const found = await (await encoder.get()).run(soundInputs(config.codec, samples));
      return Array.from({ length: config.quantizer.books }, (_, i) => found[`ids ${i}`]!.data as Int32Array);
    },
    async decode(books) {
      const most = config.quantizer.books;
      const F = books[0]?.length ?? 0;
      if (books.length > most || F === 0 || books.some((book) => book.length !== F))
        throw new ArgumentError(
          "books",
          `1 to ${most} lists of as many ids each`,
          books.map((book) => book.length),
        );
      const ids = Object.fromEntries(books.map((book, i) => [`ids ${i}`, i32([1, F], book)]));
      const places = placeInputs(config.codec, 0, F * config.codec.resampling);
      const program = await decoderOf(books.length).get();
      return (await program.run({ ...ids, ...places })).samples!.data as Float32Array;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The hub's names as the authors' files have them; the layers that widen stand among those of the decoder. */
function namesOf({ codec: { ratios } }: MimiConfig): readonly Rename[] {
  const wider = ratios.map((_, i) => 3 * i + 2).join("|");
  const layer = /^((?:en|de)coder_transformer)\.layers\.(\d+)\./.source;
  const rvq = (half: string, name: string): readonly Rename[] => {
    const path = `^quantizer\\.${half}_residual_vector_quantizer\\.`;
    return [
      [new RegExp(`${path}(input|output)_proj\\.weight$`), `${name}.$1_proj.weight`],
      [new RegExp(`${path}layers\\.(\\d+)\\.codebook\\.embed_sum$`), `${name}.vq.layers.$1._codebook.embedding_sum`],
      [
        new RegExp(`${path}layers\\.(\\d+)\\.codebook\\.cluster_usage$`),
        `${name}.vq.layers.$1._codebook.cluster_usage`,
      ],
      [new RegExp(`${path}layers\\.\\d+\\.codebook\\.initialized$`), null],
    ];
  };
  return [
    [/^encoder\.layers\.(.*)$/, "encoder.model.$1"],
    [new RegExp(`^decoder\\.layers\\.(${wider})\\.conv\\.(weight|bias)$`), "decoder.model.$1.convtr.$2"],
    [new RegExp(`^decoder\\.layers\\.(?!(?:${wider})\\.)(.*)$`), "decoder.model.$1"],
    [/^downsample\.conv\.weight$/, "downsample.conv.conv.weight"],
    [/^upsample\.conv\.weight$/, "upsample.convtr.convtr.weight"],
    [new RegExp(`${layer}self_attn\\.([qkv]_proj)\\.weight$`), "$1.transformer.layers.$2.self_attn.$3.weight"],
    [new RegExp(`${layer}self_attn\\.o_proj\\.weight$`), "$1.transformer.layers.$2.self_attn.out_proj.weight"],
    [new RegExp(`${layer}mlp\\.fc([12])\\.weight$`), "$1.transformer.layers.$2.linear$3.weight"],
    [new RegExp(`${layer}input_layernorm\\.(weight|bias)$`), "$1.transformer.layers.$2.norm1.$3"],
    [new RegExp(`${layer}post_attention_layernorm\\.(weight|bias)$`), "$1.transformer.layers.$2.norm2.$3"],
    [new RegExp(`${layer}self_attn_layer_scale\\.scale$`), "$1.transformer.layers.$2.layer_scale_1.scale"],
    [new RegExp(`${layer}mlp_layer_scale\\.scale$`), "$1.transformer.layers.$2.layer_scale_2.scale"],
    ...rvq("semantic", "rvq_first"),
    ...rvq("acoustic", "rvq_rest"),
  ];
}
