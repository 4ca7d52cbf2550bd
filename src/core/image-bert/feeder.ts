/** What stands in the slots of a pass of TiTok's generator: the class, and tokens or masks. Every pass sees all anew: nothing is kept. */
import { check, isIntegerIn } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import { i32, type Tensor, tensor } from "../../engine/tensor.js";
import type { Feeder, Model } from "../architecture.js";
import type { Step } from "../decode/step.js";
import { classId, type ImageBertConfig, maskId, noClassId } from "./config.js";

/** The classes of a batch; null for none. */
export type ImageBertStart = readonly (number | null)[];

/** Begins a batch of classes. Throws ArgumentError for none, or for one that the model does not have. */
export async function feedClasses(
  { config }: Model<ImageBertConfig, ImageBertStart, number>,
  start: ImageBertStart,
  guided: boolean,
): Promise<Feeder<number>> {
  check("classes", "at least one item", start, ({ length }) => length > 0);
  const lead = start.map((of) => {
    const known = (id: number | null) => id === null || isIntegerIn(0, config.classes - 1)(id);
    const id = check("classes", `classes from 0 to ${config.classes - 1}, or null`, of, known);
    return id === null ? noClassId(config) : classId(config, id);
  });
  return new ClassFeeder(config, start.length, guided ? [...lead, ...start.map(() => noClassId(config))] : lead);
}

class ClassFeeder implements Feeder<number> {
  readonly slots: number;
  readonly length = 0;

  constructor(
    private readonly config: ImageBertConfig,
    readonly items: number,
    private lead: readonly number[], // by row, what stands in the first slot
  ) {
    this.slots = 1 + config.positions;
  }

  get rows(): number {
    return this.lead.length;
  }

  async passes({ feed, values, absent, fill }: Step<number>): Promise<Iterable<Readonly<Record<string, Tensor>>>> {
    const { vocabulary, positions: N } = this.config;
    for (const [name, list] of [["step.feed", feed] as const, ["step.fill", fill] as const])
      check(name, `positions from 0 to ${N - 1}`, list, (all) => all.every(isIntegerIn(0, N - 1)));
    const ids = new Int32Array(this.rows * this.slots).fill(maskId(this.config));
    for (const [row, lead] of this.lead.entries()) {
      const item = row % this.items;
      ids[row * this.slots] = lead;
      feed.forEach((position, i) => {
        if (absent?.[item]![i]) return;
        const id = values[item]![i]!;
        if (!isIntegerIn(0, vocabulary - 1)(id)) throw new ArgumentError("step.values", `ids below ${vocabulary}`, id);
        ids[row * this.slots + 1 + position] = id;
      });
    }
    const rows = fill.map((position) => 1 + position);
    return [{ ids: tensor([this.rows, this.slots], ids), rows: i32([rows.length], rows) }];
  }

  truncate(): number {
    return 0;
  }

  keep(): readonly number[] {
    return [];
  }

  fork(rows: readonly number[]): void {
    this.lead = rows.map((row) => this.lead[row]!);
  }
}
