/** A VQ tokenizer ready for use: pictures to grids of ids and back, on any engine. */
import { ArgumentError, ClosedError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import type { Engine } from "../../engine/engine.js";
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { dtypeOf, type FloatTensor, type Tensor } from "../../engine/tensor.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import { settle } from "../../engine/weights/settle.js";
import type { Tokenizer } from "../tokenizer.js";
import { inSlices } from "./batch-slices.js";
import { downsampleOf } from "./codec-config.js";
import { compiledOnce, type LazyProgram } from "../lazy-program.js";
import { type Channels, checkPixels } from "./pixels.js";
import { blankUnknown, borrowNearest, UNKNOWN } from "./preview.js";
import { previewPixels } from "./preview-decoder.js";
import type { VqConfig } from "./vq-config.js";
import { vqCodes, vqFeatures, vqNearest, vqPixels } from "./vq-graphs.js";

/** Pictures as batches [B, C, Y, X], ids as grids [B, h, w], whose rows one after the other are the order of generation. */
export interface ImageTokenizer extends Tokenizer<FloatTensor, Tensor>, AsyncDisposable {
  readonly channels: Channels;
  /** Pixels of one side of a token. */
  readonly downsample: number;
  /**
   * Pixels [B, C, Y, X] in [-1, 1] to ids [B, h, w], h = Y / downsample and w = X / downsample.
   * @throws ArgumentError for other channels, sides that downsample does not divide, or values that are no pixels.
   */
  encode(pixels: FloatTensor): Promise<Tensor>;
  /**
   * Ids [B, h, w], any grid, to pixels [B, C, Y, X]: about [-1, 1], not clamped.
   * @throws ArgumentError for another shape or an id outside the vocabulary.
   */
  decode(ids: Tensor): Promise<FloatTensor>;
  /**
   * The same for a grid in which some ids are UNKNOWN (-1): their squares are blank, transparent or mid grey.
   * A preview of the known cells, not a promise: the network looks at the whole grid, so they change a little later; and it is
   * a smaller one where the checkpoint has such a decoder.
   */
  preview(ids: Tensor): Promise<FloatTensor>;
  close(): Promise<void>;
}

/**
 * Checks `checkpoint` against `config` and makes a tokenizer of it. Encoder and decoder are compiled at their first use, since
 * generation needs only the decoder; so the checkpoint stays the caller's and must stay open until the tokenizer is closed.
 *
 * @throws WeightsError listing all weights that are missing, misshapen or unused.
 */
export async function openVqTokenizer(
  engine: Engine,
  config: VqConfig,
  checkpoint: Checkpoint,
): Promise<ImageTokenizer> {
  const graphs = vqPrograms(config);
  settle(checkpoint, Object.values(graphs), { ignore: STATISTICS });
  const lazy = (graph: Graph) => compiledOnce(engine, graph, checkpoint);
  const decoder = lazy(graphs.decoder);
  const preview = graphs.preview ? lazy(graphs.preview) : decoder;
  return new VqTokenizer(config, { encoder: lazy(graphs.encoder), decoder, preview });
}

/** The graphs that a tokenizer compiles; together they name all its weights. */
export function vqPrograms(config: VqConfig) {
  const { preview } = config;
  const decoder = decoderGraph("vq-decoder", config, (g, codes) => vqPixels(g, config, codes));
  return {
    encoder: encoderGraph(config),
    decoder,
    ...(preview && {
      preview: decoderGraph("vq-preview", config, (g, codes) => previewPixels(g, config, preview, codes)),
    }),
  };
}

/** How often each code was used in training: in the published files, of no use here. */
const STATISTICS = [/^quantize\.codebook_used$/];

function encoderGraph(config: VqConfig): Graph {
  const g = new GraphBuilder("vq-encoder");
  const pixels = g.input("pixels", ["B", config.channels, "Y", "X"]);
  return g.build({ ids: vqNearest(g, config, vqFeatures(g, config, pixels)) });
}

function decoderGraph(name: string, config: VqConfig, pixels: (g: GraphBuilder, codes: Value) => Value): Graph {
  const g = new GraphBuilder(name);
  const ids = g.input("ids", ["B", "h", "w"], "i32");
  return g.build({ pixels: pixels(g, vqCodes(g, config, ids)) });
}

class VqTokenizer implements ImageTokenizer {
  readonly vocabularySize: number;
  readonly channels: Channels;
  readonly downsample: number;
  private closed = false;

  constructor(
    config: VqConfig,
    private readonly programs: Readonly<Record<"encoder" | "decoder" | "preview", LazyProgram>>,
  ) {
    this.vocabularySize = config.vocab;
    this.channels = config.channels;
    this.downsample = downsampleOf(config);
  }

  async encode(pixels: FloatTensor): Promise<Tensor> {
    this.checkOpen();
    this.checkPixels(pixels);
    const [, , Y, X] = pixels.shape as [number, number, number, number];
    const program = await this.programs.encoder.get();
    return inSlices(pixels, Y * X, async (slice) => (await program.run({ pixels: slice })).ids!);
  }

  async decode(ids: Tensor): Promise<FloatTensor> {
    this.checkOpen();
    this.checkIds(ids, 0);
    return this.shown(ids, this.programs.decoder);
  }

  async preview(ids: Tensor): Promise<FloatTensor> {
    this.checkOpen();
    this.checkIds(ids, UNKNOWN);
    const pixels = await this.shown(borrowNearest(ids), this.programs.preview);
    blankUnknown(pixels, ids);
    return pixels;
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(Object.values(this.programs).map((program) => program.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async shown(ids: Tensor, decoder: LazyProgram): Promise<FloatTensor> {
    const [, h, w] = ids.shape as [number, number, number];
    const program = await decoder.get();
    const area = h * w * this.downsample ** 2;
    return (await inSlices(ids, area, async (slice) => (await program.run({ ids: slice })).pixels!)) as FloatTensor;
  }

  private checkOpen(): void {
    if (this.closed) throw new ClosedError("image tokenizer");
  }

  private checkPixels(pixels: FloatTensor): void {
    checkPixels(pixels, this.channels);
    const [, , Y, X] = pixels.shape;
    if (Y! % this.downsample !== 0 || X! % this.downsample !== 0) {
      throw new ArgumentError(
        "pixels",
        `sides that are multiples of ${this.downsample}`,
        described(`${X} x ${Y} pixels`),
        "Crop, pad or resize the picture first; centreCrop() does what the models were trained with.",
      );
    }
  }

  private checkIds(ids: Tensor, lowest: number): void {
    const { shape, data } = ids;
    if (shape.length !== 3 || !shape.every((size) => size > 0) || dtypeOf(ids) !== "i32") {
      throw new ArgumentError("ids", "an int32 tensor [B, h, w]", described(`a tensor [${shape}] of ${dtypeOf(ids)}`));
    }
    const stray = data.find((id) => id < lowest || id >= this.vocabularySize);
    if (stray !== undefined) throw new ArgumentError("ids", `ids from ${lowest} to ${this.vocabularySize - 1}`, stray);
  }
}
