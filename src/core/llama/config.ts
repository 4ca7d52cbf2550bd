/**
 * What a transformer of the Llama family is made of: RMSNorm before each branch, rotary positions, grouped key heads, a gated
 * feed-forward network (Llama 2, arXiv 2307.09288 §2.2). Where its descendants differ, a field says so; read-config.ts has
 * a row for each of them.
 */
import type { Rope } from "./rope.js";

export interface LlamaConfig {
  /** Begins the names of the weights in the file, such as "model.". */
  readonly prefix: string;
  readonly vocabulary: number;
  readonly width: number;
  /** Width inside the feed-forward network. */
  readonly hidden: number;
  readonly heads: number;
  /** Key and value heads; divides `heads` (arXiv 2305.13245). */
  readonly kvHeads: number;
  /** heads · headSize may differ from the width. */
  readonly headSize: number;
  /** Positions that the model was made for, prompt and answer together. */
  readonly contextLength: number;
  readonly layers: readonly LlamaLayer[];
  /** Rotary positions, by the name that layers call them. */
  readonly ropes: Readonly<Record<string, Rope>>;
  readonly normEpsilon: number;
  /** What a norm multiplies by: its weight, or 1 plus its weight (Gemma). */
  readonly normScale: "weight" | "1 + weight";
  /** Norms before each branch, or before and after it (Gemma 2, arXiv 2408.00118 §2). */
  readonly norms: "before" | "around";
  /** Whether queries and keys pass an RMSNorm over the head before they are rotated (Qwen3, Gemma 3). */
  readonly headNorms: boolean;
  readonly biases: { readonly qkv: boolean; readonly output: boolean; readonly feedForward: boolean };
  /** q, k, v and gate, up in matrices of their own, or in one each, in this order (Phi-3). */
  readonly projections: "separate" | "fused";
  readonly activation: "silu" | "gelu" | "gelu-tanh" | "relu";
  readonly attentionScale: number;
  /** Bounds of attention scores and of logits by c · tanh(x / c); null for none. */
  readonly attentionCap: number | null;
  readonly logitCap: number | null;
  /** Embeddings are multiplied by this: 1, or √width (Gemma). */
  readonly embeddingScale: number;
  /** Whether the output matrix is the table of embeddings. */
  readonly tied: boolean;
}

export interface LlamaLayer {
  /** Keys that a query sees, itself included and those right before it; null for all. */
  readonly window: number | null;
  /** A name of `ropes`; null for a layer that knows no positions (SmolLM3). */
  readonly rope: string | null;
}
