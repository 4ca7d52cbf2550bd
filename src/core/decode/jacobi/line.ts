/** One item under speculative Jacobi decoding: the ids that are final, the drafts after them, and how a pass changes both. */
import type { Purpose } from "../../../base/random.js";
import type { Draft, Rule, WindowDraws } from "./acceptance.js";
import type { NewSlot } from "./initialisers.js";

/** How far a line has come. */
export interface Progress {
  readonly passes: number;
  /** Ids that became final in the last one. */
  readonly gained: number;
  /** All ids that are final. */
  readonly final: Int32Array;
}

/** How a line goes on. All three depend on the line alone, never on the batch it is in. */
export interface Speculation {
  readonly rule: Rule;
  /** Inputs of the next pass, at least 1; what reaches beyond the end is cut off. */
  inputs(progress: Progress): number;
  /** The id of a position that enters the window. */
  fill(slot: NewSlot): number;
}

/** Draws by position; `index` tells the passes apart. */
export interface LineDraws extends Omit<WindowDraws, "coin"> {
  coin(position: number, purpose: Purpose, index: number): number;
}

export class Line {
  /** Final ids up to `done`, then those of the drafts. */
  readonly ids: Int32Array;
  private final = 0;
  private drafts: readonly Draft[] = [];
  private passes = 0;

  constructor(
    private readonly total: number,
    private readonly speculation: Speculation,
  ) {
    this.ids = new Int32Array(total);
  }

  /** Positions that are final. */
  get done(): number {
    return this.final;
  }

  /** The position after the last one that the next pass fills. The first pass fills position 0 alone. */
  get end(): number {
    return this.final < this.total ? this.final + this.drafts.length + 1 : this.total;
  }

  /** Takes the draws of a pass for positions done … end-1; answers the ids gained, which are final from then on. */
  take(draws: LineDraws): readonly number[] {
    const start = this.final;
    const { total, ids, passes, speculation } = this;
    const { gained, drafts } = speculation.rule(this.drafts, {
      id: (j) => draws.id(start + j),
      distribution: (j) => draws.distribution(start + j),
      coin: (j, purpose) => draws.coin(start + j, purpose, passes),
    });
    this.final += gained.length;
    this.passes++;
    ids.set(gained, start);

    // The next window: drafts that the rule left, as far as they fit, then new slots.
    const inputs = speculation.inputs({
      ...{ passes: this.passes, gained: gained.length },
      final: ids.subarray(0, this.final),
    });
    const end = Math.min(total, this.final + Math.max(1, inputs)) - 1; // nothing is fed at the last position
    const next = drafts.slice(0, Math.max(0, end - this.final));
    ids.set(
      next.map(({ id }) => id),
      this.final,
    );
    const last = this.final + next.length - 1;
    for (let position = last + 1; position < end; position++) {
      const id = speculation.fill({
        position,
        last,
        id: (at) => ids[at]!,
        distribution: () => draws.distribution(last),
        coin: () => draws.coin(position, "draft", passes),
      });
      ids[position] = id;
      next.push({ id, distribution: null });
    }
    this.drafts = next;
    return gained;
  }
}
