/**
 * The caption encoder of the embedded models: a small transformer that sees a caption in both directions, trained by contrast with
 * pictures (as CLIP's, arXiv 2103.00020 §2.4, with layer norms before each branch). Its vectors condition generation.
 */
import { check, isNumberIn } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import type { Fields } from "../base/fields.js";
import { described } from "../base/words.js";
import type { Engine } from "../engine/engine.js";
import { type Graph, GraphBuilder, type Value } from "../engine/graph.js";
import { type Ops, opsOf } from "../engine/ops/index.js";
import { i32 } from "../engine/tensor.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { settle } from "../engine/weights/settle.js";
import { count } from "./condition.js";

export interface CaptionEncoderConfig {
  readonly layers: number;
  readonly heads: number;
  /** Numbers per vector. */
  readonly width: number;
  /** Width inside the feed-forward network. */
  readonly hidden: number;
  readonly vocabulary: number;
  /** The most tokens of a caption. */
  readonly tokens: number;
  readonly normEpsilon: number;
}

export interface CaptionEncoder extends AsyncDisposable {
  readonly config: CaptionEncoderConfig;
  /**
   * A vector for each token of a caption, [tokens, width], rows one after the other; of no tokens, nothing.
   * @throws ArgumentError for more tokens than it reads, or ids outside of its vocabulary.
   */
  vectors(ids: readonly number[]): Promise<Float32Array>;
  close(): Promise<void>;
}

/** A configuration out of its fields in a config.json. Throws ArgumentError naming the place. */
export function parseCaptionEncoderConfig(of: Fields, where: string): CaptionEncoderConfig {
  const config = {
    layers: count(of, "layers", 1000),
    heads: count(of, "heads", 1000),
    width: count(of, "width", 2 ** 16),
    hidden: count(of, "hidden", 2 ** 18),
    vocabulary: count(of, "vocabulary"),
    tokens: count(of, "tokens", 2 ** 16),
    normEpsilon: of.number("normEpsilon", "a number from 0 to 0.1", isNumberIn(0, 0.1)),
  };
  of.finish();
  const { width, heads } = config;
  check(`${where}.width`, `a multiple of heads = ${heads}`, width, (size) => size % heads === 0);
  return config;
}

/**
 * The graph of a pass over whole captions, none of them padded. Inputs `ids` [B, T] and `places` [T], which count from 0; output
 * `vectors` [B, T, width].
 */
export function captionEncoderGraph(config: CaptionEncoderConfig): Graph {
  const { layers, heads, width: C, hidden, vocabulary, tokens, normEpsilon: epsilon } = config;
  const g = new GraphBuilder("caption-encoder");
  const o = opsOf(g);
  const weight = (name: string, shape: readonly number[]) => g.weight(`caption.${name}`, shape);
  const affine = (path: string, x: Value, from: number, to: number) =>
    o.linear(x, weight(`${path}.weight`, [to, from]), weight(`${path}.bias`, [to]));
  const norm = (path: string, x: Value) =>
    o.layerNorm(x, weight(`${path}.weight`, [C]), weight(`${path}.bias`, [C]), { epsilon });

  const words = o.embedding(g.input("ids", ["B", "T"], "i32"), weight("words.weight", [vocabulary, C]));
  const places = o.embedding(g.input("places", ["T"], "i32"), weight("places.weight", [tokens, C]));
  let x = o.add(words, places);
  for (let i = 0; i < layers; i++) {
    const qkv = affine(`blocks.${i}.qkv`, norm(`blocks.${i}.norm1`, x), C, 3 * C);
    const seen = attended(o, qkv, C, heads);
    x = o.add(x, affine(`blocks.${i}.proj`, seen, C, C));
    const widened = affine(`blocks.${i}.fc1`, norm(`blocks.${i}.norm2`, x), C, hidden);
    x = o.add(x, affine(`blocks.${i}.fc2`, o.gelu(widened, { approximation: "tanh" }), hidden, C));
  }
  return g.build({ vectors: norm("norm", x) });
}

/** Every token sees every other: [B, T, 3C] of queries, keys and values -> [B, T, C]. */
function attended(o: Ops, qkv: Value, C: number, heads: number): Value {
  const part = (i: number) => o.slice(qkv, { axis: 2, start: i * C, end: (i + 1) * C });
  return o.openAttention(part(0), part(1), part(2), { heads, scale: (C / heads) ** -0.5 });
}

/** What the file holds besides: the way to the sphere on which captions and pictures meet, and the picture encoder. */
const BESIDE = [/^caption\.joint\./, /^picture\./];

/**
 * Opens the encoder with the weights of a checkpoint, which stays the caller's.
 *
 * @throws WeightsError for weights that are missing, misshapen or left over.
 */
export async function openCaptionEncoder(
  engine: Engine,
  config: CaptionEncoderConfig,
  checkpoint: Checkpoint,
): Promise<CaptionEncoder> {
  const graph = captionEncoderGraph(config);
  settle(checkpoint, [graph], { ignore: BESIDE });
  const program = await engine.compile(graph, checkpoint);
  const close = () => program.close();
  return {
    config,
    async vectors(ids) {
      const { tokens, vocabulary } = config;
      if (ids.length > tokens)
        throw new ArgumentError("ids", `at most ${tokens} tokens`, described(`${ids.length} tokens`));
      const stray = ids.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabulary));
      if (stray !== undefined) throw new ArgumentError("ids", `ids from 0 to ${vocabulary - 1}`, stray);
      if (ids.length === 0) return new Float32Array();
      const places = i32([ids.length], [...ids.keys()]);
      const { vectors } = await program.run({ ids: i32([1, ids.length], [...ids]), places });
      return vectors!.data as Float32Array;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
