/** Pictures as grids of growing sides, whose codes add up on a canvas: VAR over a multi-scale tokenizer. */
import { itemsOf } from "../core/condition.js";
import { keeping } from "../core/decode/keeping.js";
import { ordersOf, strategyOf } from "../core/decode/orders.js";
import { sampler } from "../core/decode/sampler.js";
import { varGuidance } from "../core/guidance.js";
import type { Distribution } from "../core/sampling.js";
import { deriveScales, type ScaleConfig } from "../core/scale-configs.js";
import type { ScaleTransformer } from "../core/scale-model.js";
import { openScaleSession, type Paint } from "../core/scale-session.js";
import type { FloatTensor } from "../engine/tensor.js";
import { stateBytes } from "../media/batches.js";
import { keptCells } from "../tokenizers/image/kept-cells.js";
import type { MultiScaleTokenizer, Painted } from "../tokenizers/image/multi-scale-tokenizer.js";
import { picturesOf, pixelsOf } from "../tokenizers/image/pixels.js";
import type { Drawing, ImageNetwork, NetworkFacts, Work } from "./network.js";

export function scaleFacts(config: ScaleConfig): NetworkFacts {
  const { condition, sides } = config;
  return { decodings: ordersOf(config), condition, positions: deriveScales(config).positions, cells: sides.at(-1)! };
}

/** The network of a transformer and its tokenizer, both of which stay the caller's. */
export function scaleNetwork(transformer: ScaleTransformer, tokenizer: MultiScaleTokenizer): ImageNetwork {
  return {
    rowBytes: stateBytes(transformer.decoder.graph, { B: 1, S: deriveScales(transformer.config).slots }),
    begin: (work) => begin(transformer, tokenizer, work),
    async idsOf(picture) {
      const { data } = await tokenizer.encode(pixelsOf([picture], tokenizer.channels));
      return Int32Array.from(data);
    },
    keptBy: (mask) => keptCells(mask, tokenizer.scales),
  };
}

async function begin(transformer: ScaleTransformer, tokenizer: MultiScaleTokenizer, work: Work): Promise<Drawing> {
  const { config } = transformer;
  const { condition, decoding, seed, firstItem, given } = work;
  const { guidance: scale, guidanceUntil, ...filters } = work.sampling;
  const items = itemsOf(condition);
  const order = strategyOf(items, config, decoding, { seed, firstItem });
  const lines = Array.from({ length: items }, () => given?.ids ?? new Int32Array());
  const { positions, starts } = deriveScales(config);
  const until = guidanceUntil * positions;
  const guidance = { ...varGuidance(scale - 1, starts.slice(1, -1)), until, drawnBefore: order.drawnBefore };
  const sampling = { ...filters, topPOrder: "ascending" } as const; // as VAR samples
  const canvas = new Canvas(tokenizer);
  return {
    strategy: given ? keeping(order, { ids: lines, keep: given.keep }) : order,
    sampler: sampler({ seed, sampling, guidance, firstItem }),
    session: await openScaleSession(transformer, {
      condition,
      guided: scale > 1,
      guidedUntil: until,
      paint: canvas.paint,
    }),
    accept: (accepted) => canvas.add(accepted.map(({ ids, mixtures }) => mixtures ?? ids)),
    previews: async () => picturesOf(await tokenizer.preview(await canvas.latest())),
    pictures: async () => picturesOf(await tokenizer.render(await canvas.latest())),
  };
}

/** What is painted so far. A scale is painted once, whoever asks first: the session, which feeds it, or a picture. */
class Canvas {
  private readonly cells: (readonly ArrayLike<number | Distribution>[])[] = [];
  private readonly painted: Promise<Painted>[] = [];

  constructor(private readonly tokenizer: MultiScaleTokenizer) {}

  readonly paint: Paint = (canvas, scale, cells) =>
    (this.painted[scale] ??= this.tokenizer.paint(canvas, scale, cells));

  /** Adds the cells of the next scale, for each picture. */
  add(cells: readonly ArrayLike<number | Distribution>[]): void {
    this.cells.push(cells);
  }

  /** The canvas with all scales that were added, at least one. */
  async latest(): Promise<FloatTensor> {
    const scale = this.cells.length - 1;
    const before = scale === 0 ? null : (await this.painted[scale - 1]!).canvas; // fed, or this pass would not be
    return (await this.paint(before, scale, this.cells[scale]!)).canvas;
  }
}
