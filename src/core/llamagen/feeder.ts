/**
 * What stands in the slots of a pass: vectors of the condition, special tokens, ids. An entry is a fed position with the special
 * slots after it, if any.
 */
import { ArgumentError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import { type FloatTensor, f32, i32, type Tensor, tensor } from "../../engine/tensor.js";
import type { Feeder, Filled, Model } from "../architecture.js";
import { type Condition, conditionInputs, itemsOf, promptMask } from "../condition.js";
import type { Step } from "../decode/step.js";
import { attentionBias, type PromptMask, type Sight } from "../masks.js";
import { forked } from "../rows.js";
import { derive, type TransformerConfig } from "./config.js";
import { HEADS, type Head, type Predictor, type Sequence, sequenceOf } from "./prediction.js";

/** Begins a batch of conditions. */
export async function feedTransformer(
  model: Model<TransformerConfig, Condition, number>,
  condition: Condition,
  guided: boolean,
): Promise<Feeder<number>> {
  const items = itemsOf(condition);
  if (items < 1) throw new ArgumentError("condition", "at least one item", items);
  const { config } = model;
  const vectors = await model.condition!.run(conditionInputs(config.condition, condition, guided));
  const specials = (vectors.specials as FloatTensor | undefined)?.data ?? new Float32Array();
  return new TransformerFeeder(
    config,
    items,
    vectors.condition as FloatTensor,
    specials,
    promptMask(condition, guided),
  );
}

class TransformerFeeder implements Feeder<number> {
  readonly slots: number;
  private readonly sequence: Sequence;
  private readonly conditionSlots: number;
  /** The slots that each entry fills, one or more. */
  private entries: (readonly number[])[] = [];

  constructor(
    private readonly config: TransformerConfig,
    readonly items: number,
    private prefix: FloatTensor, // [rows, condition slots, C]
    private readonly specials: Float32Array, // [special slots, C]
    private prompts: PromptMask,
  ) {
    const { slots, conditionSlots } = derive(config);
    this.slots = slots;
    this.conditionSlots = conditionSlots;
    this.sequence = sequenceOf(config);
  }

  get rows(): number {
    return this.prefix.shape[0]!;
  }

  get length(): number {
    return this.entries.length;
  }

  truncate(length: number): number {
    this.entries.length = length;
    return (this.entries.at(-1)?.at(-1) ?? this.conditionSlots - 1) + 1;
  }

  keep(entries: readonly number[]): readonly number[] {
    const kept = entries.map((entry) => this.entries[entry]!);
    const condition = [...Array(this.conditionSlots).keys()];
    let next = this.conditionSlots;
    this.entries = kept.map((slots) => slots.map(() => next++));
    return [...condition, ...kept.flat()];
  }

  fork(rows: readonly number[]): void {
    this.prompts = this.prompts && rows.map((row) => this.prompts![row]!);
    this.prefix = forked(this.prefix, rows);
  }

  async passes(step: Step, { visible, length }: Filled): Promise<readonly Readonly<Record<string, Tensor>>[]> {
    const { feed, fill, sight, after } = step;
    const lead = length === 0 ? this.conditionSlots : 0; // slots of the condition in this pass
    const predictors = fill.map((position) => this.sequence.predictors(position));
    const wanted = new Set(predictors.flat().map(({ place }) => place));
    const groups = feed.map((position) => [this.place(position), ...this.behind(position, wanted)]);
    const places = [...Array(lead).keys(), ...groups.flat()];
    const shape = { slots: visible, filled: length, fresh: places.length, lead, sight: spread(sight, groups) };
    const inputs = {
      ...this.fed(step, places),
      bias: attentionBias(shape, this.prompts),
      ...(after ? this.askedBehind(after, lead) : this.asked(step, predictors, places)),
    };
    let next = length + lead;
    for (const group of groups) this.entries.push(group.map(() => next++));
    return [inputs];
  }

  private place(position: number): number {
    const { first, last } = this.sequence;
    if (!(Number.isInteger(position) && position >= 0 && position <= last))
      throw new ArgumentError("step.feed", `positions from 0 to ${last}`, position);
    return first + position;
  }

  /** Special slots follow a position only in a pass that asks one of them. */
  private behind(position: number, wanted: ReadonlySet<number>): readonly number[] {
    const places = this.sequence.behind(position);
    return places.some((place) => wanted.has(place)) ? places : [];
  }

  /** What stands in the T slots of a pass. Both halves of a guided batch are fed the same ids. */
  private fed(step: Step, places: readonly number[]): Readonly<Record<string, Tensor>> {
    const { width: C, vocabulary: V } = this.config;
    const { conditionSlots, rows, items } = this;
    const { first } = this.sequence;
    const T = places.length;
    const ids = new Int32Array(rows * T);
    const prefix = new Float32Array(rows * T * C);
    for (let row = 0; row < rows; row++) {
      const line = step.values[row % items] ?? [];
      let token = 0;
      for (const [t, place] of places.entries()) {
        const at = row * T + t;
        if (place < conditionSlots) {
          const own = (row * conditionSlots + place) * C;
          prefix.set(this.prefix.data.subarray(own, own + C), at * C);
        } else if (place < first) {
          const own = (place - conditionSlots) * C;
          prefix.set(this.specials.subarray(own, own + C), at * C);
        } else {
          const id = line[token++]!;
          if (!(Number.isInteger(id) && id >= 0 && id < V))
            throw new ArgumentError("step.values", `whole numbers from 0 to ${V - 1}`, id);
          ids[at] = id;
        }
      }
    }
    return {
      ids: tensor([rows, T], ids),
      isToken: f32(
        [T, 1],
        places.map((place) => (place < first ? 0 : 1)),
      ),
      prefix: tensor([rows, T, C], prefix),
      places: i32([T], places),
    };
  }

  /** Which rows of the pass each head reads to predict the positions to fill, and what each counts in their means. */
  private asked(
    { fill }: Step,
    predictors: readonly (readonly Predictor[])[],
    places: readonly number[],
  ): Readonly<Record<string, Tensor>> {
    const heads: readonly Head[] = HEADS[this.config.prediction.kind];
    const rowOf = new Map(places.map((place, row) => [place, row]));
    const R = fill.length;
    const rows = heads.map(() => new Int32Array(R));
    const shares = heads.map(() => new Float32Array(R));
    predictors.forEach((own, r) => {
      for (const { place, head } of own) {
        const row = rowOf.get(place);
        if (row === undefined) throw unpredicted(fill[r]!, this.config);
        rows[head]![r] = row;
        shares[head]![r] = 1 / own.length;
      }
    });
    if (heads.length === 1) return { rows: tensor([R], rows[0]!) };
    return Object.fromEntries(
      heads.flatMap(({ name }, head) => [
        [`rows.${name}`, tensor([R], rows[head]!)],
        [`share.${name}`, tensor([R, 1], shares[head]!)],
      ]),
    );
  }

  /** The same where the step says which of its entries predicts what: for models whose tokens predict the next one. */
  private askedBehind(after: readonly number[], lead: number): Readonly<Record<string, Tensor>> {
    const { kind } = this.config.prediction;
    if (kind !== "next-token")
      throw new ArgumentError(
        "step.after",
        `nothing for a "${kind}" model`,
        described(`the entries ${after.join(", ")}`),
      );
    return {
      rows: i32(
        [after.length],
        after.map((entry) => lead + entry),
      ),
    };
  }
}

/** A sight of entries as one of slots: what stands after a position sees and is seen as it is. */
function spread(sight: Sight, groups: readonly (readonly number[])[]): Sight {
  if (typeof sight === "string" || groups.every((group) => group.length === 1)) return sight;
  if ("parents" in sight)
    throw new ArgumentError("step.sight", "no tree in a pass with special slots", described("ancestors"));
  return groups.flatMap((group, i) => group.map(() => sight[i]!));
}

function unpredicted(position: number, config: TransformerConfig): ArgumentError {
  const { kind } = config.prediction;
  const expected = `positions that a "${kind}" model predicts from what the same pass feeds`;
  return new ArgumentError("step.fill", expected, position, "Decode it in one of its own orders: see ordersOf().");
}
