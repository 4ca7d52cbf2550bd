/** How probable the tokens of a text were by the model alone: before penalties, temperature and constraints. */
import { rowOf } from "../core/decode/sampler.js";
import type { Accepted, Forward, Prediction, Step } from "../core/decode/step.js";
import { descend } from "../core/sampling/selection.js";
import type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";

export interface TokenLogprob {
  readonly id: number;
  /** As the vocabulary writes it. */
  readonly token: string;
  /** Natural logarithm of its probability. */
  readonly logprob: number;
}

export interface ChosenLogprob extends TokenLogprob {
  /** The likeliest tokens, the likeliest first. */
  readonly top: readonly TokenLogprob[];
}

/** Sees the predictions of a session pass by, and reads off them what was accepted. */
export class LogprobWatch {
  private last: { readonly step: Step; readonly prediction: Prediction } | null = null;

  constructor(
    private readonly tokenizer: TextTokenizer,
    /** How many of the likeliest are listed beside the chosen one. */
    private readonly top: number,
  ) {}

  around(model: Forward): Forward {
    return {
      items: model.items,
      forward: async (step, guided) => {
        const prediction = await model.forward(step, guided);
        this.last = { step, prediction };
        return prediction;
      },
    };
  }

  /** Of what the last pass made final for an item. */
  of(item: number, { positions, values }: Accepted): ChosenLogprob[] {
    const { step, prediction } = this.last!;
    return positions.map((position, i) => {
      const row = rowOf(prediction.conditional, item, step.fill.indexOf(position));
      const most = row.reduce((a, b) => Math.max(a, b));
      const total = most + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
      const told = (id: number): TokenLogprob => ({
        id,
        token: this.tokenizer.tokenOf(id) ?? "",
        logprob: row[id]! - total,
      });
      return { ...told(values[i]!), top: this.likeliest(row).map(told) };
    });
  }

  private likeliest(row: Float32Array): number[] {
    if (this.top === 0) return [];
    const { floor } = descend(row, null, Math.min(this.top, row.length) - 0.5);
    const ids: number[] = [];
    row.forEach((logit, id) => {
      if (logit >= floor) ids.push(id);
    });
    return ids.sort((a, b) => row[b]! - row[a]! || a - b).slice(0, this.top);
  }
}
