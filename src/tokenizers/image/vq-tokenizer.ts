/** A VQ tokenizer ready for use: pictures to grids of ids and back, on any engine. */
import { ArgumentError, ClosedError } from "../../base/errors.js";
import type { Engine, Program } from "../../engine/engine.js";
import { type Graph, GraphBuilder } from "../../engine/graph.js";
import { dtypeOf, type FloatTensor, type Tensor } from "../../engine/tensor.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import { settle } from "../../engine/weights/settle.js";
import type { Tokenizer } from "../tokenizer.js";
import type { Channels } from "./pixels.js";
import { blankUnknown, borrowNearest, UNKNOWN } from "./preview.js";
import { downsampleOf, type VqConfig } from "./vq-config.js";
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
   * A preview of the known cells, not a promise: the network looks at the whole grid, so they change a little later.
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
  const graphs = [vqEncoderGraph(config), vqDecoderGraph(config)] as const;
  settle(checkpoint, graphs, { ignore: STATISTICS });
  return new VqTokenizer(config, ...(graphs.map((graph) => compiledOnce(engine, graph, checkpoint)) as [Lazy, Lazy]));
}

/** How often each code was used in training: in the published files, of no use here. */
const STATISTICS = [/^quantize\.codebook_used$/];

/** Pixels of one run. A larger batch is cut: a CPU gains nothing from it, and maps of 128 channels take 512 bytes a pixel. */
const PIXELS_PER_RUN = 2 ** 18;

export function vqEncoderGraph(config: VqConfig): Graph {
  const g = new GraphBuilder("vq-encoder");
  const pixels = g.input("pixels", ["B", config.channels, "Y", "X"]);
  return g.build({ ids: vqNearest(g, config, vqFeatures(g, config, pixels)) });
}

export function vqDecoderGraph(config: VqConfig): Graph {
  const g = new GraphBuilder("vq-decoder");
  const ids = g.input("ids", ["B", "h", "w"], "i32");
  return g.build({ pixels: vqPixels(g, config, vqCodes(g, config, ids)) });
}

class VqTokenizer implements ImageTokenizer {
  readonly vocabularySize: number;
  readonly channels: Channels;
  readonly downsample: number;
  private closed = false;

  constructor(
    config: VqConfig,
    private readonly encoder: Lazy,
    private readonly decoder: Lazy,
  ) {
    this.vocabularySize = config.vocab;
    this.channels = config.channels;
    this.downsample = downsampleOf(config);
  }

  async encode(pixels: FloatTensor): Promise<Tensor> {
    this.checkOpen();
    this.checkPixels(pixels);
    const [, , Y, X] = pixels.shape as [number, number, number, number];
    const program = await this.encoder.get();
    return inSlices(pixels, Y * X, async (slice) => (await program.run({ pixels: slice })).ids!);
  }

  async decode(ids: Tensor): Promise<FloatTensor> {
    this.checkOpen();
    this.checkIds(ids, 0);
    return this.pixelsOf(ids);
  }

  async preview(ids: Tensor): Promise<FloatTensor> {
    this.checkOpen();
    this.checkIds(ids, UNKNOWN);
    const pixels = await this.pixelsOf(borrowNearest(ids));
    blankUnknown(pixels, ids);
    return pixels;
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([this.encoder.close(), this.decoder.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async pixelsOf(ids: Tensor): Promise<FloatTensor> {
    const [, h, w] = ids.shape as [number, number, number];
    const program = await this.decoder.get();
    const area = h * w * this.downsample ** 2;
    return (await inSlices(ids, area, async (slice) => (await program.run({ ids: slice })).pixels!)) as FloatTensor;
  }

  private checkOpen(): void {
    if (this.closed) throw new ClosedError("image tokenizer");
  }

  private checkPixels({ shape, data }: FloatTensor): void {
    const [B, C, Y, X] = shape;
    const ok = shape.length === 4 && B! > 0 && C === this.channels && Y! > 0 && X! > 0;
    if (!ok) throw new ArgumentError("pixels", `a tensor [B, ${this.channels}, Y, X]`, `[${shape}]`);
    if (Y! % this.downsample !== 0 || X! % this.downsample !== 0) {
      throw new ArgumentError(
        "pixels",
        `sides that are multiples of ${this.downsample}`,
        `${X} x ${Y}`,
        "Crop, pad or resize the picture first; centreCrop() does what the models were trained with.",
      );
    }
    // Decoded pictures may be encoded again as they are, so a little outside of [-1, 1] is accepted; bytes as floats are not.
    const stray = data.find((value) => !(value >= -2 && value <= 2));
    if (stray !== undefined) throw new ArgumentError("pixels", "values in [-1, 1]", stray);
  }

  private checkIds(ids: Tensor, lowest: number): void {
    const { shape, data } = ids;
    if (shape.length !== 3 || !shape.every((size) => size > 0) || dtypeOf(ids) !== "i32") {
      throw new ArgumentError("ids", "an int32 tensor [B, h, w]", `[${shape}] of ${dtypeOf(ids)}`);
    }
    const stray = data.find((id) => id < lowest || id >= this.vocabularySize);
    if (stray !== undefined) throw new ArgumentError("ids", `ids from ${lowest} to ${this.vocabularySize - 1}`, stray);
  }
}

/** A program that is compiled when it is first asked for, once; a failure is not remembered. */
interface Lazy {
  get(): Promise<Program>;
  close(): Promise<void>;
}

function compiledOnce(engine: Engine, graph: Graph, checkpoint: Checkpoint): Lazy {
  let program: Promise<Program> | null = null;
  return {
    get() {
      program ??= engine.compile(graph, checkpoint).catch((error: unknown) => {
        program = null;
        throw error;
      });
      return program;
    },
    async close() {
      await (await program)?.close();
      program = null;
    },
  };
}

/** Runs `work` on as many items of the batch at once as PIXELS_PER_RUN allows, and joins the results. */
async function inSlices<T extends Tensor>(
  batch: T,
  area: number,
  work: (slice: T) => Promise<Tensor>,
): Promise<Tensor> {
  const items = batch.shape[0]!;
  const step = Math.max(1, Math.floor(PIXELS_PER_RUN / area));
  if (items <= step) return work(batch);
  const stride = batch.data.length / items;
  let joined: Tensor | null = null;
  for (let start = 0; start < items; start += step) {
    const end = Math.min(items, start + step);
    const data = batch.data.subarray(start * stride, end * stride);
    const part = await work({ ...batch, shape: [end - start, ...batch.shape.slice(1)], data });
    const Kind = part.data.constructor as { new (length: number): Tensor["data"] };
    joined ??= { shape: [items, ...part.shape.slice(1)], data: new Kind((part.data.length / (end - start)) * items) };
    joined.data.set(part.data, (joined.data.length / items) * start);
  }
  return joined!;
}
