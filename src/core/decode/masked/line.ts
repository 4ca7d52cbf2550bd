/** One item on its way from masked to final: what stands, what the next pass opens, and what comes of it. */
import type { Accepted, Drawing, Draws } from "../step.js";
import type { Board, GroupsOf, MaskedGroup } from "./group.js";
import { annealed, type GroupPass, passesOf } from "./schedules.js";

/** Ranks the positions of an item: where no confidence decides, lower ones become final first. */
export type Rank = (item: number, position: number) => number;

export class Line<T, D extends Draws<T>> {
  /** What stands, by position. */
  readonly values: T[] = [];
  /** How many positions stand. */
  standing = 0;
  private count = -1; // number of the group
  private group: MaskedGroup<T, D> | null = null;
  private passes: readonly GroupPass[] = [];
  private at = 0; // index into passes
  private masked: readonly number[] = []; // of the group, in the order in which they become final where no confidence decides
  private dropped: Accepted<T> = NOTHING; // what the last pass drew and did not keep
  private untold: Accepted<T>; // what was given, until the first pass is over

  constructor(
    private readonly item: number,
    private readonly groups: GroupsOf<T, D>,
    private readonly rank: Rank,
    given: Accepted<T>,
  ) {
    this.untold = given;
    for (const [i, position] of given.positions.entries()) this.values[position] = given.values[i]!;
    this.standing = given.positions.length;
    this.begin();
  }

  /** Positions of which the next pass needs predictions; none where the item is complete. */
  get fill(): readonly number[] {
    if (!this.group) return [];
    if (this.revises) return this.group.positions;
    return this.group.confidence ? this.masked : this.opened;
  }

  /** How the next pass draws. */
  get drawing(): Drawing {
    if (!this.group) return { temperature: 1, attempt: 0 };
    const { confidence, revision, temperature } = this.group;
    const { index, progress } = this.pass;
    return { temperature: annealed(temperature, progress), attempt: confidence || revision ? index : 0 };
  }

  /** Takes the draws of the planned pass; `k` says where in it a position is. Answers what became final. */
  take(draws: D, k: (position: number) => number): Accepted<T> {
    if (!this.group) return NOTHING;
    const { confidence, positions, revision } = this.group;
    const drawn = (position: number) => draws.value(this.item, k(position));
    const opened = confidence ? this.surest(draws, k) : this.opened;
    const stays = new Set(opened);
    this.masked = this.masked.filter((position) => !stays.has(position));
    const redrawn = this.revises ? this.doubtful(draws, k) : [];
    const fresh = opened.map((position): [number, T] => [position, drawn(position)]);
    const again = redrawn.map((position): [number, T] => [position, drawn(position)]);
    for (const [position, value] of [...fresh, ...again]) this.values[position] = value;
    this.standing += opened.length;
    this.dropped = confidence ? { positions: this.masked, values: this.masked.map(drawn) } : NOTHING;
    this.at++;
    const last = this.masked.length === 0;
    const final = revision ? (last ? positions : []) : opened;
    if (last) this.begin();
    const told = [...this.untold.positions, ...final];
    this.untold = NOTHING;
    return { positions: told, values: told.map((position) => this.values[position]!) };
  }

  /** What stands and may change yet, and what the last pass drew beside it. */
  get guesses(): Accepted<T> {
    const open = this.group?.revision ? this.group.positions.filter((p) => this.values[p] !== undefined) : [];
    return {
      positions: [...open, ...this.dropped.positions],
      values: [...open.map((position) => this.values[position]!), ...this.dropped.values],
    };
  }

  private get pass(): GroupPass {
    return this.passes[this.at]!;
  }

  private get revises(): boolean {
    const { revision, passes } = this.group!;
    return revision !== undefined && this.pass.index > revision.after * passes;
  }

  /** What the pass makes stand where no confidence decides. */
  private get opened(): readonly number[] {
    return this.masked.slice(0, this.masked.length - this.pass.masked);
  }

  /** What the pass makes stand by confidence; of equals, what comes first. */
  private surest(draws: D, k: (position: number) => number): readonly number[] {
    const { index: pass, progress, masked } = this.pass;
    const { item } = this;
    const sure = new Map(
      this.masked.map((position) => {
        const at = { item, position, k: k(position), value: draws.value(item, k(position)), pass, progress };
        return [position, this.group!.confidence!(at, draws)];
      }),
    );
    const falling = [...this.masked].sort((a, b) => sure.get(b)! - sure.get(a)!);
    return falling.slice(0, falling.length - masked);
  }

  /** What stands and is drawn anew. */
  private doubtful(draws: D, k: (position: number) => number): readonly number[] {
    const left = new Set(this.masked);
    const board: Board<T> = {
      item: this.item,
      positions: this.group!.positions,
      k,
      value: (position) => this.values[position] ?? null,
      staysMasked: (position) => left.has(position),
    };
    return this.group!.revision!.doubtful(board, draws).filter((position) => this.values[position] !== undefined);
  }

  /** Begins the next group that has positions to be drawn. */
  private begin(): void {
    this.dropped = NOTHING;
    do {
      const group = this.groups(++this.count, this.item, this.values);
      this.group = group && { ...group, positions: group.positions.filter((p) => this.values[p] === undefined) };
    } while (this.group?.positions.length === 0);
    if (!this.group) return;
    const { positions, passes, schedule, confidence } = this.group;
    this.passes = passesOf(positions.length, passes, schedule);
    this.at = 0;
    const ranks = new Map(confidence ? [] : positions.map((position) => [position, this.rank(this.item, position)]));
    this.masked = confidence ? positions : [...positions].sort((a, b) => ranks.get(a)! - ranks.get(b)!);
  }
}

const NOTHING: Accepted<never> = { positions: [], values: [] };
