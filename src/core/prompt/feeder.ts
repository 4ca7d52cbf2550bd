/**
 * Sequences that begin with a prompt of ids: padded on the left, so that all end at the same slot, then one slot for each position.
 * Long prompts are read in several passes, so that scores need not exist for all of them at once.
 */
import { ArgumentError } from "../../base/errors.js";
import type { Tensor } from "../../engine/tensor.js";
import type { Feeder, Filled } from "../architecture.js";
import type { Step } from "../decode/step.js";
import type { PromptPass } from "./pass.js";

/** What a batch of texts begins with. */
export interface Prompts {
  /** The ids of each item's prompt, at least one. */
  readonly prompts: readonly ArrayLike<number>[];
  /** The same without the condition, for guidance; null where there is none. */
  readonly unconditional: readonly ArrayLike<number>[] | null;
  /** Positions that may follow. */
  readonly most: number;
}

/** The inputs of a pass of an architecture, which asks the new slots `rows`. */
export type PassInputs = (pass: PromptPass, rows: readonly number[]) => Readonly<Record<string, Tensor>>;

/** Slots of a pass over a prompt. */
const AT_ONCE = 512;

/** What a model reads and predicts. */
export interface PromptSizes {
  readonly vocabulary: number;
  /** Ids of prompts, where they are of another kind than those behind them; left out: of the same. */
  readonly promptVocabulary?: number;
  /** Positions, prompt included. */
  readonly contextLength: number;
}

/** Begins a batch of prompts for a model of these sizes. Throws ArgumentError for what does not fit. */
export function feedPrompts(
  { prompts, unconditional, most }: Prompts,
  guided: boolean,
  model: PromptSizes,
  inputs: PassInputs,
): Feeder<number> {
  if (guided && unconditional === null)
    throw new ArgumentError("unconditional", "prompts without the condition, as guidance compares with them", null);
  if (unconditional && unconditional.length !== prompts.length)
    throw new ArgumentError("unconditional", `${prompts.length} prompts`, unconditional.length);
  const lines = guided ? [...prompts, ...unconditional!] : prompts;
  if (prompts.length < 1) throw new ArgumentError("prompts", "at least one prompt", prompts);
  const { vocabulary, promptVocabulary = vocabulary } = model;
  for (const line of lines) {
    if (line.length < 1) throw new ArgumentError("prompts", "at least one id in each prompt", line);
    const stray = Array.from(line).find((id) => !(Number.isInteger(id) && id >= 0 && id < promptVocabulary));
    if (stray !== undefined) throw new ArgumentError("prompts", `ids from 0 to ${promptVocabulary - 1}`, stray);
  }
  const longest = Math.max(...lines.map((line) => line.length));
  if (longest + most > model.contextLength)
    throw new ArgumentError(
      "prompts",
      `at most ${model.contextLength - most} ids before the ${most} positions that may follow`,
      longest,
      `Shorten the prompt, or ask for fewer positions: the model reads ${model.contextLength}.`,
    );
  return new PromptFeeder(prompts.length, lines, most, vocabulary, inputs);
}

class PromptFeeder implements Feeder<number> {
  readonly slots: number;
  private readonly promptSlots: number;
  /** The positions of the entries kept, in the order of their slots. */
  private entries: number[] = [];

  constructor(
    readonly items: number,
    private lines: readonly ArrayLike<number>[],
    most: number,
    private readonly vocabulary: number,
    private readonly inputs: PassInputs,
  ) {
    this.promptSlots = Math.max(...lines.map((line) => line.length));
    this.slots = this.promptSlots + most;
  }

  get rows(): number {
    return this.lines.length;
  }

  get length(): number {
    return this.entries.length;
  }

  truncate(length: number): number {
    this.entries.length = length;
    return this.promptSlots + length;
  }

  keep(entries: readonly number[]): readonly number[] {
    this.entries = entries.map((entry) => this.entries[entry]!);
    return [...Array(this.promptSlots).keys(), ...entries.map((entry) => this.promptSlots + entry)];
  }

  fork(rows: readonly number[]): void {
    this.lines = rows.map((row) => this.lines[row]!);
  }

  async passes(step: Step, memory: Filled): Promise<Iterable<Readonly<Record<string, Tensor>>>> {
    const { feed, values, fill, sight, after } = step;
    const { promptSlots, lines, items } = this;
    const lead = memory.length === 0 ? promptSlots : 0;
    const fed = lines.map((_, row) => Array.from(values[row % items]!, (id) => this.known(id)));
    const asked = after ?? fill.map((position) => this.entryBefore(position, feed, lead));
    this.entries.push(...feed);
    const pads = lines.map((line) => promptSlots - line.length);
    const { inputs } = this;
    return (function* () {
      for (let start = 0; start === 0 || start < lead; start += AT_ONCE) {
        const end = Math.min(start + AT_ONCE, lead);
        const last = end === lead;
        const prompt = [...Array(end - start).keys()].map((i) => start + i);
        const behind = last ? feed.map((position) => promptSlots + position) : [];
        const pass: PromptPass = {
          ids: lines.map((line, row) => [
            ...prompt.map((slot) => line[slot - pads[row]!] ?? 0),
            ...(last ? fed[row]! : []),
          ]),
          pads,
          promptSlots,
          visible: memory.visible,
          filled: memory.length,
          lead: prompt.length,
          places: [...prompt, ...behind],
          sight,
        };
        yield inputs(pass, last ? asked.map((entry) => prompt.length + entry) : []);
      }
    })();
  }

  /** The index in `feed` of the entry that predicts a position; -1 for the last slot of the prompt. */
  private entryBefore(position: number, feed: readonly number[], lead: number): number {
    const entry = feed.indexOf(position - 1);
    if (entry >= 0 || (position === 0 && lead > 0)) return entry;
    throw new ArgumentError("step.fill", "positions right after those that the same pass feeds", position);
  }

  private known(id: number): number {
    if (Number.isInteger(id) && id >= 0 && id < this.vocabulary) return id;
    throw new ArgumentError("step.values", `whole numbers from 0 to ${this.vocabulary - 1}`, id);
  }
}
