/** A decoder of one layer with a key-value cache: small, but with everything that a device has to keep right. */
import { type Graph, GraphBuilder } from "../../src/engine/graph.js";
import { HIDDEN } from "../../src/engine/ops/attention.js";
import { opsOf } from "../../src/engine/ops/index.js";
import { i32, sizeOf, type Tensor, tensor } from "../../src/engine/tensor.js";
import type { Checkpoint } from "../../src/engine/weights/checkpoint.js";
import { memoryCheckpoint } from "../../src/engine/weights/stored.js";

const [C, H, D, V] = [14, 2, 7, 11];

export const WEIGHTS = { table: [V, C], q: [C, C], k: [C, C], v: [C, C], norm: [C], head: [V, C] } as const;

/** ids [B, T] and bias [B, 1, T, S+T] -> logits [B, T, V] and the likeliest id of each [B, T]; states k and v [B, H, S, D]. */
export function tinyDecoder(): Graph {
  const g = new GraphBuilder("tiny-decoder");
  const o = opsOf(g);
  const weight = (name: keyof typeof WEIGHTS) => g.weight(name, WEIGHTS[name]);
  const ids = g.input("ids", ["B", "T"], "i32");
  const bias = g.input("bias", ["B", 1, "T", "S+T"]);
  const x = o.embedding(ids, weight("table"));
  const heads = (name: "q" | "k" | "v") =>
    o.transpose(o.reshape(o.linear(x, weight(name), null), { shape: [0, 0, H, D] }), { permutation: [0, 2, 1, 3] });
  const [q, k, v] = [heads("q"), heads("k"), heads("v")];
  const [pastK, pastV] = [g.state("k", ["B", H, "S", D]), g.state("v", ["B", H, "S", D])];
  const seen = o.attention(q, k, v, pastK, pastV, bias, { scale: D ** -0.5 });
  g.append(pastK, k);
  g.append(pastV, v);
  const merged = o.reshape(o.transpose(seen, { permutation: [0, 2, 1, 3] }), { shape: [0, 0, C] });
  const logits = o.linear(o.rmsNorm(o.add(x, merged), weight("norm"), { epsilon: 1e-5 }), weight("head"), null);
  return g.build({ logits, best: o.argmax(logits, { axis: 2 }) });
}

/** Numbers in (-1, 1) that look random and are the same everywhere. */
export function noise(shape: readonly number[], key: number) {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * (key + 1)));
  return tensor(shape, data);
}

export const tinyWeights = (): Checkpoint =>
  memoryCheckpoint(
    "tiny-decoder",
    Object.entries(WEIGHTS).map(([name, shape], key) => [name, noise(shape, key)] as const),
  );

/** The inputs of a step of T positions behind `length` filled ones of S slots: causal, unused slots hidden. */
export function stepInputs(B: number, T: number, length: number, S: number, key = 0): Record<string, Tensor> {
  const ids = Array.from({ length: B * T }, (_, i) => (5 * i + 3 * length + key) % V);
  const hidden = (t: number, s: number) => (s < S ? s >= length : s - S > t);
  const bias = new Float32Array(B * T * (S + T));
  for (let i = 0; i < bias.length; i++) {
    const [t, s] = [Math.floor(i / (S + T)) % T, i % (S + T)];
    if (hidden(t, s)) bias[i] = HIDDEN;
  }
  return { ids: i32([B, T], ids), bias: tensor([B, 1, T, S + T], bias) };
}
