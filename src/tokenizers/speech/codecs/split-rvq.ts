/**
 * Mimi's quantizer (Moshi, arXiv 2410.00037 §3.3): one book for meaning beside a row of residual books for sound; both halves read
 * the same latents, and what they give is added. Weight names are those of the files below "quantizer.".
 */
import { type GraphBuilder, type Value } from "../../../engine/graph.js";
import { opsOf } from "../../../engine/ops/index.js";
import { weightedLayers } from "../../../engine/blocks/layers.js";

export interface SplitRvqConfig {
  /** Channels of the latents, and of the rows of the books. */
  readonly channels: number;
  readonly codeSize: number;
  readonly rows: number;
  /** All books, the one for meaning among them. */
  readonly books: number;
}

/** Mimi as published, of whose 32 books Moshi uses 8. */
export const MIMI_RVQ: SplitRvqConfig = { channels: 512, codeSize: 256, rows: 2048, books: 32 };

/** Counters and flags of training. */
export const RVQ_STATISTICS = [/\._codebook\._initialized$/];

interface Half {
  readonly path: "rvq_first" | "rvq_rest";
  readonly books: number;
}

const halvesOf = ({ books }: SplitRvqConfig): readonly Half[] => [
  { path: "rvq_first", books: 1 },
  { path: "rvq_rest", books: books - 1 },
];

/** The rows of a book [rows, codeSize]: sums over training by how often each was used. */
export function bookRows(g: GraphBuilder, { rows, codeSize }: SplitRvqConfig, path: string): Value {
  const o = opsOf(g);
  const usage = o.clamp(g.weight(`${path}._codebook.cluster_usage`, [rows]), { min: 1e-5 });
  return o.div(g.weight(`${path}._codebook.embedding_sum`, [rows, codeSize]), o.reshape(usage, { shape: [-1, 1] }));
}

/** Latents [B, C, T] to the ids of each book, [B, T] each. */
export function splitIds(g: GraphBuilder, config: SplitRvqConfig, latents: Value): Value[] {
  const o = opsOf(g);
  const { conv, swapped } = weightedLayers(g);
  return halvesOf(config).flatMap(({ path, books }) => {
    let rest = swapped(conv(`${path}.input_proj`, latents, config.codeSize, 1, { bias: false }));
    return Array.from({ length: books }, (_, i) => {
      const rows = bookRows(g, config, `${path}.vq.layers.${i}`);
      const squares = o.sum(o.mul(rows, rows), { axis: 1, keepDims: false });
      const ids = o.argmin(o.sub(squares, o.affine(o.linear(rest, rows, null), { scale: 2 })), { axis: -1 });
      rest = o.sub(rest, o.embedding(ids, rows));
      return ids;
    });
  });
}

/** Ids of the first `ids.length` books, [B, T] each, to latents [B, C, T]. */
export function splitLatents(g: GraphBuilder, config: SplitRvqConfig, ids: readonly Value[]): Value {
  const o = opsOf(g);
  const { conv, swapped } = weightedLayers(g);
  const parts = halvesOf(config).flatMap(({ path, books }) => {
    const own = path === "rvq_first" ? ids.slice(0, 1) : ids.slice(1, 1 + books);
    if (own.length === 0) return [];
    const rows = own.map((row, i) => o.embedding(row, bookRows(g, config, `${path}.vq.layers.${i}`)));
    return [
      conv(`${path}.output_proj`, swapped(rows.reduce((sum, row) => o.add(sum, row))), config.channels, 1, {
        bias: false,
      }),
    ];
  });
  return parts.reduce((sum, part) => o.add(sum, part));
}
