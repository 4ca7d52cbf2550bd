/**
 * The picture encoder that a caption encoder was trained beside: two towers on one sphere (as CLIP's, Radford et al. 2021, arXiv 2103.00020
 * §2.3), on which a picture lies the nearer to a caption the better the words fit. It chooses among candidates.
 */
import { check, isIntegerIn } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import type { Fields } from "../base/fields.js";
import { described } from "../base/words.js";
import type { Engine } from "../engine/engine.js";
import { type Graph, GraphBuilder } from "../engine/graph.js";
import { opsOf } from "../engine/ops/index.js";
import { type FloatTensor, tensor } from "../engine/tensor.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { settle } from "../engine/weights/settle.js";
import { count } from "./condition.js";

export interface PictureEncoderConfig {
  /** 3 = RGB, 4 = premultiplied RGBA. */
  readonly channels: number;
  /** Pixels of a side. */
  readonly side: number;
  /** Channels and stride of each convolution. */
  readonly convolutions: readonly (readonly [width: number, stride: number])[];
  /** Numbers of a point on the sphere. */
  readonly joint: number;
  /** Numbers of a vector of the caption encoder. */
  readonly captionWidth: number;
}

export interface PictureEncoder extends AsyncDisposable {
  readonly config: PictureEncoderConfig;
  /**
   * How near each picture lies to the caption: the cosine of the angle between them, -1 … 1.
   *
   * @param vectors those of the caption encoder, [tokens, captionWidth], rows one after the other.
   * @param pixels [B, channels, side, side] in [-1, 1].
   * @throws ArgumentError for another shape, or a caption of no tokens.
   */
  nearness(vectors: Float32Array, pixels: FloatTensor): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** A configuration out of its fields in a config.json. Throws ArgumentError naming the place. */
export function parsePictureEncoderConfig(of: Fields, where: string): PictureEncoderConfig {
  const config: PictureEncoderConfig = {
    channels: of.number("channels", "3 or 4", (value) => value === 3 || value === 4),
    side: count(of, "side", 4096),
    convolutions: of.value("convolutions", "one to 32 pairs of channels and a stride of 1 or 2", areConvolutions),
    joint: count(of, "joint", 2 ** 16),
    captionWidth: count(of, "captionWidth", 2 ** 16),
  };
  of.finish();
  const shrinks = config.convolutions.reduce((product, [, stride]) => product * stride, 1);
  check(`${where}.side`, `a multiple of ${shrinks}, the product of all strides`, config.side, (s) => s % shrinks === 0);
  return config;
}

const areConvolutions = (value: unknown): value is [number, number][] =>
  Array.isArray(value) &&
  isIntegerIn(1, 32)(value.length) &&
  value.every(
    (pair) => Array.isArray(pair) && pair.length === 2 && isIntegerIn(1, 4096)(pair[0]) && isIntegerIn(1, 2)(pair[1]),
  );

/** Inputs `pixels` [B, C, side, side] and `caption` [1, captionWidth], the mean of its vectors; outputs `seen` [B, joint] and `said` [1, joint]. */
export function pictureEncoderGraph({
  channels,
  side,
  convolutions,
  joint,
  captionWidth,
}: PictureEncoderConfig): Graph {
  const g = new GraphBuilder("picture-encoder");
  const o = opsOf(g);
  let x = g.input("pixels", ["B", channels, side, side]);
  let [inner, rest] = [channels, side];
  for (const [i, [width, stride]] of convolutions.entries()) {
    const path = `picture.convs.${i}`;
    const weights = [g.weight(`${path}.weight`, [width, inner, 3, 3]), g.weight(`${path}.bias`, [width])] as const;
    x = o.silu(o.conv2d(x, ...weights, { stride, pads: [1, 1, 1, 1] }));
    [inner, rest] = [width, rest / stride];
  }
  const numbers = inner * rest ** 2;
  const [weight, bias] = [g.weight("picture.joint.weight", [joint, numbers]), g.weight("picture.joint.bias", [joint])];
  const seen = o.linear(o.reshape(x, { shape: [0, numbers] }), weight, bias);
  const said = o.linear(
    g.input("caption", [1, captionWidth]),
    g.weight("caption.joint.weight", [joint, captionWidth]),
    null,
  );
  return g.build({ seen, said });
}

/**
 * Opens the encoder with the weights of a checkpoint, which stays the caller's.
 *
 * @throws WeightsError for weights that are missing, misshapen or left over.
 */
export async function openPictureEncoder(
  engine: Engine,
  config: PictureEncoderConfig,
  checkpoint: Checkpoint,
): Promise<PictureEncoder> {
  const graph = pictureEncoderGraph(config);
  settle(checkpoint, [graph]);
  const program = await engine.compile(graph, checkpoint);
  const { joint, captionWidth } = config;
  const close = () => program.close();
  return {
    config,
    async nearness(vectors, pixels) {
      if (vectors.length === 0 || vectors.length % captionWidth !== 0)
        throw new ArgumentError("vectors", `vectors of ${captionWidth}`, described(`${vectors.length} numbers`));
      const caption = tensor([1, captionWidth], mean(vectors, captionWidth));
      const { seen, said } = await program.run({ pixels, caption });
      const points = seen!.data as Float32Array;
      return Array.from({ length: points.length / joint }, (_, item) =>
        cosine(points.subarray(item * joint, (item + 1) * joint), said!.data as Float32Array),
      );
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The mean of rows of that width. */
function mean(rows: Float32Array, width: number): Float32Array {
  const sum = new Float32Array(width);
  rows.forEach((value, i) => (sum[i % width]! += value));
  return sum.map((value) => (value * width) / rows.length);
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    dot += value * b[i]!;
    aa += value ** 2;
    bb += b[i]! ** 2;
  });
  return dot / Math.sqrt(aa * bb);
}
