/** Runs of a transformer that keep what a golden case wants to see of them. */
import type { Condition } from "../../../src/core/condition.js";
import { decode } from "../../../src/core/decode/loop.js";
import { rowOf, sampler } from "../../../src/core/decode/sampler.js";
import type { Forward, Prediction, Step, Strategy } from "../../../src/core/decode/step.js";
import { type Guidance, guide, scaleAt } from "../../../src/core/sampling/guidance.js";
import type { Transformer } from "../../../src/core/llamagen/architecture.js";
import { openSession } from "../../../src/core/session.js";
import type { Memory, Program } from "../../../src/engine/engine.js";
import { type FloatTensor, type Tensor, tensor } from "../../../src/engine/tensor.js";
import type { GoldenCase } from "../case.js";
import type { Numbers } from "../compare.js";

type Named = Readonly<Record<string, Tensor>>;

/** A pass through a program. */
export interface Pass {
  readonly inputs: Named;
  readonly outputs: Named;
  /** Slots that the memory held before it. */
  readonly filled: number;
}

/** A program that remembers its passes and the memory allocated last. */
export class Recorder {
  readonly passes: Pass[] = [];
  memory: Memory | undefined;

  around(program: Program): Program {
    return {
      graph: program.graph,
      allocate: async (sizes) => (this.memory = await program.allocate(sizes)),
      run: async (inputs, memory) => {
        const filled = memory?.length ?? 0;
        const outputs = await program.run(inputs, memory);
        this.passes.push({ inputs, outputs, filled });
        return outputs;
      },
      close: () => program.close(),
      [Symbol.asyncDispose]: () => program.close(),
    };
  }
}

export type Kind = "conditional" | "unconditional" | "guided";

export interface GreedyRun {
  readonly steps: readonly Step[];
  /** [B, order.length], by position. */
  ids(order: readonly number[]): Numbers;
  /** [B, order.length, V]: the logits that these positions were drawn from. */
  logits(kind: Kind, order: readonly number[]): Numbers;
  close(): Promise<void>;
}

/** The whole decode loop, greedily. */
export async function greedyRun(
  model: Transformer,
  condition: Condition,
  strategyFor: (items: number) => Strategy,
  guidance: Guidance,
): Promise<GreedyRun> {
  const session = await openSession(model, condition, { guided: guidance.scale !== 1 });
  const steps: Step[] = [];
  const origin = new Map<number, readonly [Prediction, row: number]>(); // by position
  const watched: Forward = {
    items: session.items,
    async forward(step) {
      const prediction = await session.forward(step);
      steps.push(step);
      step.fill.forEach((position, row) => origin.set(position, [prediction, row]));
      return prediction;
    },
  };
  const B = session.items;
  const V = model.config.vocabulary;
  const strategy = strategyFor(B);
  const run = decode(watched, strategy, sampler({ seed: 0, sampling: { temperature: 0 }, guidance }));
  let lines: readonly (readonly number[])[] = [];
  for await (const event of run) if (event.type === "decode-end") lines = event.values;

  const logitsOf = (kind: Kind, item: number, position: number) => {
    const [{ conditional, unconditional }, row] = origin.get(position)!;
    const c = rowOf(conditional, item, row);
    if (kind === "conditional" || !unconditional) return c;
    const u = rowOf(unconditional, item, row);
    return kind === "unconditional" ? u : guide(c, u, scaleAt(guidance, position, strategy.drawnBefore(position)));
  };
  return {
    steps,
    ids(order) {
      const data = Int32Array.from(lines.flatMap((line) => order.map((position) => line[position]!)));
      return tensor([B, order.length], data);
    },
    logits(kind, order) {
      const data = new Float32Array(B * order.length * V);
      for (let item = 0; item < B; item++) {
        order.forEach((position, i) => {
          data.set(logitsOf(kind, item, position), (item * order.length + i) * V);
        });
      }
      return tensor([B, order.length, V], data);
    },
    close: () => session.close(),
  };
}

/** 0 … count-1: all positions in raster order. */
export const counted = (count: number): number[] => [...Array(count).keys()];

/** Rows [B][N] of ids [B, N]. */
export function linesOf({ shape, data }: Numbers): ArrayLike<number>[] {
  const [B, N] = shape as [number, number];
  return Array.from({ length: B }, (_, item) => data.subarray(item * N, (item + 1) * N));
}

/**
 * What the T slots of a pass saw of each other, [B, T, T], out of its bias [1|B, 1, T, S+T].
 */
export function maskOfPass(
  { inputs }: Pass,
  B: number,
): { readonly shape: readonly number[]; readonly data: Uint8Array } {
  const { shape, data } = inputs.bias as FloatTensor;
  const [items, , T, width] = shape as [number, number, number, number];
  const mask = new Uint8Array(B * T * T);
  for (let row = 0; row < B * T; row++) {
    const from = ((Math.floor(row / T) % items) * T + (row % T) + 1) * width - T;
    for (let u = 0; u < T; u++) mask[row * T + u] = data[from + u] === 0 ? 1 : 0;
  }
  return { shape: [B, T, T], data: mask };
}

/** The fields of a transformer's configuration that every case of this family states in the same words. */
export const sizesOf = (config: GoldenCase["config"]) => ({
  layers: config.layers,
  heads: config.heads,
  width: config.dim,
  hidden: config.ffn_hidden,
  vocabulary: config.vocab,
  normEpsilon: config.norm_eps,
});
