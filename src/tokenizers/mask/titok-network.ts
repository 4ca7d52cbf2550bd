/** TiTok on an engine: what its tokenizers of pictures and of masks have in common. */
import { ClosedError } from "../../base/errors.js";
import type { Engine } from "../../engine/engine.js";
import { type Graph, GraphBuilder } from "../../engine/graph.js";
import { type FloatTensor, type Tensor, tensor } from "../../engine/tensor.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import { settle } from "../../engine/weights/settle.js";
import { inSlices } from "../image/batch-slices.js";
import { compiledOnce, type LazyProgram } from "../lazy-program.js";
import type { TitokConfig } from "./titok-config.js";
import { titokCodes, titokFeatures, titokMixtures, titokNearest, titokPixels } from "./titok-graphs.js";

/** Which latents see which: in the published files of masks, and computed here. */
const DERIVED = [/^encoder\.attn_mask$/];

/** The graphs of a tokenizer; together they name all its weights. Codes are a graph of their own, so that the decoder is compiled once. */
export function titokPrograms(config: TitokConfig) {
  const { side, tokens: N, vocab, codeDim } = config;
  const graph = (name: string, outputs: (g: GraphBuilder) => Parameters<GraphBuilder["build"]>[0]): Graph => {
    const g = new GraphBuilder(name);
    return g.build(outputs(g));
  };
  return {
    encoder: graph("titok-encoder", (g) => {
      return { ids: titokNearest(g, config, titokFeatures(g, config, g.input("pictures", ["B", 3, side, side]))) };
    }),
    codes: graph("titok-codes", (g) => ({ codes: titokCodes(g, config, g.input("ids", ["B", N], "i32")) })),
    mixtures: graph("titok-mixtures", (g) => ({ codes: titokMixtures(g, config, g.input("logits", ["B", N, vocab])) })),
    decoder: graph("titok-decoder", (g) => {
      const codes = g.input("codes", ["B", N, codeDim]);
      return { pictures: titokPixels(g, config, codes, g.input("known", [1, N, 1])) };
    }),
  };
}

/** Pictures here are [B, 3, Y, X] in [0, 1], as the network sees them. Programs are compiled at their first use. */
export class TitokNetwork {
  private readonly programs: Readonly<Record<keyof ReturnType<typeof titokPrograms>, LazyProgram>>;
  private closed = false;

  /**
   * The checkpoint stays the caller's and must stay open until the network is closed. `kind` names the tokenizer in errors.
   * @throws WeightsError listing all weights that are missing, misshapen or unused.
   */
  constructor(
    engine: Engine,
    private readonly config: TitokConfig,
    checkpoint: Checkpoint,
    private readonly kind: string,
  ) {
    const graphs = titokPrograms(config);
    settle(checkpoint, Object.values(graphs), { ignore: DERIVED });
    const lazy = (graph: Graph) => compiledOnce(engine, graph, checkpoint);
    this.programs = {
      encoder: lazy(graphs.encoder),
      codes: lazy(graphs.codes),
      mixtures: lazy(graphs.mixtures),
      decoder: lazy(graphs.decoder),
    };
  }

  /** Ids [B, N] of pictures. */
  async encode(pictures: FloatTensor): Promise<Tensor> {
    this.checkOpen();
    const program = await this.programs.encoder.get();
    return inSlices(pictures, this.area, async (slice) => (await program.run({ pictures: slice })).ids!);
  }

  /**
   * The pictures of ids [B, n], 1 <= n <= N, which the caller has checked: the first n tokens of each.
   */
  async decode(ids: Tensor): Promise<FloatTensor> {
    this.checkOpen();
    const { tokens: N } = this.config;
    const n = ids.shape[1]!;
    const codes = await this.programs.codes.get();
    return this.inSlices(ids, async (slice) => {
      const items = slice.shape[0]!;
      const padded = new Int32Array(items * N);
      for (let item = 0; item < items; item++) padded.set(slice.data.subarray(item * n, (item + 1) * n), item * N);
      const found = (await codes.run({ ids: tensor([items, N], padded) })).codes as FloatTensor;
      return this.painted(found, n);
    });
  }

  /**
   * The pictures of logits [B, N, K], which the caller has checked: each token is a mixture of codes. Of the tokens from `kept` on the codes are zero.
   */
  async decodeMixtures(logits: FloatTensor, kept: number): Promise<FloatTensor> {
    this.checkOpen();
    const { tokens: N, codeDim } = this.config;
    const mixtures = await this.programs.mixtures.get();
    return this.inSlices(logits, async (slice) => {
      const found = (await mixtures.run({ logits: slice })).codes as FloatTensor;
      const data = found.data.map((value, i) => (Math.floor(i / codeDim) % N < kept ? value : 0));
      return this.painted(tensor(found.shape, data), N);
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(Object.values(this.programs).map((program) => program.close()));
  }

  private get area(): number {
    return this.config.side ** 2;
  }

  private inSlices(batch: Tensor, work: (slice: Tensor) => Promise<Tensor>): Promise<FloatTensor> {
    return inSlices(batch, this.area, work) as Promise<FloatTensor>;
  }

  /** Pictures of codes [B, N, codeDim] of which the first n are there. */
  private async painted(codes: FloatTensor, n: number): Promise<Tensor> {
    const { tokens: N } = this.config;
    const known = tensor([1, N, 1], new Float32Array(N).fill(1, 0, n));
    const decoder = await this.programs.decoder.get();
    return (await decoder.run({ codes, known })).pictures!;
  }

  private checkOpen(): void {
    if (this.closed) throw new ClosedError(this.kind);
  }
}
