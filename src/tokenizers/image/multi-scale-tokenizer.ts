/** A multi-scale residual VQ tokenizer ready for use: pictures to ids of all scales and back, and the canvas of next-scale decoding. */
import { ArgumentError, ClosedError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import type { Engine } from "../../engine/engine.js";
import { type Graph, GraphBuilder } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { dtypeOf, type FloatTensor, i32, type Tensor, tensor } from "../../engine/tensor.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import { settle } from "../../engine/weights/settle.js";
import type { Tokenizer } from "../tokenizer.js";
import { inSlices } from "./batch-slices.js";
import type { PreviewConfig } from "./codec-config.js";
import { compiledOnce, type LazyProgram } from "../lazy-program.js";
import { deriveMultiScale, type Grid, type MultiScaleConfig, phiOf } from "./multi-scale-config.js";
import { contribution, enlargementOf, multiScaleFeatures, multiScalePixels, quantised } from "./multi-scale-graphs.js";
import { type Channels, checkPixels } from "./pixels.js";
import { previewPixels } from "./preview-decoder.js";
import { area, bicubic, resampled, turned } from "./resample.js";

/** What stands in a cell: an id, or a mixture of codes, the i-th id with the i-th share. */
export type Cell = number | { readonly ids: ArrayLike<number>; readonly probabilities: ArrayLike<number> };

export interface Painted {
  /** The sum of the codes of all scales so far, each brought to the full size and refined: [B, D, h, w]. */
  readonly canvas: FloatTensor;
  /** What the next scale is fed: the canvas shrunk to its grid, cells in raster order, [B, rows·columns, D]; null after the last. */
  readonly next: FloatTensor | null;
}

/** Pictures as batches [B, C, Y, X], ids as [B, positions]: scales from small to large, each in raster order. */
export interface MultiScaleTokenizer extends Tokenizer<FloatTensor, Tensor>, AsyncDisposable {
  readonly channels: Channels;
  /** Pixels of one side of a token of the last scale. */
  readonly downsample: number;
  /** The grids of all scales; the last one, times downsample, is the size of a picture. */
  readonly scales: readonly Grid[];
  /** Ids of one picture. */
  readonly positions: number;
  /**
   * Pixels [B, C, Y, X] in [-1, 1] to ids [B, positions].
   * @throws ArgumentError for another shape than that of the last scale, or values that are no pixels.
   */
  encode(pixels: FloatTensor): Promise<Tensor>;
  /**
   * Ids [B, positions] to pixels [B, C, Y, X] in [-1, 1].
   * @throws ArgumentError for another shape or an id outside the vocabulary.
   */
  decode(ids: Tensor): Promise<FloatTensor>;
  /**
   * Adds scale `scale` to what the scales before it painted (null for the first). `cells` are those of the scale, for each item.
   * Changes none of its arguments, so a scale can be painted again. The same sum whether called here or by decode, to the bit.
   * @throws ArgumentError for cells that do not fill the scale, or ids outside the vocabulary.
   */
  paint(canvas: FloatTensor | null, scale: number, cells: readonly ArrayLike<Cell>[]): Promise<Painted>;
  /** The picture of a canvas, finished or not: [B, D, h, w] to pixels [B, C, Y, X] in [-1, 1]. */
  render(canvas: FloatTensor): Promise<FloatTensor>;
  /** About the same for an unfinished canvas, at a fraction of the cost where the checkpoint has a decoder for that; else the same. */
  preview(canvas: FloatTensor): Promise<FloatTensor>;
  close(): Promise<void>;
}

/**
 * Checks `checkpoint` against `config` and makes a tokenizer of it. What is needed is compiled at its first use, so the checkpoint
 * stays the caller's and must stay open until the tokenizer is closed.
 *
 * @throws WeightsError listing all weights that are missing, misshapen or unused.
 */
export async function openMultiScaleTokenizer(
  engine: Engine,
  config: MultiScaleConfig,
  checkpoint: Checkpoint,
): Promise<MultiScaleTokenizer> {
  const graphs = multiScalePrograms(config);
  settle(checkpoint, Object.values(graphs), { ignore: STATISTICS });
  const lazy = (graph: Graph) => compiledOnce(engine, graph, checkpoint);
  const pixels = lazy(graphs.pixels);
  const programs = {
    features: lazy(graphs.features),
    quantiser: lazy(graphs.quantiser),
    painter: lazy(graphs.painter),
    pixels,
    preview: graphs.preview ? lazy(graphs.preview) : pixels,
  };
  return new ResidualTokenizer(config, programs, await checkpoint.floats("quantize.embedding.weight"));
}

/** The graphs that a tokenizer compiles; together they name all its weights. */
export const multiScalePrograms = (config: MultiScaleConfig) => ({
  features: featuresGraph(config),
  quantiser: quantiserGraph(config),
  painter: painterGraph(config),
  pixels: pixelsGraph(config),
  ...(config.preview && { preview: previewGraph(config, config.preview) }),
});

/** How often each code was used in training: in the published file, of no use here. */
const STATISTICS = [/^quantize\.ema_vocab_hit_SV$/];

function featuresGraph(config: MultiScaleConfig): Graph {
  const g = new GraphBuilder("multi-scale-features");
  return g.build({ features: multiScaleFeatures(g, config, g.input("pixels", ["B", config.channels, "Y", "X"])) });
}

function pixelsGraph(config: MultiScaleConfig): Graph {
  const g = new GraphBuilder("multi-scale-pixels");
  return g.build({ pixels: multiScalePixels(g, config, g.input("canvas", ["B", config.codeDim, "h", "w"])) });
}

function previewGraph(config: MultiScaleConfig, preview: PreviewConfig): Graph {
  const g = new GraphBuilder("multi-scale-preview");
  return g.build({ pixels: previewPixels(g, config, preview, g.input("canvas", ["B", config.codeDim, "h", "w"])) });
}

function quantiserGraph(config: MultiScaleConfig): Graph {
  const g = new GraphBuilder("multi-scale-quantiser");
  const rest = g.input("rest", ["B", config.codeDim, "h", "w"]);
  const shrinking = { rows: g.input("downRows", ["p", "h"]), columns: g.input("downColumns", ["w", "q"]) };
  const { ids, left } = quantised(g, config, rest, shrinking, enlargementOf(g));
  return g.build({ ids, left });
}

function painterGraph(config: MultiScaleConfig): Graph {
  const g = new GraphBuilder("multi-scale-painter");
  const o = opsOf(g);
  const before = g.input("before", ["B", config.codeDim, "h", "w"]);
  const codes = g.input("codes", ["B", "p", "q", config.codeDim]);
  const canvas = o.add(before, contribution(g, config, codes, enlargementOf(g)));
  const next = resampled(g, canvas, g.input("nextRows", ["r", "h"]), g.input("nextColumns", ["w", "s"]));
  return g.build({ canvas, next: o.transpose(next, { permutation: [0, 2, 3, 1] }) });
}

type Programs = Readonly<Record<"features" | "quantiser" | "painter" | "pixels" | "preview", LazyProgram>>;

class ResidualTokenizer implements MultiScaleTokenizer {
  readonly vocabularySize: number;
  readonly channels: Channels;
  readonly scales: readonly Grid[];
  readonly downsample: number;
  readonly positions: number;
  private readonly grid: Grid;
  private readonly starts: readonly number[];
  private closed = false;

  constructor(
    private readonly config: MultiScaleConfig,
    private readonly programs: Programs,
    private readonly codebook: Float32Array, // [vocab, D]
  ) {
    this.vocabularySize = config.vocab;
    this.channels = config.channels;
    this.scales = config.scales;
    ({
      downsample: this.downsample,
      positions: this.positions,
      grid: this.grid,
      starts: this.starts,
    } = deriveMultiScale(config));
  }

  async encode(pixels: FloatTensor): Promise<Tensor> {
    this.checkOpen();
    checkPixels(pixels, this.channels);
    const [Y, X] = this.size;
    if (pixels.shape[2] !== Y || pixels.shape[3] !== X) {
      const remedy = "Crop or resize the picture first; centreCrop() does what the models were trained with.";
      throw new ArgumentError(
        "pixels",
        `${X} x ${Y} pixels`,
        described(`${pixels.shape[3]} x ${pixels.shape[2]} pixels`),
        remedy,
      );
    }
    return inSlices(pixels, Y * X, async (slice) => {
      const { features } = await (await this.programs.features.get()).run({ pixels: slice });
      return this.idsOf(features as FloatTensor);
    });
  }

  async decode(ids: Tensor): Promise<FloatTensor> {
    this.checkOpen();
    this.checkIds(ids);
    const lines = Array.from({ length: ids.shape[0]! }, (_, item) =>
      ids.data.subarray(item * this.positions, (item + 1) * this.positions),
    );
    let canvas: FloatTensor | null = null;
    for (let scale = 0; scale < this.scales.length; scale++) {
      const cells = lines.map((line) => line.subarray(this.starts[scale], this.starts[scale + 1]));
      ({ canvas } = await this.paint(canvas, scale, cells));
    }
    return this.render(canvas!);
  }

  async paint(canvas: FloatTensor | null, scale: number, cells: readonly ArrayLike<Cell>[]): Promise<Painted> {
    this.checkOpen();
    const grid = this.scales[scale];
    if (!grid) throw new ArgumentError("scale", `a scale from 0 to ${this.scales.length - 1}`, scale);
    const blank = canvas ?? this.blankCanvas(cells.length);
    this.checkCanvas(blank, cells.length);
    const next = this.scales[scale + 1];
    const inputs = {
      before: blank,
      codes: this.codesOf(grid, cells),
      ...this.enlarging(scale),
      ...this.shrinking(next ?? this.grid, "next"),
    };
    const out = await (await this.programs.painter.get()).run(inputs);
    const { shape, data } = out.next as FloatTensor; // [B, rows, columns, D]
    const [B, rows, columns, D] = shape as [number, number, number, number];
    return { canvas: out.canvas as FloatTensor, next: next ? tensor([B, rows * columns, D], data) : null };
  }

  render(canvas: FloatTensor): Promise<FloatTensor> {
    return this.shown(canvas, this.programs.pixels);
  }

  preview(canvas: FloatTensor): Promise<FloatTensor> {
    return this.shown(canvas, this.programs.preview);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(Object.values(this.programs).map((program) => program.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async shown(canvas: FloatTensor, decoder: LazyProgram): Promise<FloatTensor> {
    this.checkOpen();
    this.checkCanvas(canvas, canvas.shape[0]!);
    const [Y, X] = this.size;
    const program = await decoder.get();
    return (await inSlices(
      canvas,
      Y * X,
      async (slice) => (await program.run({ canvas: slice })).pixels!,
    )) as FloatTensor;
  }

  /** Pixels of a picture, [Y, X]. */
  private get size(): Grid {
    return [this.grid[0] * this.downsample, this.grid[1] * this.downsample];
  }

  /** Features [B, D, h, w] to ids [B, positions], scale after scale. */
  private async idsOf(features: FloatTensor): Promise<Tensor> {
    const B = features.shape[0]!;
    const ids = i32([B, this.positions], new Int32Array(B * this.positions));
    const program = await this.programs.quantiser.get();
    let rest: Tensor = features;
    for (const [scale, grid] of this.scales.entries()) {
      const out = await program.run({ rest, ...this.shrinking(grid, "down"), ...this.enlarging(scale) });
      rest = out.left!;
      const size = grid[0] * grid[1];
      for (let item = 0; item < B; item++) {
        const found = out.ids!.data.subarray(item * size, (item + 1) * size);
        ids.data.set(found, item * this.positions + this.starts[scale]!);
      }
    }
    return ids;
  }

  private enlarging(scale: number) {
    const [rows, columns] = this.scales[scale]!;
    const which = phiOf(this.config.phi, scale, this.scales.length);
    return {
      upRows: bicubic(rows, this.grid[0]),
      upColumns: turned(bicubic(columns, this.grid[1])),
      phi: i32([1], [which]),
    };
  }

  private shrinking([rows, columns]: Grid, name: "down" | "next") {
    return { [`${name}Rows`]: area(this.grid[0], rows), [`${name}Columns`]: turned(area(this.grid[1], columns)) };
  }

  private blankCanvas(items: number): FloatTensor {
    const shape = [items, this.config.codeDim, ...this.grid];
    return tensor(shape, new Float32Array(shape.reduce((a, b) => a * b)));
  }

  /** The codes of cells [B, rows, columns, D]; those of mixtures are summed in float64. */
  private codesOf([rows, columns]: Grid, cells: readonly ArrayLike<Cell>[]): FloatTensor {
    const D = this.config.codeDim;
    const size = rows * columns;
    const data = new Float32Array(cells.length * size * D);
    cells.forEach((line, item) => {
      if (line.length !== size)
        throw new ArgumentError("cells", `${size} cells, ${rows} x ${columns}`, described(`${line.length} cells`));
      for (let i = 0; i < size; i++) {
        const at = (item * size + i) * D;
        const cell = line[i]!;
        if (typeof cell === "number") data.set(this.codeOf(cell), at);
        else data.set(this.mixtureOf(cell), at);
      }
    });
    return tensor([cells.length, rows, columns, D], data);
  }

  private codeOf(id: number): Float32Array {
    if (!(Number.isInteger(id) && id >= 0 && id < this.vocabularySize))
      throw new ArgumentError("cells", `ids from 0 to ${this.vocabularySize - 1}`, id);
    return this.codebook.subarray(id * this.config.codeDim, (id + 1) * this.config.codeDim);
  }

  private mixtureOf({ ids, probabilities }: Exclude<Cell, number>): Float64Array {
    const sum = new Float64Array(this.config.codeDim);
    for (let n = 0; n < ids.length; n++) {
      const code = this.codeOf(ids[n]!);
      for (let d = 0; d < sum.length; d++) sum[d]! += probabilities[n]! * code[d]!;
    }
    return sum;
  }

  private checkOpen(): void {
    if (this.closed) throw new ClosedError("image tokenizer");
  }

  private checkCanvas({ shape }: FloatTensor, items: number): void {
    const expected = [items, this.config.codeDim, ...this.grid];
    if (items < 1 || shape.join() !== expected.join())
      throw new ArgumentError(
        "canvas",
        `a canvas [${expected}] of at least one item`,
        described(`a tensor [${shape}]`),
      );
  }

  private checkIds(ids: Tensor): void {
    const { shape, data } = ids;
    if (shape.length !== 2 || !(shape[0]! > 0) || shape[1] !== this.positions || dtypeOf(ids) !== "i32") {
      const grids = this.scales.map(([rows, columns]) => `${rows}x${columns}`).join(", ");
      const expected = `an int32 tensor [B, ${this.positions}], the cells of ${grids}`;
      throw new ArgumentError("ids", expected, described(`a tensor [${shape}] of ${dtypeOf(ids)}`));
    }
    const stray = data.find((id) => id < 0 || id >= this.vocabularySize);
    if (stray !== undefined) throw new ArgumentError("ids", `ids from 0 to ${this.vocabularySize - 1}`, stray);
  }
}
