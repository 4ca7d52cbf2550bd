/** Masks as a box of two tokens and a shape in grids from coarse to fine, of which any number may be decoded. */
import type { Box } from "../../base/plane.js";
import { ArgumentError, ClosedError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import type { Engine } from "../../engine/engine.js";
import type { Graph } from "../../engine/graph.js";
import { type FloatTensor, type Tensor, tensor } from "../../engine/tensor.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import { settle } from "../../engine/weights/settle.js";
import { inSlices } from "../image/batch-slices.js";
import { compiledOnce } from "../lazy-program.js";
import { CORNERS, deriveFramed, type FramedConfig, shapeTokens } from "./framed-config.js";
import { framedPrograms } from "./framed-graphs.js";
import { boxOfCorners, cornersOf, framed, placed } from "./frames.js";
import { checkIds, checkLogits, checkMasks, type MaskTokenizer } from "./mask-tokenizer.js";

/** Also says where a mask lies before its shape is known. */
export interface FramedTokenizer extends MaskTokenizer {
  /**
   * The box of two corners, as ids. A second corner that lies before the first makes a box of one place along that side.
   * @throws ArgumentError for fewer than two.
   */
  boxOf(corners: readonly number[]): Box;
}

/**
 * Checks `checkpoint` against `config` and makes a tokenizer of it. Encoder and decoder are compiled at their first use, so the
 * checkpoint stays the caller's and must stay open until the tokenizer is closed.
 *
 * @throws WeightsError listing all weights that are missing, misshapen or unused.
 */
export async function openFramedTokenizer(
  engine: Engine,
  config: FramedConfig,
  checkpoint: Checkpoint,
): Promise<FramedTokenizer> {
  const { side, frame } = config;
  const { vocab, tokens } = deriveFramed(config);
  const N = shapeTokens(config);
  const graphs = framedPrograms(config);
  settle(checkpoint, Object.values(graphs));
  const lazy = (graph: Graph) => compiledOnce(engine, graph, checkpoint);
  const programs = {
    encoder: lazy(graphs.encoder),
    codes: lazy(graphs.codes),
    mixtures: lazy(graphs.mixtures),
    decoder: lazy(graphs.decoder),
  };
  let closed = false;
  const checkOpen = () => {
    if (closed) throw new ClosedError("mask tokenizer");
  };
  const close = async () => {
    closed = true;
    await Promise.all(Object.values(programs).map((program) => program.close()));
  };

  /** Shapes of codes, each in the box of its corners. */
  const drawn = async (codes: Tensor, ids: Tensor): Promise<FloatTensor> => {
    const { shapes } = await (await programs.decoder.get()).run({ codes });
    const [B, n] = ids.shape as [number, number];
    const out = new Float32Array(B * side * side);
    for (let item = 0; item < B; item++) {
      const box = boxOfCorners(Array.from(ids.data.subarray(item * n, item * n + Math.min(n, CORNERS))), config);
      const shape = (shapes as FloatTensor).data.subarray(item * frame * frame, (item + 1) * frame * frame);
      out.set(placed(shape, box, config), item * side * side);
    }
    return tensor([B, side, side], out);
  };

  /** Of the tokens of a shape, which are there. */
  const known = (n: number) => tensor([1, N, 1], new Float32Array(N).fill(1, 0, Math.max(0, n - CORNERS)));

  return {
    ...{ vocabularySize: vocab, side, tokens, close, [Symbol.asyncDispose]: close },
    async encode(masks) {
      checkOpen();
      checkMasks(masks, side);
      const encoder = await programs.encoder.get();
      return inSlices(masks, side * side, async ({ shape: [B], data }) => {
        const items = Array.from({ length: B! }, (_, item) => {
          const mask = (data as Float32Array).subarray(item * side * side, (item + 1) * side * side);
          const corners = cornersOf(mask, config);
          return { corners, shape: framed(mask, boxOfCorners(corners, config), config) };
        });
        const shapes = new Float32Array(B! * frame * frame);
        for (const [item, { shape }] of items.entries()) shapes.set(shape, item * frame * frame);
        const { ids } = await encoder.run({ shapes: tensor([B!, frame, frame], shapes) });
        const lines = items.flatMap(({ corners }, item) => [
          ...corners,
          ...ids!.data.subarray(item * N, (item + 1) * N),
        ]);
        return tensor([B!, tokens], Int32Array.from(lines));
      });
    },
    async decode(ids) {
      checkOpen();
      checkIds(ids, tokens, vocab);
      const codes = await programs.codes.get();
      const n = ids.shape[1]!;
      return inSlices(ids, side * side, async (slice) => {
        const padded = new Int32Array(slice.shape[0]! * N);
        for (let item = 0; item < slice.shape[0]!; item++)
          padded.set(slice.data.subarray(item * n + CORNERS, (item + 1) * n), item * N);
        const shape = { ids: tensor([slice.shape[0]!, N], padded), known: known(n) };
        return drawn((await codes.run(shape)).codes!, slice);
      }) as Promise<FloatTensor>;
    },
    async decodeSoftly(ids, logits) {
      checkOpen();
      checkIds(ids, tokens, vocab);
      const B = ids.shape[0]!;
      checkLogits(logits, [B, tokens, vocab]);
      const shape = new Float32Array(B * N * vocab);
      for (let item = 0; item < B; item++) {
        const own = logits.data.subarray((item * tokens + CORNERS) * vocab, (item + 1) * tokens * vocab);
        shape.set(own, item * N * vocab);
      }
      const mixtures = await programs.mixtures.get();
      const { codes } = await mixtures.run({ logits: tensor([B, N, vocab], shape), known: known(ids.shape[1]!) });
      return drawn(codes!, ids);
    },
    boxOf(corners) {
      if (corners.length < CORNERS)
        throw new ArgumentError("corners", `${CORNERS} tokens`, described(`${corners.length} of them`));
      return boxOfCorners(corners, config);
    },
  };
}
