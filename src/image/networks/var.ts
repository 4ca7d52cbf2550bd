/** Pictures as grids of growing sides, whose codes add up on a canvas: VAR over a multi-scale tokenizer. */
import { itemsOf } from "../../core/condition.js";
import { keeping } from "../../core/decode/keeping.js";
import { decode } from "../../core/decode/loop.js";
import type { Cell } from "../../core/decode/next-scale.js";
import { sampler } from "../../core/decode/sampler.js";
import { openModel } from "../../core/model.js";
import { ordersOf, strategyOf } from "../../core/orders.js";
import { varGuidance } from "../../core/sampling/guidance.js";
import { openSession } from "../../core/session.js";
import { type ScaleTransformer, VAR } from "../../core/var/architecture.js";
import { deriveScales, scaleObjective } from "../../core/var/config.js";
import type { Paint } from "../../core/var/feeder.js";
import type { FloatTensor } from "../../engine/tensor.js";
import { stateBytes } from "../../media/batches.js";
import { keptCells } from "../../tokenizers/image/kept-cells.js";
import {
  type MultiScaleTokenizer,
  openMultiScaleTokenizer,
  type Painted,
} from "../../tokenizers/image/multi-scale-tokenizer.js";
import { picturesOf, pixelsOf } from "../../tokenizers/image/pixels.js";
import type { Drawing, NetworkRow, Work } from "./network.js";

export const multiScale: NetworkRow<"var"> = {
  facts(config) {
    const { positions } = deriveScales(config);
    const { condition, sides } = config;
    return { decodings: ordersOf(scaleObjective(config)), condition, positions, cells: sides.at(-1)! };
  },
  openTokenizer: openMultiScaleTokenizer,
  async open(engine, config, weights, precision, tokenizer) {
    const transformer = await openModel(engine, VAR, config, weights, { precision });
    return {
      rowBytes: stateBytes(transformer.decoder.graph, { B: 1, S: deriveScales(config).slots }),
      begin: (work) => begin(transformer, tokenizer, work),
      async idsOf(picture) {
        const { data } = await tokenizer.encode(pixelsOf([picture], tokenizer.channels));
        return Int32Array.from(data);
      },
      keptBy: (mask) => keptCells(mask, tokenizer.scales),
      close: () => transformer.close(),
    };
  },
};

async function begin(transformer: ScaleTransformer, tokenizer: MultiScaleTokenizer, work: Work): Promise<Drawing> {
  const { config } = transformer;
  const { condition, decoding, seed, firstItem, given } = work;
  const { guidance: scale, guidanceUntil, ...filters } = work.sampling;
  const items = itemsOf(condition);
  const { positions, starts } = deriveScales(config);
  const order = strategyOf(items, scaleObjective(config), decoding, { seed, firstItem });
  const lines = Array.from({ length: items }, () => given?.ids ?? new Int32Array());
  const strategy = given ? keeping(order, { ids: lines, keep: given.keep }) : order;
  const guidance = { ...varGuidance(scale - 1, starts.slice(1, -1)), until: guidanceUntil * positions };
  const draws = sampler({ seed, sampling: { ...filters, topPOrder: "ascending" }, guidance, firstItem }); // as VAR samples
  const canvas = new Canvas(tokenizer);
  const session = await openSession(transformer, { condition, paint: canvas.paint }, { guided: scale > 1 });
  return {
    async *decode(options) {
      for await (const event of decode(session, strategy, draws, options)) {
        if (event.type === "tokens-accept") canvas.add(event.accepted.map(({ values }) => values));
        yield event;
      }
    },
    previews: async () => picturesOf(await tokenizer.preview(await canvas.latest())),
    pictures: async () => picturesOf(await tokenizer.render(await canvas.latest())),
    close: () => session.close(),
  };
}

/** What is painted so far. A scale is painted once, whoever asks first: the session, which feeds it, or a picture. */
class Canvas {
  private readonly cells: (readonly ArrayLike<Cell>[])[] = [];
  private readonly painted: Promise<Painted>[] = [];

  constructor(private readonly tokenizer: MultiScaleTokenizer) {}

  readonly paint: Paint = (canvas, scale, cells) =>
    (this.painted[scale] ??= this.tokenizer.paint(canvas, scale, cells));

  /** Adds the cells of the next scale, for each picture. */
  add(cells: readonly ArrayLike<Cell>[]): void {
    this.cells.push(cells);
  }

  /** The canvas with all scales that were added, at least one. */
  async latest(): Promise<FloatTensor> {
    const scale = this.cells.length - 1;
    const before = scale === 0 ? null : (await this.painted[scale - 1]!).canvas; // fed, or this pass would not be
    return (await this.paint(before, scale, this.cells[scale]!)).canvas;
  }
}
